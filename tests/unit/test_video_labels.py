"""Labels below the API: a video's list, and the catalogue of the team."""

import pytest

from tpod_core.annotations.palette import COLORS
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict
from tpod_core.models import Label, Track, User, Video, saved_id
from tpod_core.services import video_labels, videos
from tpod_core.services.video_labels import LabelSpec


@pytest.fixture
def video_id(member: User) -> int:
    with transaction() as session:
        video = videos.create(session, member, "Kitchen")
        video_labels.set_first_labels(session, video, [("cup", None)])
    return saved_id(video)


def stored(video_id: int) -> Video:
    with read_session() as session:
        return session.get_one(Video, video_id)


def test_label_with_boxes_cannot_leave_the_list(member: User, video_id: int) -> None:
    with transaction() as session:
        video = session.get_one(Video, video_id)
        [cup] = video_labels.list_labels(session, video)
        session.add(Track(video_id=video_id, label_id=saved_id(cup)))
    with pytest.raises(Conflict, match="cup: still used"), transaction() as session:
        video_labels.set_labels(
            session, member, session.get_one(Video, video_id), [("saucer", None)]
        )
    with read_session() as session:
        names = [one.name for one in video_labels.list_labels(session, stored(video_id))]
    assert names == ["cup"]


def test_colour_given_later_is_the_whole_team_s(member: User, video_id: int) -> None:
    with transaction() as session:
        other = videos.create(session, member, "Hall")
        video_labels.set_first_labels(session, other, [("cup", "#123456")])
        assert video_labels.list_labels(session, other)[0].color == "#123456"
    with read_session() as session:
        assert video_labels.list_labels(session, stored(video_id))[0].color == "#123456"


def test_first_labels_of_a_team_have_colours_that_differ(video_id: int) -> None:
    wishes: list[LabelSpec] = [(f"thing {n}", None) for n in range(len(COLORS) - 1)]
    with transaction() as session:
        made = video_labels.set_first_labels(session, session.get_one(Video, video_id), wishes)
    assert len({label.color for label in made}) == len(wishes)


def test_label_s_catalogue_keeps_what_no_video_uses(video_id: int) -> None:
    with transaction() as session:
        videos.delete(session, session.get_one(Video, video_id))
    with read_session() as session:
        assert [label.name for label in video_labels.list_catalogue(session)] == ["cup"]
        assert session.get(Label, 1) is not None


def test_labels_of_each_video_keep_their_order(member: User, video_id: int) -> None:
    with transaction() as session:
        other, bare = videos.create(session, member, "Hall"), videos.create(session, member, "Bare")
        video_labels.set_first_labels(session, other, [("jar", None), ("cup", None), ("bus", None)])
        found = video_labels.list_labels_of_each(session, [stored(video_id), other, bare])
    names = {number: [label.name for label in labels] for number, labels in found.items()}
    assert names == {video_id: ["cup"], other.id: ["jar", "cup", "bus"], bare.id: []}

"""Labels below the API: a video's list, and the catalogue of the team."""

import pytest

from tpod_core.annotations.palette import COLORS
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.models import Label, Track, User, Video, VideoLabel, saved_id
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


def set_labels(member: User, video_id: int, *names: str) -> list[str]:
    with transaction() as session:
        video = session.get_one(Video, video_id)
        made = video_labels.set_labels(session, member, video, [(name, None) for name in names])
    return [label.name for label in made]


@pytest.mark.parametrize(
    "names",
    [
        ("cup", "CUP"),
        ("میخواهم", "می\u200cخواهم"),
        ("👩\u200d🚀 cup", "👩🚀 cup"),
        ("ｊａｒ", "jar"),
    ],
)
def test_names_that_read_the_same_are_not_both_in_a_list(
    member: User, video_id: int, names: tuple[str, str]
) -> None:
    for ordered in (names, names[::-1]):
        with pytest.raises(InvalidInput, match="there twice") as refused:
            set_labels(member, video_id, "cup", *(name for name in ordered if name != "cup"))
        assert refused.value.field in ("labels[1].name", "labels[2].name")


def test_joiners_of_a_name_are_kept(member: User, video_id: int) -> None:
    names = ["cup", "👩\u200d🚀 cup", "می\u200cخواهم"]
    assert set_labels(member, video_id, *names) == names


def test_list_with_names_from_before_the_rules_can_be_added_to(member: User, video_id: int) -> None:
    old = ["exe\u202egpj", "می\u200cخواهم", "میخواهم"]
    with transaction() as session:
        for position, name in enumerate(old, 1):
            label = Label(name=name, color="#ff0000")
            session.add(label)
            session.flush()
            link = VideoLabel(video_id=video_id, label_id=saved_id(label), position=position)
            session.add(link)
    assert set_labels(member, video_id, "cup", *old, "jar") == ["cup", *old, "jar"]
    with pytest.raises(InvalidInput, match="turn the direction"):
        set_labels(member, video_id, "cup", *old, "txt\u202egpj")
    with pytest.raises(InvalidInput, match="there twice"):
        set_labels(member, video_id, "cup", *old, old[0])


def test_name_that_reads_as_one_in_the_catalogue_is_that_class(member: User, video_id: int) -> None:
    with transaction() as session:
        other = videos.create(session, member, "Hall")
        [label] = video_labels.set_first_labels(session, other, [("CUP", None)])
    assert label.name == "cup"
    with read_session() as session:
        assert len(video_labels.list_catalogue(session)) == 1


def test_labels_of_an_earlier_version_that_read_the_same_stay_apart(
    member: User, video_id: int
) -> None:
    with transaction() as session:
        session.add(Label(name="CUP", color="#123456"))
    with transaction() as session:
        other = videos.create(session, member, "Hall")
        [exact] = video_labels.set_first_labels(session, other, [("CUP", None)])
        third = videos.create(session, member, "Yard")
        [oldest] = video_labels.set_first_labels(session, third, [("Cup", None)])
    assert (exact.name, oldest.name) == ("CUP", "cup")

"""What changed since a revision, over HTTP."""

import pytest
from starlette.testclient import TestClient

from tests.api.test_annotation_batches import put_box
from tests.api.test_annotations import error, patch, url
from tests.labelled import add_video
from tpod_core.models import User, Video


@pytest.fixture
def video(admin: User) -> Video:
    return add_video(admin)


def test_nothing_changed_since_the_newest_revision(api: TestClient, video: Video) -> None:
    patch(api, video, 0, put_box(3, label="cup"))
    answer = api.get(url(video), params={"since": 1})
    assert answer.headers["ETag"] == '"1"'
    assert answer.json() == {"revision": 1, "tracks": [], "deleted": []}


def test_changed_tracks_come_whole_and_deleted_ones_by_their_ids(
    api: TestClient, video: Video
) -> None:
    kept, gone, _ = patch(
        api, video, 0, *(put_box(frame, label="cup") for frame in (3, 5, 7))
    ).json()["track_ids"]
    patch(api, video, 1, put_box(9, track_id=kept))
    patch(api, video, 2, {"op": "delete_track", "track_id": gone})
    (new,) = patch(api, video, 3, put_box(11, label="bus")).json()["track_ids"]
    changes = api.get(url(video), params={"since": 1}).json()
    whole = {track["id"]: track for track in api.get(url(video)).json()["tracks"]}
    assert changes == {"revision": 4, "tracks": [whole[kept], whole[new]], "deleted": [gone]}


def test_track_that_came_and_went_is_deleted(api: TestClient, video: Video) -> None:
    (made,) = patch(api, video, 0, put_box(3, label="cup")).json()["track_ids"]
    api.post(url(video, "annotations/undo"), json={})
    changes = api.get(url(video), params={"since": 0}).json()
    assert (changes["tracks"], changes["deleted"]) == ([], [made])


def test_ranges_and_labels_come_if_they_changed(api: TestClient, video: Video) -> None:
    patch(api, video, 0, {"op": "mark_range", "start": 0, "stop": 5})
    assert api.get(url(video), params={"since": 0}).json()["ranges"] == [[0, 5]]
    api.patch(f"/videos/{video.id}", json={"labels": [{"name": "cup"}, {"name": "bus"}]})
    patch(api, video, 1, {"op": "add_label", "name": "cat"})
    changes = api.get(url(video), params={"since": 1}).json()
    assert "ranges" not in changes
    assert [label["name"] for label in changes["labels"]] == ["cup", "bus", "cat"]


@pytest.mark.parametrize(
    "labels",
    [
        [{"name": "cup"}],
        [{"name": "bus"}, {"name": "cup"}],
        [{"name": "cup", "color": "#123456"}, {"name": "bus"}],
    ],
    ids=["one fewer", "another order", "another colour"],
)
def test_every_change_of_the_label_list_is_told(
    api: TestClient, video: Video, labels: list[dict[str, str]]
) -> None:
    api.patch(f"/videos/{video.id}", json={"labels": labels})
    changes = api.get(url(video), params={"since": 0}).json()
    assert changes["revision"] == 1
    assert changes["labels"] == api.get(url(video)).json()["labels"]


def test_list_of_labels_set_as_it_was_is_no_change(api: TestClient, video: Video) -> None:
    api.patch(f"/videos/{video.id}", json={"labels": [{"name": "cup"}, {"name": "bus"}]})
    assert api.get(url(video)).json()["revision"] == 0


@pytest.mark.parametrize("since", [0, 9], ids=["forgotten", "to come"])
def test_changes_that_nobody_can_tell_are_too_old(
    api: TestClient, video: Video, monkeypatch: pytest.MonkeyPatch, since: int
) -> None:
    monkeypatch.setattr("tpod_core.annotations.log.KEPT_STEPS", 2)
    for frame in range(4):
        patch(api, video, frame, put_box(frame, label="cup"))
    answer = api.get(url(video), params={"since": since})
    assert error(answer, 409)["code"] == "too_old"


def test_boxes_of_some_tracks_alone(api: TestClient, video: Video) -> None:
    first, _, third = patch(api, video, 0, *(put_box(3, label="cup") for _ in range(3))).json()[
        "track_ids"
    ]
    answer = api.get(url(video, "boxes"), params={"frame": 3, "track_ids": f"{third},{first}"})
    (frame,) = answer.json()["frames"]
    assert [box["track_id"] for box in frame["boxes"]] == [first, third]


@pytest.mark.parametrize("ids", ["", "1,", "x", "1;2", "-1"])
def test_tracks_that_are_no_list_of_ids_are_refused(
    api: TestClient, video: Video, ids: str
) -> None:
    answer = api.get(url(video, "boxes"), params={"frame": 3, "track_ids": ids})
    assert error(answer, 422)["field"] == "track_ids"

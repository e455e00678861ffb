"""Two people in one video over HTTP: what merges, what conflicts, what each can take back."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.test_annotation_batches import put_box, tracks
from tests.api.test_annotations import error, patch, put, url
from tests.conftest import Api, add_user
from tests.labelled import add_video
from tpod_core.models import Role, User, Video


@pytest.fixture
def video(admin: User) -> Video:
    return add_video(admin)


@pytest.fixture
def ann(installation: Api) -> TestClient:
    """A colleague who may see everything."""
    add_user("ann", Role.ADMIN)
    return installation.client("ann")


@pytest.fixture
def both(api: TestClient, ann: TestClient) -> tuple[TestClient, TestClient]:
    return api, ann


@pytest.fixture
def cup(api: TestClient, video: Video) -> int:
    """A track on frames 0 and 50, made at revision 1."""
    ops = [put_box(frame, label="cup", track_id="new:cup") for frame in (0, 50)]
    return int(patch(api, video, 0, *ops).json()["tracks"]["new:cup"])


def mark(start: int, stop: int) -> dict[str, Any]:
    return {"op": "mark_range", "start": start, "stop": stop}


def clear(start: int, stop: int) -> dict[str, Any]:
    return {"op": "clear_range", "start": start, "stop": stop}


def undo(client: TestClient, video: Video, call: str = "undo", **body: Any) -> Any:
    return client.post(url(video, f"annotations/{call}"), json=body)


def test_edits_of_different_tracks_merge(
    api: TestClient, ann: TestClient, video: Video, cup: int
) -> None:
    (bus,) = patch(ann, video, 1, put_box(5, label="bus")).json()["track_ids"]
    answer = patch(api, video, 1, put_box(20, track_id=cup))
    assert answer.status_code == 200
    assert answer.json()["revision"] == 3
    assert tracks(api, video) == {cup: ("cup", [0, 20, 50]), bus: ("bus", [5])}


@pytest.mark.parametrize(
    "op",
    [
        lambda cup: put_box(20, track_id=cup),
        lambda cup: {"op": "end_track", "track_id": cup, "frame": 30},
        lambda cup: {"op": "delete_track", "track_id": cup},
        lambda cup: {"op": "relabel_track", "track_id": cup, "label": "bus"},
        lambda cup: {"op": "accept_tracks", "track_ids": [cup]},
    ],
    ids=["put", "end", "delete", "relabel", "accept"],
)
def test_track_changed_by_somebody_else_is_a_conflict_that_says_who(
    api: TestClient,
    ann: TestClient,
    video: Video,
    cup: int,
    op: Callable[[int], dict[str, Any]],
) -> None:
    patch(ann, video, 1, put_box(12, track_id=cup))
    before = api.get(url(video)).json()
    refused = error(patch(api, video, 1, op(cup)), 409)
    assert refused["code"] == "edit_conflict"
    assert "ann changed frame 12" in refused["message"]
    assert api.get(url(video)).json() == before


def test_track_deleted_by_somebody_else_is_a_conflict(
    api: TestClient, ann: TestClient, video: Video, cup: int
) -> None:
    patch(ann, video, 1, {"op": "delete_track", "track_id": cup})
    assert error(patch(api, video, 1, put_box(12, track_id=cup)), 409)["code"] == "edit_conflict"


def test_other_track_of_a_merge_is_touched_too(
    api: TestClient, ann: TestClient, video: Video, cup: int
) -> None:
    (other,) = patch(api, video, 1, put_box(80, label="cup")).json()["track_ids"]
    patch(ann, video, 2, put_box(85, track_id=other))
    merge = {"op": "merge_tracks", "track_id": cup, "other_id": other}
    error(patch(api, video, 2, merge), 409)


def test_one_s_own_later_edits_are_no_conflict(api: TestClient, video: Video, cup: int) -> None:
    patch(api, video, 1, put_box(12, track_id=cup))
    assert patch(api, video, 1, put_box(20, track_id=cup)).status_code == 200
    assert tracks(api, video) == {cup: ("cup", [0, 12, 20, 50])}


def test_new_track_conflicts_with_nothing(api: TestClient, ann: TestClient, video: Video) -> None:
    put(ann, video, 0, {"label": "cup", "keyframes": [{"frame": 3, "box": [1, 2, 30, 40]}]})
    assert patch(api, video, 0, put_box(3, label="cup")).status_code == 200
    assert len(tracks(api, video)) == 2


@pytest.mark.parametrize(
    ("theirs", "mine", "ranges"),
    [
        (mark(0, 10), mark(50, 60), [[0, 10], [50, 60], [90, 100]]),
        (mark(0, 10), mark(5, 20), [[0, 20], [90, 100]]),
        (mark(0, 10), clear(10, 20), [[0, 10], [90, 100]]),
        (clear(90, 95), clear(92, 99), [[99, 100]]),
    ],
    ids=["apart", "both mark", "beside", "both clear"],
)
def test_ranges_of_two_people_merge(
    both: tuple[TestClient, TestClient],
    video: Video,
    theirs: dict[str, Any],
    mine: dict[str, Any],
    ranges: list[list[int]],
) -> None:
    api, ann = both
    patch(api, video, 0, mark(90, 100))
    patch(ann, video, 1, theirs)
    assert patch(api, video, 1, mine).status_code == 200
    assert api.get(url(video)).json()["ranges"] == ranges


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [(mark(0, 10), clear(5, 20)), (clear(90, 95), mark(92, 99))],
    ids=["cleared what was marked", "marked what was cleared"],
)
def test_range_conflicts_where_somebody_else_said_the_opposite(
    both: tuple[TestClient, TestClient],
    video: Video,
    theirs: dict[str, Any],
    mine: dict[str, Any],
) -> None:
    api, ann = both
    patch(api, video, 0, mark(90, 100))
    patch(ann, video, 1, theirs)
    before = api.get(url(video)).json()
    assert error(patch(api, video, 1, mine), 409)["code"] == "edit_conflict"
    assert api.get(url(video)).json() == before


@pytest.mark.parametrize("op", ["put_box", "relabel_track"])
def test_label_taken_off_the_list_by_somebody_else_is_a_conflict(
    api: TestClient, ann: TestClient, video: Video, cup: int, op: str
) -> None:
    ann.patch(f"/videos/{video.id}", json={"labels": [{"name": "cup"}]})
    relabel = {"op": "relabel_track", "track_id": cup, "label": "bus"}
    mine = put_box(5, label="bus") if op == "put_box" else relabel
    assert error(patch(api, video, 1, mine), 409)["code"] == "edit_conflict"
    assert error(patch(api, video, 2, mine), 422)["field"] == "ops[0].label"


def test_label_added_by_both_is_one(api: TestClient, ann: TestClient, video: Video) -> None:
    add = {"op": "add_label", "name": "cat"}
    assert patch(ann, video, 0, add).json()["revision"] == 1
    assert patch(api, video, 0, add, put_box(3, label="cat")).json()["revision"] == 2
    names = [label["name"] for label in api.get(url(video)).json()["labels"]]
    assert names == ["cup", "bus", "cat"]


def test_revision_from_before_the_log_is_too_old(
    api: TestClient, ann: TestClient, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tpod_core.annotations.log.KEPT_STEPS", 2)
    for frame in range(4):
        patch(ann, video, frame, put_box(frame, label="cup"))
    assert error(patch(api, video, 1, put_box(9, label="bus")), 409)["code"] == "too_old"
    assert patch(api, video, 2, put_box(9, label="bus")).status_code == 200


def test_revision_that_is_still_to_come_is_refused(api: TestClient, video: Video) -> None:
    assert error(patch(api, video, 7, put_box(9, label="bus")), 409)["code"] == "too_old"


# Undo and redo


def test_undo_takes_back_one_s_own_last_step_and_says_what_and_where(
    api: TestClient, ann: TestClient, video: Video, cup: int
) -> None:
    patch(api, video, 1, put_box(12, track_id=cup))
    (bus,) = patch(ann, video, 2, put_box(5, label="bus")).json()["track_ids"]
    answer = undo(api, video).json()
    assert answer == {"revision": 4, "frame": 12, "what": f"a box of cup {cup} on frame 12"}
    assert tracks(api, video) == {cup: ("cup", [0, 50]), bus: ("bus", [5])}
    assert undo(api, video, "redo").json() == answer | {"revision": 5}
    assert tracks(api, video)[cup] == ("cup", [0, 12, 50])


def test_undo_of_a_track_that_another_changed_since_is_a_conflict(
    api: TestClient, ann: TestClient, video: Video, cup: int
) -> None:
    patch(api, video, 1, put_box(12, track_id=cup))
    patch(ann, video, 2, put_box(20, track_id=cup))
    before = api.get(url(video)).json()
    refused = error(undo(api, video), 409)
    assert refused["code"] == "edit_conflict"
    assert "ann changed frame 20" in refused["message"]
    assert api.get(url(video)).json() == before


def test_undo_with_nothing_of_one_s_own_says_so(ann: TestClient, video: Video, cup: int) -> None:
    assert error(undo(ann, video), 409)["code"] == "conflict"
    assert error(undo(ann, video, "redo"), 409)["code"] == "conflict"


@pytest.mark.parametrize("call", ["undo", "redo"])
def test_step_taken_back_in_a_batch_is_taken_back_once(
    api: TestClient, video: Video, cup: int, call: str
) -> None:
    patch(api, video, 1, put_box(12, track_id=cup))
    patch(api, video, 2, put_box(20, track_id=cup))
    if call == "redo":
        undo(api, video)
        undo(api, video)
    first = undo(api, video, call, batch="u1").json()
    assert undo(api, video, call, batch="u1").json() == first
    assert tracks(api, video) == {cup: ("cup", [0, 12, 50])}


def test_undo_leaves_the_ranges_that_others_marked_since(
    api: TestClient, ann: TestClient, video: Video
) -> None:
    patch(api, video, 0, mark(0, 10))
    patch(ann, video, 1, mark(50, 60))
    assert undo(api, video).json()["what"] == "the fully labelled frames"
    assert api.get(url(video)).json()["ranges"] == [[50, 60]]
    undo(api, video, "redo")
    assert api.get(url(video)).json()["ranges"] == [[0, 10], [50, 60]]


def test_undo_of_what_others_undid_already_goes_on_to_the_step_before(
    api: TestClient, ann: TestClient, video: Video
) -> None:
    patch(api, video, 0, put_box(3, label="cup"))
    patch(api, video, 1, mark(0, 10))
    patch(ann, video, 2, clear(0, 10))
    undo(api, video)
    undo(api, video)
    assert tracks(api, video) == {}


def test_undo_passes_changes_of_the_label_list_over(api: TestClient, video: Video) -> None:
    patch(api, video, 0, put_box(3, label="cup"))
    api.patch(f"/videos/{video.id}", json={"labels": [{"name": "cup"}, {"name": "cat"}]})
    patch(api, video, 2, {"op": "add_label", "name": "dog"})
    undo(api, video)
    document = api.get(url(video)).json()
    assert document["tracks"] == []
    assert [label["name"] for label in document["labels"]] == ["cup", "cat", "dog"]


@pytest.mark.parametrize(
    ("ops", "what", "frame"),
    [
        ([put_box(7, label="bus")], "the first box of bus {new} on frame 7", 7),
        ([put_box(7, label="bus"), put_box(4, label="bus")], "the first boxes of 2 tracks", 4),
        ([{"op": "delete_track"}], "the deletion of cup {cup} on frames 0 to 50", 0),
        ([{"op": "relabel_track", "label": "bus"}], "the label of cup {cup}", None),
        ([{"op": "hide_box", "frame": 20}], "boxes of cup {cup} on frames 20 to 21", 20),
        ([clear(0, 5), mark(3, 9)], "the fully labelled frames", 3),
    ],
    ids=["new track", "new tracks", "deletion", "relabelled", "hidden", "ranges"],
)
def test_what_was_undone_is_told_in_words(
    api: TestClient,
    video: Video,
    cup: int,
    ops: list[dict[str, Any]],
    what: str,
    frame: int | None,
) -> None:
    named = [op if "start" in op or "box" in op else op | {"track_id": cup} for op in ops]
    new = patch(api, video, 1, *named).json()["track_ids"]
    told = undo(api, video).json()
    assert told["what"] == what.format(cup=cup, new=new[0] if new else "")
    assert told["frame"] == frame

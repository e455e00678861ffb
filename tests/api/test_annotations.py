"""Annotations over HTTP, as the contract writes them."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.labelled import add_video
from tpod_core.models import User, Video

KEYFRAME = {
    "frame": 3,
    "box": [1.0, 2.0, 30.0, 40.0],
    "outside": False,
    "occluded": True,
    "source": "detected",
}
TRACK = {"label": "cup", "keyframes": [KEYFRAME], "proposed": False, "score": None}


@pytest.fixture
def video(admin: User) -> Video:
    return add_video(admin)


def url(video: Video, call: str = "annotations") -> str:
    return f"/videos/{video.id}/{call}"


def put(api: TestClient, video: Video, revision: int, *tracks: Any, **more: Any) -> Any:
    return api.put(
        url(video),
        json={"tracks": list(tracks), "ranges": [], **more},
        headers={"If-Match": f'"{revision}"'},
    )


def patch(api: TestClient, video: Video, revision: int, *ops: dict[str, Any]) -> Any:
    return api.patch(url(video), json={"revision": revision, "ops": list(ops)})


def error(answer: Any, status: int) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    body: dict[str, str] = answer.json()["error"]
    return body


def test_get_has_exactly_the_keys_of_the_contract(api: TestClient, video: Video) -> None:
    put(api, video, 0, TRACK, ranges=[[0, 10]])
    answer = api.get(url(video))
    body = answer.json()
    assert answer.headers["ETag"] == '"1"'
    labels = body.pop("labels")
    assert [set(label) for label in labels] == [{"name", "color", "id"}] * 2
    assert body == {
        "revision": 1,
        "tracks": [{"id": body["tracks"][0]["id"], **TRACK}],
        "ranges": [[0, 10]],
    }


def test_put_of_what_get_gave_changes_nothing(api: TestClient, video: Video) -> None:
    put(api, video, 0, TRACK, ranges=[[0, 10]])
    before = api.get(url(video))
    headers = {"If-Match": before.headers["ETag"]}
    after = api.put(url(video), json=before.json(), headers=headers)
    assert after.status_code == 200
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])


def test_put_answers_the_new_document_with_ids_for_new_tracks(
    api: TestClient, video: Video
) -> None:
    answer = put(api, video, 0, TRACK, TRACK)
    assert answer.headers["ETag"] == '"1"'
    assert answer.json() == api.get(url(video)).json()
    assert len({track["id"] for track in answer.json()["tracks"]}) == 2


def test_put_with_a_stale_etag_is_a_conflict_that_says_who(api: TestClient, video: Video) -> None:
    put(api, video, 0, TRACK)
    refused = error(put(api, video, 0), 409)
    assert refused["code"] == "edit_conflict"
    assert "admin changed frame 3" in refused["message"]
    assert len(api.get(url(video)).json()["tracks"]) == 1


@pytest.mark.parametrize("revision", [0, 7])
def test_put_with_a_stale_revision_in_the_body_is_a_conflict(
    api: TestClient, video: Video, revision: int
) -> None:
    put(api, video, 0, TRACK)
    body = {"tracks": [], "revision": revision}
    error(api.put(url(video), json=body), 409)
    error(api.put(url(video), json=body, headers={"If-Match": '"1"'}), 409)


def test_put_with_the_revision_in_the_body_alone_is_enough(api: TestClient, video: Video) -> None:
    assert api.put(url(video), json={"tracks": [TRACK], "revision": 0}).status_code == 200


def test_put_that_names_no_revision_is_refused(api: TestClient, video: Video) -> None:
    assert error(api.put(url(video), json={"tracks": []}), 422)["field"] == "If-Match"


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ([10, 10, 22, 10.4], [10, 10, 22, 10.4]),
        ([0, 0, 1, 1], [0, 0, 1, 1]),
        ([4, 4, 8, 8], [4, 4, 8, 8]),
        ([-20, 10, 3, 40], [0, 10, 3, 40]),
    ],
    ids=["12 x 0.4", "1 x 1", "4 x 4", "3 px left after clipping"],
)
def test_document_keeps_boxes_however_small(
    api: TestClient, video: Video, box: list[float], kept: list[float]
) -> None:
    answer = put(api, video, 0, TRACK | {"keyframes": [KEYFRAME | {"box": box}]})
    assert answer.status_code == 200, answer.text
    (track,) = answer.json()["tracks"]
    assert track["keyframes"][0]["box"] == kept
    confirmed = {"op": "put_box", "track_id": track["id"], "frame": 9, "box": kept}
    assert patch(api, video, 1, confirmed).status_code == 200
    drawn = {"op": "put_box", "label": "cup", "frame": 9, "box": kept}
    assert error(patch(api, video, 2, drawn), 422)["field"] == "ops[0].box"


def test_put_with_an_etag_of_another_kind_is_a_conflict(api: TestClient, video: Video) -> None:
    headers = {"If-Match": '"abc"'}
    error(api.put(url(video), json={"tracks": []}, headers=headers), 409)


@pytest.mark.parametrize(
    ("track", "field"),
    [
        ({"label": "dog"}, "tracks[1].label"),
        ({"label": "bad\x00name"}, "tracks[1].label"),
        ({"keyframes": []}, "tracks[1].keyframes"),
        ({"id": 4711}, "tracks[1].id"),
        ({"keyframes": [KEYFRAME, KEYFRAME]}, "tracks[1].keyframes[1].frame"),
        ({"keyframes": [KEYFRAME | {"frame": 100}]}, "tracks[1].keyframes[0].frame"),
        ({"keyframes": [KEYFRAME | {"frame": -1}]}, "tracks[1].keyframes[0].frame"),
        ({"keyframes": [KEYFRAME | {"box": [4, 0, 4, 50]}]}, "tracks[1].keyframes[0].box"),
        ({"keyframes": [KEYFRAME | {"box": [900, 0, 999, 50]}]}, "tracks[1].keyframes[0].box"),
        ({"keyframes": [KEYFRAME | {"box": [50, 0, 10, 50]}]}, "tracks[1].keyframes[0].box"),
        ({"keyframes": [KEYFRAME | {"box": [0, 0, 1e308, 50]}]}, "tracks[1].keyframes[0].box"),
        ({"keyframes": [KEYFRAME | {"box": [0, 0, "9", 50]}]}, "tracks[1].keyframes[0].box[2]"),
        ({"keyframes": [KEYFRAME | {"box": [0, 0, True, 50]}]}, "tracks[1].keyframes[0].box[2]"),
        ({"keyframes": [KEYFRAME | {"frame": True}]}, "tracks[1].keyframes[0].frame"),
        ({"keyframes": [KEYFRAME | {"frame": "3"}]}, "tracks[1].keyframes[0].frame"),
        ({"keyframes": [KEYFRAME | {"outside": 1}]}, "tracks[1].keyframes[0].outside"),
    ],
    ids=[
        "unknown label",
        "control character",
        "no key frame",
        "unknown id",
        "frame twice",
        "frame after the end",
        "negative frame",
        "box without area",
        "box outside",
        "corners exchanged",
        "no number of pixels",
        "text for a number",
        "flag for an edge",
        "flag for a frame",
        "text for a frame",
        "number for a flag",
    ],
)
def test_put_names_the_field_that_is_wrong(
    api: TestClient, video: Video, track: dict[str, Any], field: str
) -> None:
    assert error(put(api, video, 0, TRACK, TRACK | track), 422)["field"] == field
    assert api.get(url(video)).json()["revision"] == 0


@pytest.mark.parametrize(
    "keyframe",
    [
        {"rotation": 12},
        {"box": [0, 0, 50, 50, 12]},
        {"box": "0 0 50 50"},
        {"frame": 1.5},
        {"source": "guessed"},
    ],
    ids=["rotated", "five numbers", "text", "half a frame", "unknown source"],
)
def test_put_refuses_what_no_key_frame_can_be(
    api: TestClient, video: Video, keyframe: dict[str, Any]
) -> None:
    track = {"label": "cup", "keyframes": [KEYFRAME | keyframe]}
    field = error(put(api, video, 0, track), 422)["field"]
    assert next(iter(keyframe)) in field


def test_put_clips_a_box_to_the_frame(api: TestClient, video: Video) -> None:
    keyframe = KEYFRAME | {"box": [-5, -5, 5000, 50]}
    body = put(api, video, 0, {"label": "cup", "keyframes": [keyframe]}).json()
    assert body["tracks"][0]["keyframes"][0]["box"] == [0, 0, 640, 50]


def test_patch_does_every_kind_of_edit(api: TestClient, video: Video) -> None:
    first = patch(
        api, video, 0, {"op": "put_box", "frame": 3, "box": [1, 2, 30, 40], "label": "cup"}
    )
    assert first.json() == {"revision": 1, "tracks": {}, "track_ids": first.json()["track_ids"]}
    assert first.headers["ETag"] == '"1"'
    (track_id,) = first.json()["track_ids"]
    on_track = {"track_id": track_id}
    answer = patch(
        api,
        video,
        1,
        {"op": "put_box", "frame": 30, "box": [1, 2, 30, 40], **on_track},
        {"op": "put_box", "frame": 40, "box": [1, 2, 30, 40], **on_track},
        {"op": "remove_keyframe", "frame": 30, **on_track},
        {"op": "hide_box", "frame": 10, **on_track},
        {"op": "set_occluded", "frame": 20, "occluded": True, **on_track},
        {"op": "end_track", "frame": 35, **on_track},
        {"op": "relabel_track", "label": "bus", **on_track},
        {"op": "mark_range", "start": 0, "stop": 50},
        {"op": "clear_range", "start": 10, "stop": 20},
    )
    assert answer.json() == {"revision": 2, "tracks": {}, "track_ids": []}
    body = api.get(url(video)).json()
    assert body["ranges"] == [[0, 10], [20, 50]]
    (track,) = body["tracks"]
    assert track["label"] == "bus"
    assert [(k["frame"], k["outside"], k["occluded"]) for k in track["keyframes"]] == [
        (3, False, False),
        (10, True, False),
        (11, False, False),
        (20, False, True),
        (35, True, True),
    ]
    assert patch(api, video, 2, {"op": "delete_track", **on_track}).json()["revision"] == 3
    assert api.get(url(video)).json()["tracks"] == []


def test_patch_is_all_or_nothing_and_names_the_edit(api: TestClient, video: Video) -> None:
    mark = {"op": "mark_range", "start": 0, "stop": 5}
    refused = patch(api, video, 0, mark, {"op": "delete_track", "track_id": 99})
    assert error(refused, 422)["field"] == "ops[1].track_id"
    assert api.get(url(video)).json()["ranges"] == []


@pytest.mark.parametrize(
    "op",
    [
        {"op": "explode"},
        {"op": "delete_track"},
        {"op": "delete_track", "track_id": 2**70},
        {"op": "mark_range", "start": "x", "stop": 5},
    ],
    ids=["unknown", "incomplete", "huge id", "not a number"],
)
def test_patch_refuses_what_is_no_edit(api: TestClient, video: Video, op: dict[str, Any]) -> None:
    assert error(patch(api, video, 0, op), 422)["code"] == "invalid_input"


def test_boxes_have_exactly_the_keys_of_the_contract(api: TestClient, video: Video) -> None:
    later = KEYFRAME | {"frame": 5, "box": [11.0, 12.0, 40.0, 50.0]}
    put(api, video, 0, {"label": "cup", "keyframes": [KEYFRAME, later]})
    frames = api.get(url(video, "boxes"), params={"start": 2, "stop": 6}).json()["frames"]
    assert [frame["frame"] for frame in frames] == [2, 3, 4, 5]
    assert frames[0]["boxes"] == []
    track_id = frames[1]["boxes"][0]["track_id"]
    assert frames[1]["boxes"] == [
        {
            "track_id": track_id,
            "label": "cup",
            "box": [1, 2, 30, 40],
            "source": "detected",
            "occluded": True,
            "uncertainty": None,
            "proposed": False,
            "lost": False,
        }
    ]
    assert frames[2]["boxes"][0]["source"] == "linear"
    assert frames[2]["boxes"][0]["box"] == [6, 7, 35, 45]
    one = api.get(url(video, "boxes"), params={"frame": 4}).json()
    assert one == {"frames": [frames[2]]}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "frame"),
        ({"frame": 100}, "frame"),
        ({"frame": -1}, "frame"),
        ({"frame": "x"}, "frame"),
        ({"frame": 1, "start": 0, "stop": 3}, "frame"),
        ({"start": 5}, "frame"),
        ({"start": 5, "stop": 5}, "stop"),
        ({"start": 0, "stop": 101}, "stop"),
    ],
    ids=str,
)
def test_boxes_of_frames_that_are_not_there_are_refused(
    api: TestClient, video: Video, query: dict[str, Any], field: str
) -> None:
    assert error(api.get(url(video, "boxes"), params=query), 422)["field"] == field


def test_boxes_of_too_many_frames_are_refused(api: TestClient, admin: User) -> None:
    video = add_video(admin, "Long", frame_count=20_000)
    query = {"start": 0, "stop": 10_001}
    assert "at most 10000" in error(api.get(url(video, "boxes"), params=query), 422)["message"]


def test_patch_merges_splits_and_accepts_tracks(api: TestClient, video: Video) -> None:
    later = KEYFRAME | {"frame": 50}
    body = put(api, video, 0, TRACK, {"label": "bus", "keyframes": [later], "proposed": True})
    first, second = (track["id"] for track in body.json()["tracks"])
    accepted = patch(api, video, 1, {"op": "accept_tracks", "track_ids": [second]})
    assert accepted.json() == {"revision": 2, "tracks": {}, "track_ids": []}
    assert not api.get(url(video)).json()["tracks"][1]["proposed"]
    patch(api, video, 2, {"op": "merge_tracks", "track_id": first, "other_id": second})
    (track,) = api.get(url(video)).json()["tracks"]
    assert [k["frame"] for k in track["keyframes"]] == [3, 50]
    (new_id,) = patch(api, video, 3, {"op": "split_track", "track_id": first, "frame": 20}).json()[
        "track_ids"
    ]
    tracks = api.get(url(video)).json()["tracks"]
    assert {t["id"]: [k["frame"] for k in t["keyframes"]] for t in tracks} == {
        first: [3, 20],
        new_id: [20, 50],
    }


def test_patch_that_merges_a_track_with_itself_says_so(api: TestClient, video: Video) -> None:
    (track,) = put(api, video, 0, TRACK).json()["tracks"]
    merge = {"op": "merge_tracks", "track_id": track["id"], "other_id": track["id"]}
    refused = error(patch(api, video, 1, merge), 422)
    assert refused["field"] == "ops[0].other_id"
    assert "cannot be merged with itself" in refused["message"]


def test_patch_with_a_track_of_another_video_names_it(
    api: TestClient, admin: User, video: Video
) -> None:
    (mine,) = put(api, video, 0, TRACK).json()["tracks"]
    (other,) = put(api, add_video(admin, "Garden"), 0, TRACK).json()["tracks"]
    merge = {"op": "merge_tracks", "track_id": mine["id"], "other_id": other["id"]}
    assert error(patch(api, video, 1, merge), 422)["field"] == "ops[0].other_id"


def test_patch_with_a_label_that_was_deleted_meanwhile_says_so(
    api: TestClient, video: Video
) -> None:
    api.patch(f"/videos/{video.id}", json={"labels": [{"name": "bus"}]})
    box = {"op": "put_box", "frame": 3, "box": [1, 2, 30, 40], "label": "cup"}
    refused = error(patch(api, video, 0, box), 422)
    assert (refused["field"], "not in this video's list" in refused["message"]) == (
        "ops[0].label",
        True,
    )

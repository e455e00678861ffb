"""Training sets over HTTP, as the contract writes them."""

import io
import zipfile
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import Api
from tests.jobs import run_job
from tests.labelled import add_video, annotate, give_file, track
from tpod_core.models import User, Video
from workers import build_training_set


@pytest.fixture
def video(admin: User) -> Video:
    made = add_video(admin)
    give_file(made, 30)
    annotate(admin, made, track("cup", 0, 25), ranges=[(0, 30)])
    return made


def body(video: Video, **more: Any) -> dict[str, Any]:
    return {"name": "Cups", "videos": [{"video_id": video.id}], **more}


def create(api: TestClient, video: Video, **more: Any) -> dict[str, Any]:
    answer = api.post("/trainsets", json=body(video, **more))
    assert answer.status_code == 202, answer.text
    queued: dict[str, Any] = answer.json()
    return queued


def build(queued: dict[str, Any]) -> None:
    run_job(queued["job_id"], build_training_set.run)


def test_post_answers_202_with_exactly_the_keys_of_the_contract(
    api: TestClient, video: Video
) -> None:
    queued = create(api, video)
    assert set(queued) == {"id", "state", "job_id"}
    assert queued["state"] == "queued"
    job = api.get(f"/jobs/{queued['job_id']}").json()
    assert (job["kind"], job["subject"]) == ("build-training-set", f"training_set:{queued['id']}")


def test_every_key_of_the_contract_is_taken(api: TestClient, video: Video) -> None:
    create(
        api,
        video,
        videos=[{"video_id": video.id, "ranges": [[0, 20]]}],
        labels=["cup"],
        sampling={"stride": 2, "keyframes_only": True, "drop_near_duplicates": True},
        negatives={"ratio": 0.5, "background_crops": 0.5},
        split={"method": "by_block", "val_fraction": 0.3, "guard_frames": 1, "val_videos": []},
        seed=7,
    )


def test_get_has_exactly_the_keys_of_the_contract(api: TestClient, video: Video) -> None:
    queued = create(api, video)
    build(queued)
    found = api.get(f"/trainsets/{queued['id']}").json()
    assert set(found) == {
        "id",
        "name",
        "state",
        "content_hash",
        "statistics",
        "warnings",
        "message",
    }
    assert (found["state"], found["message"], found["name"]) == ("ready", "", "Cups")
    assert len(found["content_hash"]) == 64
    assert found["statistics"]["boxes"]["train"] > 0
    listed = api.get("/trainsets").json()
    assert listed == {"count": 1, "results": [found]}


def test_preview_gives_statistics_and_builds_nothing(api: TestClient, video: Video) -> None:
    answer = api.post("/trainsets/preview", json=body(video, split={"guard_frames": 0}))
    assert answer.status_code == 200
    found = answer.json()
    assert set(found) == {"statistics", "warnings", "findings", "finding_counts"}
    assert found["statistics"]["classes"] == [
        {
            "name": "cup",
            "boxes": found["statistics"]["boxes"],
            "frames": {
                part: found["statistics"]["frames"][part] - found["statistics"]["negatives"][part]
                for part in ("train", "val")
            },
        }
    ]
    ((start, stop),) = found["statistics"]["videos"][0]["val_spans"]
    assert stop - start >= found["statistics"]["frames"]["val"] > 0
    assert api.get("/trainsets").json()["count"] == 0
    assert api.get("/jobs").json()["count"] == 0


def test_preview_links_each_finding_to_its_frame(api: TestClient, video: Video) -> None:
    found = api.post("/trainsets/preview", json=body(video, sampling={"stride": 3})).json()
    (few,) = (each for each in found["findings"] if each["kind"] == "few_boxes")
    assert few == {
        "kind": "few_boxes",
        "severity": "warning",
        "sentence": few["sentence"],
        "video_id": video.id,
        "frame_index": 0,
        "track_id": 1,
        "link": f"/labeling?video={video.id}&frame=0",
    }
    assert found["finding_counts"]["few_boxes"] == 1
    assert found["finding_counts"]["leakage"] == 1


def test_preview_presumes_leakage_and_the_built_set_measures_it(
    api: TestClient, video: Video
) -> None:
    previewed = api.post("/trainsets/preview", json=body(video)).json()
    presumed = previewed["statistics"]["split"]["leakage"]
    assert set(presumed) == {"share", "frames", "within_frames", "alike"}
    assert presumed["frames"] > 0 and presumed["alike"] is None, "frames of the same second"
    queued = create(api, video)
    build(queued)
    found = api.get(f"/trainsets/{queued['id']}").json()
    measured = found["statistics"]["split"]["leakage"]
    assert isinstance(measured["alike"], int)
    assert measured["alike"] <= measured["frames"] <= presumed["frames"]


def test_preview_and_built_set_agree(api: TestClient, video: Video) -> None:
    previewed = api.post("/trainsets/preview", json=body(video)).json()
    queued = create(api, video)
    build(queued)
    found = api.get(f"/trainsets/{queued['id']}").json()
    for answer in (previewed, found):
        del answer["statistics"]["split"]["leakage"]
        for row in answer["statistics"]["videos"]:
            del row["leaky"]
    for key in ("statistics", "warnings"):
        assert found[key] == previewed[key]


@pytest.mark.parametrize("call", ["/trainsets", "/trainsets/preview"])
@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"labels": ["bus"]}, "videos"),
        ({"labels": ["cup", "cup"]}, "labels[1]"),
        ({"labels": ["cup", "CUP"]}, "labels[1]"),
        ({"split": {"method": "by_video"}}, "split.method"),
        ({"split": {"guard_frames": 100}}, "split"),
        ({"videos": [{"video_id": 99}]}, "videos[0].video_id"),
        ({"videos": [{"video_id": 1, "ranges": [[0, 31]]}]}, "videos[0].ranges[0]"),
    ],
    ids=[
        "no boxes",
        "class twice",
        "class twice but for case",
        "empty validation",
        "empty training",
        "unknown video",
        "range too long",
    ],
)
def test_what_cannot_be_built_is_refused_before_queueing(
    api: TestClient, video: Video, call: str, wishes: dict[str, Any], field: str
) -> None:
    answer = api.post(call, json=body(video, **wishes))
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field
    assert api.get("/trainsets").json()["count"] == 0
    assert api.get("/jobs").json()["count"] == 0


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"videos": []}, "videos"),
        ({"sampling": {"stride": 0}}, "stride"),
        ({"split": {"val_fraction": 0}}, "val_fraction"),
        ({"split": {"method": "random"}}, "method"),
        ({"seed": 2**70}, "seed"),
        ({"videos": [{"video_id": 2**70}]}, "video_id"),
        ({"colour": "red"}, "colour"),
    ],
    ids=str,
)
def test_a_wrong_value_names_its_field(
    api: TestClient, video: Video, wishes: dict[str, Any], field: str
) -> None:
    answer = api.post("/trainsets", json=body(video, **wishes))
    assert answer.status_code == 422
    assert answer.json()["error"]["field"].endswith(field)


def test_download_is_a_whole_zip_under_one_folder(api: TestClient, video: Video) -> None:
    queued = create(api, video)
    build(queued)
    answer = api.get(f"/trainsets/{queued['id']}/download", params={"format": "yolo"})
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = {name.partition("/")[2] for name in archive.namelist()}
    assert {"data.yaml", "manifest.json"} < names
    assert any(name.startswith("images/val/") for name in names)


@pytest.mark.parametrize(
    ("format_name", "file"),
    [("coco", "annotations/instances_val.json"), ("voc", "ImageSets/Main/val.txt")],
)
def test_download_in_other_formats(
    api: TestClient, video: Video, format_name: str, file: str
) -> None:
    queued = create(api, video)
    build(queued)
    answer = api.get(f"/trainsets/{queued['id']}/download", params={"format": format_name})
    named = f'filename="training_set_{queued["id"]}_{format_name}.zip"'
    assert named in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert f"training_set_{queued['id']}/{file}" in archive.namelist()


def test_diff_tells_what_the_newer_set_has_more(api: TestClient, admin: User, video: Video) -> None:
    older = create(api, video, split={"guard_frames": 0})
    build(older)
    annotate(admin, video, track("cup", 0, 25), track("bus", 0, 10, x=60), ranges=[(0, 30)])
    newer = create(api, video, split={"guard_frames": 0})
    build(newer)
    answer = api.get(f"/trainsets/{newer['id']}/diff", params={"other": older["id"]})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["id"], found["other"], found["identical"]) == (newer["id"], older["id"], False)
    assert found["videos"] == [{"video_id": 1, "name": "Kitchen", "before": 1, "after": 2}]
    assert found["frames"]["relabelled"] == 10
    assert found["classes"][1] == {
        "name": "bus",
        "before": 0,
        "after": 10,
        "added": 10,
        "removed": 0,
        "changed": 0,
    }


def test_diff_waits_for_both_sets(api: TestClient, video: Video) -> None:
    older, newer = create(api, video), create(api, video)
    build(older)
    path = f"/trainsets/{newer['id']}/diff"
    assert api.get(path, params={"other": older["id"]}).status_code == 409
    assert api.get(path, params={"other": 99}).status_code == 404
    assert api.get(path).status_code == 422


def test_locked_video_is_held_out(api: TestClient, admin: User, video: Video) -> None:
    other = add_video(admin, "Garden")
    annotate(admin, other, track("cup", 0, 50), ranges=[(0, 60)])
    for locked, free in ((video.id, other.id), (other.id, video.id)):
        api.patch(f"/videos/{locked}", json={"held_out": True})
        api.patch(f"/videos/{free}", json={"held_out": False})
        wish = body(video, videos=[{"video_id": video.id}, {"video_id": other.id}])
        rows = api.post("/trainsets/preview", json=wish).json()["statistics"]["videos"]
        assert {row["video_id"]: row["frames"]["train"] > 0 for row in rows} == {
            locked: False,
            free: True,
        }


def test_download_before_it_is_ready_is_a_conflict(api: TestClient, video: Video) -> None:
    queued = create(api, video)
    assert api.get(f"/trainsets/{queued['id']}/download").status_code == 409


def test_download_in_an_unknown_format_names_the_field(api: TestClient, video: Video) -> None:
    queued = create(api, video)
    answer = api.get(f"/trainsets/{queued['id']}/download", params={"format": "pascal"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "format")


def test_delete_waits_for_the_build(api: TestClient, video: Video) -> None:
    queued = create(api, video)
    path = f"/trainsets/{queued['id']}"
    assert api.delete(path).status_code == 409
    build(queued)
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_cancelling_the_job_fails_the_set(api: TestClient, video: Video) -> None:
    queued = create(api, video)
    assert api.post(f"/jobs/{queued['job_id']}/cancel").status_code < 300
    found = api.get(f"/trainsets/{queued['id']}").json()
    assert (found["state"], found["message"]) == ("failed", "Building was cancelled.")


def test_others_neither_see_a_set_nor_build_one_of_its_video(
    installation: Api, api: TestClient, member: User, video: Video
) -> None:
    create(api, video)
    stranger = installation.client("member")
    assert stranger.get("/trainsets").json()["count"] == 0
    assert stranger.post("/trainsets", json=body(video)).status_code == 422

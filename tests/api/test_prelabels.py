"""Pre-labelling: a detector proposes tracks, a person decides, and nobody's work is touched."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from tests.detectors import add_trained_detector, play
from tests.jobs import run_job
from tests.labelled import add_video, give_file
from tpod_core import db
from tpod_core.detectors.protocol import Detection
from tpod_core.geometry import Box, iou
from tpod_core.jobs import running
from tpod_core.models import Detector, Job, Label, User, Video
from tpod_core.training_sets.labelled_videos import load_labelled_video
from workers import prelabel_video

FRAMES = 40
CUP, BUS = 0, 1


def cup_box(frame: int) -> Box:
    """To the right, then back."""
    x = 2.0 * (frame if frame < 20 else 40 - frame)
    return Box(10 + x, 20, 50 + x, 60)


def bus_box(frame: int) -> Box:
    return Box(110, 50, 150, 90)


def seen(frame: int) -> Sequence[Detection]:
    """A cup all the time; a bus from 10 to 30, less surely."""
    found = [Detection(cup_box(frame), 0.9, CUP)]
    return [*found, Detection(bus_box(frame), 0.6, BUS)] if 10 <= frame < 30 else found


@pytest.fixture
def detector(home: Path, admin: User, monkeypatch: pytest.MonkeyPatch) -> Detector:
    play(monkeypatch, seen)
    return add_trained_detector(home, admin, labels=("cup", "bus"))


@pytest.fixture
def video(admin: User) -> Video:
    made = add_video(admin)
    give_file(made, FRAMES)
    return made


@pytest.fixture
def client(api: TestClient, detector: Detector, video: Video) -> TestClient:
    return api


def start(client: TestClient, **wish: Any) -> int:
    answer = client.post("/videos/1/prelabel", json={"detector_id": 1, "confidence": 0.5} | wish)
    assert answer.status_code == 202, answer.text
    job_id: int = answer.json()["id"]
    return job_id


def work(job_id: int) -> Job:
    """Run a prelabel job once, as a worker would."""
    return run_job(job_id, prelabel_video.run)


def prelabel(client: TestClient, **wish: Any) -> Job:
    job = work(start(client, **wish))
    assert job.state == "succeeded", job.message
    return job


def document(client: TestClient) -> dict[str, Any]:
    body: dict[str, Any] = client.get("/videos/1/annotations").json()
    return body


def tracks(client: TestClient) -> list[dict[str, Any]]:
    return list(document(client)["tracks"])


def draw(client: TestClient, **op: Any) -> int:
    """A person's box on frame 0, held through the whole video."""
    revision = document(client)["revision"]
    put = {"op": "put_box", "frame": 0, "label": "cup"} | op
    answer = client.patch("/videos/1/annotations", json={"revision": revision, "ops": [put]})
    assert answer.status_code == 200, answer.text
    track_id: int = answer.json()["track_ids"][0]
    return track_id


def test_objects_become_proposed_tracks_with_score_and_few_key_frames(client: TestClient) -> None:
    prelabel(client)
    cup, bus = tracks(client)
    assert (cup["label"], cup["proposed"], cup["score"]) == ("cup", True, 0.9)
    assert (bus["label"], bus["proposed"], bus["score"]) == ("bus", True, 0.6)
    assert [each["frame"] for each in bus["keyframes"]] == [10, 29, 30]
    assert [each["outside"] for each in bus["keyframes"]] == [False, False, True]
    assert {each["source"] for track in (cup, bus) for each in track["keyframes"]} == {"detected"}
    assert len(cup["keyframes"]) <= 4


def test_what_is_shown_is_true_to_what_was_detected_on_every_frame(client: TestClient) -> None:
    prelabel(client)
    frames = client.get("/videos/1/boxes", params={"start": 0, "stop": FRAMES}).json()["frames"]
    for entry in frames:
        shown = {box["label"]: Box(*box["box"]) for box in entry["boxes"]}
        assert iou(shown["cup"], cup_box(entry["frame"])) >= 0.9
        assert ("bus" in shown) == (10 <= entry["frame"] < 30)


def test_training_sees_proposals_only_once_they_are_accepted(client: TestClient) -> None:
    def trained_on() -> list[int]:
        with db.read_session() as session:
            return list(load_labelled_video(session, session.get_one(Video, 1)).tracks)

    prelabel(client)
    assert trained_on() == []
    cup, _ = tracks(client)
    answer = client.post("/videos/1/proposals/accept", json={"min_score": 0.7})
    assert answer.json()["track_ids"] == [cup["id"]]
    assert [track["proposed"] for track in tracks(client)] == [False, True]
    assert trained_on() == [cup["id"]]


def test_proposals_do_not_count_as_labelled(client: TestClient) -> None:
    prelabel(client)
    counted = client.get("/videos/1").json()
    assert (counted["track_count"], counted["keyframe_count"]) == (0, 0)
    assert client.get("/dashboard/meta").json()["counts"]["videos_labelled"] == 0
    client.post("/videos/1/proposals/accept", json={"min_score": 0.7})
    counted = client.get("/videos/1").json()
    assert counted["track_count"] == 1
    assert counted["keyframe_count"] == len(tracks(client)[0]["keyframes"])
    assert client.get("/dashboard/meta").json()["counts"]["videos_labelled"] == 1


def test_reject_removes_proposals_and_undo_brings_them_back(client: TestClient) -> None:
    prelabel(client)
    before = tracks(client)
    answer = client.post("/videos/1/proposals/reject", json={})
    assert answer.json()["track_ids"] == [track["id"] for track in before]
    assert tracks(client) == []
    undo(client)
    assert tracks(client) == before


def undo(client: TestClient) -> None:
    from tpod_core.services import annotations

    with db.transaction() as session:
        video, user = session.get_one(Video, 1), session.get_one(User, 1)
        annotations.undo(session, user, video)


def test_run_is_one_step_that_can_be_undone(client: TestClient) -> None:
    drawn = draw(client, box=[100, 10, 140, 40], label="bus")
    prelabel(client)
    assert len(tracks(client)) == 3
    undo(client)
    assert [track["id"] for track in tracks(client)] == [drawn]


def test_chosen_proposals_alone_are_accepted(client: TestClient) -> None:
    prelabel(client)
    _, bus = tracks(client)
    client.post("/videos/1/proposals/accept", json={"track_ids": [bus["id"]]})
    assert [track["proposed"] for track in tracks(client)] == [True, False]


def test_nothing_that_a_person_drew_is_changed(client: TestClient) -> None:
    drawn = draw(client, box=[12, 22, 48, 58])
    [before] = tracks(client)
    prelabel(client)
    prelabel(client)
    [after] = [track for track in tracks(client) if track["id"] == drawn]
    assert after == before


def test_object_that_a_person_labelled_is_not_proposed(client: TestClient) -> None:
    draw(client, box=list(bus_box(0).xyxy), label="bus")
    prelabel(client)
    assert [track["label"] for track in tracks(client) if track["proposed"]] == ["cup"]


def test_same_place_under_another_label_is_proposed(client: TestClient) -> None:
    draw(client, box=list(bus_box(0).xyxy), label="cup")
    prelabel(client)
    assert sorted(track["label"] for track in tracks(client) if track["proposed"]) == ["bus", "cup"]


def test_object_that_is_labelled_on_few_of_its_frames_is_proposed(client: TestClient) -> None:
    drawn = draw(client, box=list(bus_box(0).xyxy), label="bus")
    revision = document(client)["revision"]
    end = {"op": "end_track", "track_id": drawn, "frame": 14}
    client.patch("/videos/1/annotations", json={"revision": revision, "ops": [end]})
    prelabel(client)
    assert len([track for track in tracks(client) if track["label"] == "bus"]) == 2


def test_second_run_replaces_the_open_proposals_of_the_first(client: TestClient) -> None:
    prelabel(client)
    cup, bus = tracks(client)
    client.post("/videos/1/proposals/accept", json={"track_ids": [cup["id"]]})
    job = prelabel(client)
    now = tracks(client)
    assert [(track["label"], track["proposed"]) for track in now] == [("cup", False), ("bus", True)]
    assert now[0]["id"] == cup["id"]
    assert now[1]["id"] != bus["id"]
    assert job.result == {"track_ids": [now[1]["id"]], "replaced": 1}


def test_proposals_of_another_detector_stay(home: Path, client: TestClient, admin: User) -> None:
    prelabel(client)
    before = tracks(client)
    other = add_trained_detector(home, admin, name="Other", labels=("cup", "bus"))
    prelabel(client, detector_id=other.id)
    assert tracks(client) == before


def test_flicker_and_weak_objects_are_left_out(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flicker(frame: int) -> list[Detection]:
        short = [Detection(bus_box(frame), 0.9, BUS)] if frame in (5, 6) else []
        return [*short, Detection(cup_box(frame), 0.51 if frame % 2 else 0.3, CUP)]

    play(monkeypatch, flicker)
    prelabel(client)
    assert tracks(client) == []


def test_object_that_is_seen_twice_is_proposed_once(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(frame: int) -> list[Detection]:
        box = cup_box(frame)
        beside = Box(box.x1, box.y1 - 6, box.x2, box.y2 - 6)  # IoU 34 / 46
        return [Detection(box, 0.9, CUP), Detection(beside, 0.6, CUP)]

    play(monkeypatch, twice)
    prelabel(client)
    assert [track["score"] for track in tracks(client)] == [0.9]


def test_object_too_small_for_a_label_is_left_out(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, lambda frame: [Detection(Box(10, 10, 14, 40), 0.9, CUP)])
    prelabel(client)
    assert tracks(client) == []


def test_unwanted_classes_are_left_out(client: TestClient) -> None:
    prelabel(client, labels=["bus"])
    assert [track["label"] for track in tracks(client)] == ["bus"]


def test_label_missing_in_the_video_s_list_is_added_at_its_end(client: TestClient) -> None:
    client.patch("/videos/1", json={"labels": [{"name": "bus"}]})
    prelabel(client)
    assert [label["name"] for label in document(client)["labels"]] == ["bus", "cup"]


def test_label_that_is_gone_is_named_before_any_work(client: TestClient) -> None:
    client.patch("/videos/1", json={"labels": [{"name": "bus"}]})
    with db.transaction() as session:
        session.delete(session.exec(select(Label).where(Label.name == "cup")).one())
    wish = {"detector_id": 1}
    answer = client.post("/videos/1/prelabel", json=wish)
    assert answer.status_code == 409
    assert "“cup”" in answer.json()["error"]["message"]
    assert client.post("/videos/1/prelabel", json=wish | {"labels": ["bus"]}).status_code == 202


def test_label_that_vanishes_while_the_job_waits_fails_it_in_plain_words(
    client: TestClient,
) -> None:
    client.patch("/videos/1", json={"labels": [{"name": "bus"}]})
    job_id = start(client)
    with db.transaction() as session:
        session.exec(select(Label).where(Label.name == "cup")).one().name = "mug"
    job = work(job_id)
    assert job.state == "failed"
    assert "there is no label of that name any more" in job.message
    assert tracks(client) == []


@pytest.mark.parametrize("gone", ["detector", "video"])
def test_detector_or_video_deleted_while_the_job_waits_fails_it_in_plain_words(
    client: TestClient, gone: str
) -> None:
    job_id = start(client)
    client.delete(f"/{gone}s/1")
    job = work(job_id)
    assert job.state == "failed"
    assert f"The {gone} was deleted while this waited" in job.message


def test_detector_deleted_while_it_looks_proposes_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete_midway(frame: int) -> Sequence[Detection]:
        if frame == 20:
            client.delete("/detectors/1")
        return seen(frame)

    play(monkeypatch, delete_midway)
    job = work(start(client))
    assert job.state == "failed"
    assert tracks(client) == []


def test_edit_made_meanwhile_is_kept_and_the_job_writes_all_the_same(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, edits = prelabel_video.propose, []

    def edited_meanwhile(*args: Any) -> Any:
        made = original(*args)
        if not edits:
            edits.append(draw(client, box=list(bus_box(0).xyxy), label="bus"))
        return made

    monkeypatch.setattr(prelabel_video, "propose", edited_meanwhile)
    prelabel(client)
    now = {track["id"]: track for track in tracks(client)}
    assert now.pop(edits[0])["proposed"] is False
    assert [track["label"] for track in now.values()] == ["cup"]  # the bus is labelled by now


def test_cancel_proposes_nothing(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHECK_INTERVAL_S", 0.0)
    job_id = start(client)

    def cancel_midway(frame: int) -> Sequence[Detection]:
        if frame == 20:
            client.post(f"/jobs/{job_id}/cancel")
        return seen(frame)

    play(monkeypatch, cancel_midway)
    assert work(job_id).state == "cancelled"
    assert tracks(client) == []


def test_progress_reaches_the_job(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, str]] = []
    monkeypatch.setattr(
        running.RunningJob, "progress", lambda job, share, words="": told.append((share, words))
    )
    prelabel(client)
    assert (0.475, "Ran on 20 of 40 frames") in told
    assert [share for share, _ in told] == sorted(share for share, _ in told)


@pytest.mark.parametrize(
    ("wish", "status", "field"),
    [
        ({"detector_id": 99}, 404, None),
        ({"confidence": 2}, 422, "confidence"),
        ({"labels": ["dog"]}, 422, "labels"),
        ({"detector_id": None}, 422, "detector_id"),
        ({"colour": "red"}, 422, "colour"),
    ],
    ids=str,
)
def test_impossible_wish_is_refused(
    client: TestClient, wish: dict[str, Any], status: int, field: str | None
) -> None:
    answer = client.post("/videos/1/prelabel", json={"detector_id": 1} | wish)
    assert (answer.status_code, answer.json()["error"].get("field")) == (status, field)


def test_video_that_is_not_read_yet_is_409(client: TestClient) -> None:
    with db.transaction() as session:
        session.get_one(Video, 1).state = "processing"  # type: ignore[assignment]
    assert client.post("/videos/1/prelabel", json={"detector_id": 1}).status_code == 409


def test_deciding_on_what_is_no_proposal_names_it(client: TestClient) -> None:
    drawn = draw(client, box=[12, 22, 48, 58])
    for act in ("accept", "reject"):
        answer = client.post(f"/videos/1/proposals/{act}", json={"track_ids": [drawn]})
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "track_ids[0]")


def test_deciding_with_an_old_revision_is_409(client: TestClient) -> None:
    prelabel(client)
    answer = client.post("/videos/1/proposals/accept", json={"revision": 0})
    assert answer.status_code == 409
    assert all(track["proposed"] for track in tracks(client))


def test_deciding_on_nothing_changes_nothing(client: TestClient) -> None:
    before = document(client)
    for act in ("accept", "reject"):
        answer = client.post(f"/videos/1/proposals/{act}", json={"min_score": 0.5})
        assert answer.json() == {"revision": before["revision"], "track_ids": []}
    assert document(client) == before

"""A video whose import failed: the same file once more, or another file in its place."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.api.test_frames import created, import_now, picture, send
from tests.conftest import Api
from tests.labelled import annotate, track
from tests.synthetic import make_video, number_in
from tpod_core import db
from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.document import TrackState
from tpod_core.annotations.reading import load_tracks
from tpod_core.models import User, Video, VideoState
from tpod_core.propagation.gaps import gaps
from tpod_core.propagation.store import FilledGap, save, with_derived

COUNT = 24


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "first.mp4", COUNT, (160, 120))


@pytest.fixture
def failed(api: TestClient, clip: Path) -> int:
    """A video whose import failed after all of its frames had been shown."""
    number = created(api)
    api.patch(f"/videos/{number}", json={"labels": [{"name": "cup"}]}).raise_for_status()
    send(api, number, clip)
    import_now(number)
    fail(number)
    return number


def fail(number: int) -> None:
    with db.transaction() as session:
        video = session.get_one(Video, number)
        video.state, video.message = VideoState.FAILED, "The worker ran out of memory."


def tag(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def row(number: int) -> Video:
    with db.read_session() as session:
        return session.get_one(Video, number)


def read_only_track(number: int) -> TrackState:
    with db.read_session() as session:
        video = session.get_one(Video, number)
        (state,) = with_derived(session, video, load_tracks(session, number)).values()
        return state


# The same file


def test_failed_import_is_tried_again_from_the_file_that_is_there(
    api: TestClient, failed: int
) -> None:
    answer = api.post(f"/videos/{failed}/retry")
    assert answer.status_code == 202
    assert (answer.json()["kind"], answer.json()["state"]) == ("import-video", "queued")
    assert api.get(f"/videos/{failed}/status").json() == {
        "state": "queued",
        "progress": 0.0,
        "message": "",
    }
    import_now(failed)
    video = api.get(f"/videos/{failed}").json()
    assert (video["state"], video["frame_count"], video["warnings"]) == ("ready", COUNT, [])


@pytest.mark.parametrize("state", [VideoState.CREATED, VideoState.UPLOADING, VideoState.READY])
def test_import_that_has_not_failed_is_not_retried(
    api: TestClient, failed: int, state: VideoState
) -> None:
    with db.transaction() as session:
        session.get_one(Video, failed).state = state
    answer = api.post(f"/videos/{failed}/retry")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_retry_without_the_file_asks_for_it(api: TestClient, failed: int, home: Path) -> None:
    (home / row(failed).source_key).unlink()
    answer = api.post(f"/videos/{failed}/retry")
    assert answer.status_code == 409
    assert "Upload it again." in answer.json()["error"]["message"]
    assert row(failed).state is VideoState.FAILED


def test_somebody_else_s_video_is_not_retried(installation: Api, failed: int, member: User) -> None:
    assert installation.client("member").post(f"/videos/{failed}/retry").status_code == 404


# Another file


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """As long and as large as ``clip``, with other pictures."""
    return make_video(tmp_path / "second.mp4", COUNT, (160, 120), shows=lambda n: n + 100)


def test_frames_of_another_file_have_other_addresses(
    api: TestClient, failed: int, clip: Path, other: Path, home: Path
) -> None:
    def frame(file: Path):  # type: ignore[no-untyped-def]
        return api.get(f"/videos/{failed}/frames/3", params={"file": tag(file)})

    assert number_in(picture(frame(clip).content)) == 3
    send(api, failed, other)
    import_now(failed)
    assert number_in(picture(frame(other).content)) == 103
    assert "immutable" in frame(other).headers["Cache-Control"]
    refused = frame(clip)
    assert refused.status_code == 409
    assert "Cache-Control" not in refused.headers
    assert row(failed).source_key == f"videos/{failed}/source-{tag(other)}.mp4"
    assert not list((home / "videos" / str(failed)).glob(f"*{tag(clip)}*"))


def test_labels_drawn_on_another_file_stay_with_a_warning(
    api: TestClient, failed: int, admin: User, other: Path
) -> None:
    annotate(admin, row(failed), track("cup", 2, 9, step=3))
    send(api, failed, other)
    import_now(failed)
    assert row(failed).warnings == [
        "The labels were drawn on another file, “first.mp4”. Check them."
    ]
    assert len(api.get(f"/videos/{failed}/annotations").json()["tracks"]) == 1
    fail(failed)
    api.post(f"/videos/{failed}/retry")
    import_now(failed)
    assert "first.mp4" in row(failed).warnings[0], "the warning is still true"


@pytest.mark.parametrize("is_labelled", [True, False])
def test_same_file_or_no_labels_need_no_warning(
    api: TestClient, failed: int, admin: User, clip: Path, other: Path, is_labelled: bool
) -> None:
    if is_labelled:
        annotate(admin, row(failed), track("cup", 2, 9, step=3))
    send(api, failed, clip if is_labelled else other)
    import_now(failed)
    assert row(failed).warnings == []


def test_boxes_that_were_tracked_in_another_file_are_not_shown(
    api: TestClient, failed: int, admin: User, other: Path
) -> None:
    annotate(admin, row(failed), track("cup", 2, 9, step=3))
    tracked = DerivedBoxes(3, np.full((2, 4), 50, np.float32), np.zeros(2, np.float32))

    def store(video: Video) -> None:
        gap = next(gaps(read_only_track(failed).ordered(), video))
        with db.transaction() as session:
            save(session, failed, FilledGap(gap, gap.stop, "", tracked))

    before = row(failed)
    store(before)
    assert read_only_track(failed).derived.keys() == {2}
    send(api, failed, other)
    import_now(failed)
    assert read_only_track(failed).derived == {}
    store(before)  # by a tracker that had begun before
    assert read_only_track(failed).derived == {}
    store(row(failed))
    assert read_only_track(failed).derived.keys() == {2}

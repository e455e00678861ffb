"""The times of frames over HTTP, and the rate of files that have none."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.api.test_frames import created, import_now, send
from tests.synthetic import make_video
from tpod_core import db
from tpod_core.models import Video, VideoState

WH = (160, 120)


def imported(api: TestClient, path: Path) -> int:
    number = created(api)
    send(api, number, path)
    import_now(number)
    return number


@pytest.fixture
def raw(api: TestClient, tmp_path: Path) -> int:
    """A video of 24 frames from a file without times, whose rate is guessed as 24."""
    path = make_video(tmp_path / "raw.h264", 24, WH, 24, options={"bf": "0"})
    return imported(api, path)


def time_of(api: TestClient, number: int, frame: int) -> float:
    """As the API says that a client works it out."""
    runs = api.get(f"/videos/{number}/times").json()["runs"]
    first, start_s, step_s = [run for run in runs if run[0] <= frame][-1]
    return float(start_s + (frame - first) * step_s)


def test_frame_of_a_variable_rate_has_its_own_time(api: TestClient, shared_data: Path) -> None:
    number = imported(api, shared_data / "cases" / "variable_rate.mp4")
    assert [time_of(api, number, frame) for frame in (0, 29, 59)] == pytest.approx(
        [0, 0.967, 30], abs=1e-3
    )
    video = api.get(f"/videos/{number}").json()
    assert (video["fps_source"], video["fps_is_guess"]) == ("file", False)


def test_times_of_a_constant_rate_are_one_run(api: TestClient, tmp_path: Path) -> None:
    number = imported(api, make_video(tmp_path / "a.mp4", 30, WH, 10))
    assert api.get(f"/videos/{number}/times").json() == {
        "fps": pytest.approx(10),
        "fps_source": "file",
        "frame_count": 30,
        "runs": [[0, 0, 0.1]],
    }


def test_times_that_the_client_has_are_not_sent_again(api: TestClient, raw: int) -> None:
    etag = api.get(f"/videos/{raw}/times").headers["etag"]
    again = api.get(f"/videos/{raw}/times", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    api.patch(f"/videos/{raw}", json={"fps": 12})
    changed = api.get(f"/videos/{raw}/times", headers={"If-None-Match": etag})
    assert (changed.status_code, changed.json()["fps"]) == (200, 12)


def test_guessed_rate_is_called_one_until_it_is_corrected(api: TestClient, raw: int) -> None:
    guessed = api.get(f"/videos/{raw}").json()
    assert (guessed["fps"], guessed["fps_source"]) == (24, "guessed")
    assert (guessed["fps_is_guess"], guessed["duration_s"]) == (True, 1)
    for fps in (12, 12.5):  # also a second time
        given = api.patch(f"/videos/{raw}", json={"fps": fps}).json()
        assert (given["fps"], given["fps_source"], given["fps_is_guess"]) == (fps, "given", False)
        assert given["duration_s"] == pytest.approx(24 / fps)
        assert time_of(api, raw, 6) == pytest.approx(6 / fps, abs=1e-3)


def test_rate_that_the_file_names_cannot_be_changed(api: TestClient, tmp_path: Path) -> None:
    number = imported(api, make_video(tmp_path / "a.mp4", 10, WH, 10))
    answer = api.patch(f"/videos/{number}", json={"fps": 12, "name": "Other"})
    assert answer.status_code == 409
    assert "says when each frame is shown" in answer.json()["error"]["message"]
    video = api.get(f"/videos/{number}").json()
    assert (video["fps"], video["name"]) == (pytest.approx(10), "Kitchen")


def test_rate_cannot_be_given_during_the_import(api: TestClient, raw: int) -> None:
    with db.transaction() as session:
        session.get_one(Video, raw).state = VideoState.PROCESSING
    assert api.patch(f"/videos/{raw}", json={"fps": 12}).status_code == 409


@pytest.mark.parametrize("fps", ["0", "-1", "1001", "NaN", "1e999", '"fast"'])
def test_impossible_rate_is_refused_by_name(api: TestClient, raw: int, fps: str) -> None:
    answer = api.patch(
        f"/videos/{raw}",
        content=f'{{"fps": {fps}}}',
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "fps")
    assert api.get(f"/videos/{raw}").json()["fps"] == 24


def test_single_frame_has_a_rate_a_length_and_the_time_0(api: TestClient, tmp_path: Path) -> None:
    number = imported(api, make_video(tmp_path / "one.mp4", 1, WH, 25))
    video = api.get(f"/videos/{number}").json()
    assert (video["frame_count"], video["fps"], video["duration_s"]) == (1, 25, 0.04)
    assert api.get(f"/videos/{number}/times").json()["runs"] == [[0, 0, 0]]


def test_video_without_frames_has_no_times(api: TestClient) -> None:
    answer = api.get(f"/videos/{created(api)}/times").json()
    assert (answer["frame_count"], answer["runs"]) == (0, [])

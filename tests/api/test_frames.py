"""Frames, thumbnails and files over HTTP."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.synthetic import make_video, number_in
from tpod_core import db, jobs
from tpod_core.models import Job, Video, VideoState
from tpod_core.video import scan
from tpod_core.video.source import frame_source, index_key
from workers import import_video

COUNT = 48
WH = (160, 120)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "küche 1.mp4", COUNT, WH)


@pytest.fixture
def video_id(api: TestClient, clip: Path) -> int:
    number = created(api)
    send(api, number, clip)
    import_now(number)
    return number


def created(api: TestClient) -> int:
    number: int = api.post("/videos", json={"name": "Kitchen"}).json()["id"]
    return number


def send(api: TestClient, number: int, path: Path) -> None:
    with path.open("rb") as file:
        answer = api.post(f"/videos/{number}/data", files={"file": (path.name, file)})
    assert answer.status_code == 202, answer.text


def import_now(number: int) -> None:
    """Do what a worker would."""
    with db.read_session() as session:
        job = session.get_one(Job, session.get_one(Video, number).job_id)
    assert job.id is not None
    jobs.execute(
        job.id, job.attempt, run=import_video.run, worker="test", abandon=lambda: pytest.fail("no")
    )


def picture(content: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("number", [0, 1, 23, 24, COUNT - 1])
def test_frame_is_the_jpeg_of_that_frame(api: TestClient, video_id: int, number: int) -> None:
    answer = api.get(f"/videos/{video_id}/frames/{number}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    image = picture(answer.content)
    assert image.shape == (*WH[::-1], 3)
    assert number_in(image) == number


def test_width_and_quality_are_obeyed(api: TestClient, video_id: int) -> None:
    url = f"/videos/{video_id}/frames/5"
    assert picture(api.get(url, params={"width": 80}).content).shape == (60, 80, 3)
    sizes = [len(api.get(url, params={"quality": q}).content) for q in (20, 95)]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("query", "field"),
    [("width=0", "width"), ("width=wide", "width"), ("quality=101", "quality")],
)
def test_bad_parameter_is_named(api: TestClient, video_id: int, query: str, field: str) -> None:
    answer = api.get(f"/videos/{video_id}/frames/5?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field


def test_frame_may_be_kept_for_good_by_its_owner_alone(api: TestClient, video_id: int) -> None:
    headers = api.get(f"/videos/{video_id}/frames/5").headers
    caching = headers["Cache-Control"].split(", ")
    assert {"private", "immutable"} <= set(caching)
    assert any(part.startswith("max-age=") for part in caching)
    assert headers["ETag"].startswith('"'), "a weak tag"


def test_etag_tells_frames_sizes_and_qualities_apart(api: TestClient, video_id: int) -> None:
    urls = ["5", "6", "5?width=80", "5?quality=50"]
    tags = {api.get(f"/videos/{video_id}/frames/{url}").headers["ETag"] for url in urls}
    assert len(tags) == len(urls)


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}'])
def test_frame_that_the_client_has_is_not_sent_again(
    api: TestClient, video_id: int, form: str
) -> None:
    url = f"/videos/{video_id}/frames/5"
    tag = api.get(url).headers["ETag"]
    answer = api.get(url, headers={"If-None-Match": form.format(tag)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert api.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("number", [COUNT, -1, 10**12])
def test_frame_beyond_the_end_is_404_and_says_how_many_there_are(
    api: TestClient, video_id: int, number: int
) -> None:
    answer = api.get(f"/videos/{video_id}/frames/{number}")
    assert answer.status_code == 404
    assert f"{COUNT} frames" in answer.json()["error"]["message"]


def test_video_without_frames_is_409(api: TestClient, clip: Path) -> None:
    number = created(api)
    assert api.get(f"/videos/{number}/frames/0").status_code == 409
    assert api.get(f"/videos/{number}/file").status_code == 409
    send(api, number, clip)
    answer = api.get(f"/videos/{number}/frames/0")
    assert answer.status_code == 409
    assert "no frames yet" in answer.json()["error"]["message"]
    assert api.get(f"/videos/{number}/preview").status_code == 404


def test_frames_indexed_so_far_are_served_during_the_import(
    api: TestClient, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = created(api)
    send(api, number, clip)
    answers: list[tuple[int, int]] = []
    publish = import_video._Import.publish

    def publish_and_look(self: object, *args: object) -> None:
        publish(self, *args)  # type: ignore[arg-type]
        frame_count = api.get(f"/videos/{number}").json()["frame_count"]
        last = api.get(f"/videos/{number}/frames/{frame_count - 1}")
        assert number_in(picture(last.content)) == frame_count - 1
        beyond = api.get(f"/videos/{number}/frames/{frame_count}")
        answers.append((frame_count, beyond.status_code))

    monkeypatch.setattr(scan, "FIRST_PUBLICATION_S", 0.0)
    monkeypatch.setattr(import_video._Import, "publish", publish_and_look)
    import_now(number)
    assert answers and all(status == 404 for _, status in answers)
    assert api.get(f"/videos/{number}/frames/{COUNT - 1}").status_code == 200


def test_preview_is_a_picture_of_the_video(api: TestClient, video_id: int) -> None:
    answer = api.get(f"/videos/{video_id}/preview")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert picture(answer.content).shape == (*WH[::-1], 3)


def test_original_file_comes_back_as_it_was_sent(
    api: TestClient, video_id: int, clip: Path
) -> None:
    answer = api.get(f"/videos/{video_id}/file")
    assert answer.content == clip.read_bytes()
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


TAGGED = ("frames/5", "preview", "file", "annotations", "propagation")


@pytest.mark.parametrize("path", TAGGED)
def test_what_the_client_has_is_not_sent_again(api: TestClient, video_id: int, path: str) -> None:
    url = f"/videos/{video_id}/{path}"
    tag = api.get(url).headers["ETag"]
    answer = api.get(url, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
    assert api.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", TAGGED)
def test_head_tells_what_get_would(api: TestClient, video_id: int, path: str) -> None:
    url = f"/videos/{video_id}/{path}"
    asked, got = api.head(url), api.get(url)
    assert asked.status_code == 200
    for name in ("ETag", "Content-Length", "Content-Type"):
        assert asked.headers[name] == got.headers[name]


def test_part_of_the_original_can_be_asked_for(api: TestClient, video_id: int, clip: Path) -> None:
    answer = api.get(f"/videos/{video_id}/file", headers={"Range": "bytes=100-199"})
    assert answer.status_code == 206
    assert answer.content == clip.read_bytes()[100:200]
    assert answer.headers["content-range"] == f"bytes 100-199/{clip.stat().st_size}"


def test_video_whose_file_is_gone_is_404(api: TestClient, video_id: int, home: Path) -> None:
    with db.read_session() as session:
        video = session.get_one(Video, video_id)
    assert video.state is VideoState.READY
    source = frame_source(video)
    source.path.unlink()
    assert api.get(f"/videos/{video_id}/frames/7").status_code == 404
    assert source.index_path == home / index_key(video.playback_key)

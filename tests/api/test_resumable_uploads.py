"""Resumable uploads (tus 1.0): what arrived stays, and ends as any other upload does."""

import base64
import hashlib
import os
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.conftest import Api
from tests.synthetic import make_video
from tpod_core.db import transaction
from tpod_core.errors import Unavailable
from tpod_core.models import JobKind, User, Video, VideoState
from tpod_core.services import videos
from tpod_core.web import upload_receiver
from tpod_core.web.upload_receiver import RESUMABLE_FOR_S, delete_abandoned_uploads

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    return make_video(tmp_path / "clip.mp4", 12).read_bytes()


def new_video(client: TestClient) -> int:
    number: int = client.post("/videos", json={"name": "Kitchen"}).json()["id"]
    return number


def begin(client: TestClient, number: int, length: int, filename: str = "clip.mp4") -> str:
    """The address that takes the bytes."""
    pairs = {"video_id": str(number), "filename": filename}
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs.items())
    headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": metadata}
    answer = client.post("/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].startswith("/api/v1/uploads/")
    return f"http://testserver{answer.headers['Location']}"


def append(client: TestClient, address: str, offset: int, content: bytes):  # type: ignore[no-untyped-def]
    headers = TUS | BYTES | {"Upload-Offset": str(offset)}
    return client.patch(address, content=content, headers=headers)


def files_of(home: Path) -> list[str]:
    return sorted(str(p.relative_to(home)) for p in home.glob("videos/**/*") if p.is_file())


def test_file_sent_in_pieces_is_stored_whole_and_its_import_queued(
    installation: Api, api: TestClient, home: Path, clip: bytes
) -> None:
    number = new_video(api)
    address = begin(api, number, len(clip))
    half = len(clip) // 2
    assert append(api, address, 0, clip[:half]).headers["Upload-Offset"] == str(half)
    assert api.get(f"/videos/{number}").json()["state"] == "uploading"
    asked = api.head(address, headers=TUS)
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == (
        str(half),
        str(len(clip)),
    )
    assert append(api, address, half, clip[half:]).status_code == 204
    video = api.get(f"/videos/{number}").json()
    assert (video["state"], video["filename"]) == ("queued", "clip.mp4")
    assert video["sha256"] == hashlib.sha256(clip).hexdigest()
    source = f"source-{video['sha256'][:12]}.mp4"
    assert files_of(home) == [f"videos/{number}/{source}", f"videos/{number}/upload.json"]
    assert [d.kind for d in installation.queue.deliveries] == [JobKind.IMPORT_VIDEO]


def test_bytes_at_the_wrong_place_are_refused(api: TestClient, clip: bytes) -> None:
    address = begin(api, new_video(api), len(clip))
    assert append(api, address, 5, clip).status_code == 409
    assert api.head(address, headers=TUS).headers["Upload-Offset"] == "0"


def test_more_bytes_than_announced_end_the_upload(api: TestClient, home: Path, clip: bytes) -> None:
    number = new_video(api)
    address = begin(api, number, len(clip))
    assert append(api, address, 0, clip + b"more").status_code == 422
    assert api.get(f"/videos/{number}").json()["state"] == "created"
    assert files_of(home) == []


def test_what_is_no_video_is_415_and_leaves_nothing(api: TestClient, home: Path) -> None:
    number, letter = new_video(api), b"This is a letter, not a film. " * 50
    answer = append(api, begin(api, number, len(letter)), 0, letter)
    assert answer.status_code == 415
    status = api.get(f"/videos/{number}/status").json()
    assert status["message"] == answer.json()["error"]["message"]
    assert files_of(home) == []


def test_terminated_upload_leaves_nothing(api: TestClient, home: Path, clip: bytes) -> None:
    number = new_video(api)
    address = begin(api, number, len(clip))
    append(api, address, 0, clip[:100])
    assert api.delete(address, headers=TUS).status_code == 204
    assert api.get(f"/videos/{number}").json()["state"] == "created"
    assert files_of(home) == []


def test_upload_survives_a_restart_until_its_time_is_up(
    api: TestClient, home: Path, clip: bytes
) -> None:
    number = new_video(api)
    address = begin(api, number, len(clip))
    append(api, address, 0, clip[:100])
    delete_abandoned_uploads()
    assert api.head(address, headers=TUS).headers["Upload-Offset"] == "100"
    part = home / "videos" / str(number) / "source.part"
    long_ago = time.time() - RESUMABLE_FOR_S - 1
    os.utime(part, (long_ago, long_ago))
    delete_abandoned_uploads()
    assert api.head(address, headers=TUS).status_code == 404
    assert files_of(home) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Tus-Resumable": "0.2.1", "Upload-Length": "5"}, 412, id="other version"),
        pytest.param({"Upload-Length": "5"}, 412, id="no version"),
        pytest.param(TUS, 422, id="no length"),
        pytest.param(TUS | {"Upload-Length": "5"}, 422, id="no video"),
        pytest.param(TUS | {"Upload-Length": "5", "Upload-Metadata": "a ß"}, 422, id="garbage"),
        pytest.param(TUS | {"Upload-Length": str(10**15)}, 413, id="too large"),
    ],
)
def test_bad_beginning_is_refused(
    api: TestClient, headers: dict[str, str], status: int, clip: bytes
) -> None:
    number = base64.b64encode(str(new_video(api)).encode()).decode()
    if status == 413:
        headers = headers | {"Upload-Metadata": f"video_id {number}"}
    sent = {key: value.encode() for key, value in headers.items()}
    assert api.post("/uploads", headers=sent).status_code == status


def test_bytes_of_another_content_type_are_refused(api: TestClient, clip: bytes) -> None:
    address = begin(api, new_video(api), len(clip))
    headers = TUS | {"Upload-Offset": "0", "Content-Type": "video/mp4"}
    assert api.patch(address, content=clip, headers=headers).status_code == 415


@pytest.mark.parametrize("upload_id", ["1-0000000000000000", "1-ß", "x", "999-aa"])
def test_guessed_address_is_404(api: TestClient, clip: bytes, upload_id: str) -> None:
    begin(api, new_video(api), len(clip))
    assert api.head(f"/uploads/{upload_id}", headers=TUS).status_code == 404


def test_someone_else_s_upload_is_404(
    installation: Api, admin: User, member: User, clip: bytes
) -> None:
    owner = installation.client("admin")
    address = begin(owner, new_video(owner), len(clip))
    assert append(installation.client("member"), address, 0, clip).status_code == 404


def test_server_says_what_it_speaks(api: TestClient) -> None:
    headers = api.options("/uploads").headers
    assert headers["Tus-Version"] == "1.0.0"
    assert headers["Tus-Extension"] == "creation,termination,expiration"


def test_client_of_another_version_is_told_ours(api: TestClient) -> None:
    answer = api.post("/uploads", headers={"Tus-Resumable": "0.2.1", "Upload-Length": "5"})
    assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")


# The answer to the last bytes may be lost, and a connection may die without a word.


def test_complete_upload_tells_that_all_has_arrived(api: TestClient, clip: bytes) -> None:
    number = new_video(api)
    address = begin(api, number, len(clip))
    append(api, address, 0, clip)
    asked = api.head(address, headers=TUS)
    assert (asked.status_code, asked.headers["Upload-Offset"]) == (200, str(len(clip)))
    assert api.delete(address, headers=TUS).status_code == 404
    assert api.get(f"/videos/{number}").json()["state"] == "queued"


@pytest.mark.parametrize("ask", ["HEAD", "PATCH"])
def test_upload_whose_end_could_not_be_written_keeps_its_bytes_and_ends_at_the_next_request(
    installation: Api,
    api: TestClient,
    clip: bytes,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    ask: str,
) -> None:
    number = new_video(api)
    address = begin(api, number, len(clip))
    with monkeypatch.context() as patch:
        patch.setattr(videos, "finish_upload", unavailable)
        assert append(api, address, 0, clip).status_code == 503
        assert api.head(address, headers=TUS).status_code == 503
    assert api.get(f"/videos/{number}").json()["state"] == "uploading"
    assert files_of(home) == [f"videos/{number}/source.part", f"videos/{number}/upload.json"]
    if ask == "HEAD":
        asked = api.head(address, headers=TUS)
        assert (asked.status_code, asked.headers["Upload-Offset"]) == (200, str(len(clip)))
    else:
        assert append(api, address, len(clip), b"").status_code == 204
    video = api.get(f"/videos/{number}").json()
    assert (video["state"], video["sha256"]) == ("queued", hashlib.sha256(clip).hexdigest())
    assert [d.kind for d in installation.queue.deliveries] == [JobKind.IMPORT_VIDEO]


def unavailable(*_: object) -> None:
    raise Unavailable("The database cannot be reached right now.")


def test_address_of_an_earlier_upload_ends_when_another_begins(
    api: TestClient, clip: bytes, home: Path
) -> None:
    number = new_video(api)
    address = begin(api, number, len(clip))
    append(api, address, 0, clip)
    with transaction() as session:
        session.get_one(Video, number).state = VideoState.FAILED
    form = {"file": ("clip.mp4", clip)}
    assert api.post(f"/videos/{number}/data", files=form).status_code == 202
    assert api.head(address, headers=TUS).status_code == 404
    assert files_of(home) == [f"videos/{number}/source-{hashlib.sha256(clip).hexdigest()[:12]}.mp4"]


def test_upload_in_pieces_is_hashed_as_it_arrives(
    api: TestClient, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_receiver, "sha256_of", lambda path: pytest.fail("hashed anew"))
    number = new_video(api)
    address = begin(api, number, len(clip))
    for first in range(0, len(clip), 1000):
        append(api, address, first, clip[first : first + 1000])
    assert api.get(f"/videos/{number}").json()["sha256"] == hashlib.sha256(clip).hexdigest()


def test_upload_resumed_after_a_restart_is_hashed_whole(api: TestClient, clip: bytes) -> None:
    number = new_video(api)
    address = begin(api, number, len(clip))
    append(api, address, 0, clip[:1000])
    upload_receiver._paused_digests.clear()
    append(api, address, 1000, clip[1000:])
    assert api.get(f"/videos/{number}").json()["sha256"] == hashlib.sha256(clip).hexdigest()

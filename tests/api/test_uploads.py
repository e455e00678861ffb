"""Uploads: whole or not at all, and a clear word for every bad one."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.conftest import Api, add_user
from tests.small_disk import small_disk
from tests.synthetic import make_video
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.errors import NotFound
from tpod_core.migrations import upgrade
from tpod_core.models import JobKind, Role, User
from tpod_core.web.upload_receiver import INTERRUPTED, UploadReceiver, delete_abandoned_uploads


def create(client: TestClient, name: str = "Kitchen") -> int:
    number: int = client.post("/videos", json={"name": name}).json()["id"]
    return number


def send(client: TestClient, number: int, content: bytes, filename: str = "clip.mp4"):  # type: ignore[no-untyped-def]
    return client.post(f"/videos/{number}/data", files={"file": (filename, content)})


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    path = tmp_path / "clip.mp4"
    make_video(path, 12, (64, 48), 10)
    return path.read_bytes()


def files_of(home: Path) -> list[str]:
    return sorted(str(p.relative_to(home)) for p in home.glob("videos/**/*") if p.is_file())


def test_upload_is_stored_whole_and_its_import_queued(
    installation: Api, api: TestClient, home: Path, clip: bytes
) -> None:
    number = create(api)
    answer = send(api, number, clip)
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["state"], job["subject"]) == (
        "import-video",
        "queued",
        f"video:{number}",
    )
    video = api.get(f"/videos/{number}").json()
    assert video["state"] == "queued"
    assert video["sha256"] == hashlib.sha256(clip).hexdigest()
    assert video["size_bytes"] == len(clip)
    assert files_of(home) == [f"videos/{number}/source-{video['sha256'][:12]}.mp4"]
    assert [d.kind for d in installation.queue.deliveries] == [JobKind.IMPORT_VIDEO]


def test_wrong_extension_does_not_matter(api: TestClient, clip: bytes) -> None:
    assert send(api, create(api), clip, "notes.txt").status_code == 202


@pytest.mark.parametrize("name", ["../../../etc/passwd.mp4", "C:\\x\\y.mp4", "", "a/b\x00.mp4"])
def test_file_name_cannot_leave_the_directory(
    api: TestClient, home: Path, clip: bytes, name: str
) -> None:
    number = create(api)
    answer = send(api, number, clip, name)
    assert answer.status_code in (202, 422)
    assert all(path.startswith(f"videos/{number}/source") for path in files_of(home))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"This is a letter, not a film. " * 50, id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(200), id="broken picture"),
    ],
)
def test_what_is_no_video_is_415_and_leaves_nothing(
    api: TestClient, home: Path, content: bytes
) -> None:
    number = create(api)
    answer = send(api, number, content)
    assert answer.status_code == 415
    sentence = answer.json()["error"]["message"]
    assert sentence.endswith(".")
    video = api.get(f"/videos/{number}").json()
    assert (video["state"], video["message"]) == ("created", sentence)
    assert files_of(home) == []


def test_video_can_be_uploaded_again_after_a_bad_file(api: TestClient, clip: bytes) -> None:
    number = create(api)
    send(api, number, b"no")
    assert send(api, number, clip).status_code == 202


def test_second_file_for_one_video_is_409(api: TestClient, clip: bytes) -> None:
    number = create(api)
    send(api, number, clip)
    assert send(api, number, clip).status_code == 409


def test_too_large_a_file_is_413_before_it_is_read(
    api: TestClient, home: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_MAX_UPLOAD_BYTES", "1000")
    get_settings.cache_clear()
    number = create(api)
    answer = send(api, number, bytes(200_000))
    assert answer.status_code == 413
    assert api.get(f"/videos/{number}").json()["state"] == "created"


def test_too_large_a_file_of_unknown_length_is_413(
    api: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_MAX_UPLOAD_BYTES", "100000")
    get_settings.cache_clear()
    number = create(api)

    def body() -> Iterator[bytes]:
        yield b'--B\r\nContent-Disposition: form-data; name="file"; filename="x.mp4"\r\n\r\n'
        for _ in range(40):
            yield bytes(100_000)
        yield b"\r\n--B--\r\n"

    answer = api.post(
        f"/videos/{number}/data",
        content=body(),
        headers={"Content-Type": "multipart/form-data; boundary=B"},
    )
    assert answer.status_code == 413
    assert files_of(home) == []


def test_full_disk_is_told_and_leaves_nothing(
    api: TestClient, home: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_MIN_FREE_BYTES", str(10**18))
    get_settings.cache_clear()
    number = create(api)
    answer = send(api, number, clip)
    assert answer.status_code == 507
    assert "disk" in answer.json()["error"]["message"]
    assert files_of(home) == []
    assert api.get(f"/videos/{number}").json()["state"] == "created"


def test_upload_to_a_full_disk_is_refused_until_there_is_room(
    api: TestClient, home: Path, clip: bytes
) -> None:
    """The database is elsewhere; the next test has it on the full disk too."""
    number = create(api)
    with small_disk(home / "videos") as disk:
        disk.fill_up()
        answer = send(api, number, clip)
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
        assert not list(disk.path.glob("*/source*"))
        disk.make_room()
        assert send(api, number, clip).status_code == 202


def test_installation_on_a_full_disk_answers_507_until_there_is_room(
    installation: Api, home: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(home / "small") as disk:
        monkeypatch.setenv("TPOD_DATA_DIR", str(disk.path))
        get_settings.cache_clear()
        db.dispose()
        upgrade(db.engine())
        add_user("ann", Role.USER)
        client = installation.client("ann")
        number = create(client)
        disk.fill_up()
        # SQLite first fills what its files have allocated.
        answers = (client.post("/videos", json={"name": "x" * 100}) for _ in range(200))
        refused = next(answer for answer in answers if answer.status_code != 201)
        assert (refused.status_code, refused.json()["error"]["code"]) == (507, "storage_full")
        assert send(client, number, clip).status_code == 507
        assert client.get("/videos").status_code == 200
        assert client.get("/readyz").json()["dependencies"]["storage"]["state"] == "failed"
        disk.make_room()
        assert send(client, number, clip).status_code == 202
        assert client.get("/readyz").status_code == 200
        db.engine().dispose()


def test_upload_whose_row_is_committed_is_never_abandoned(
    api: TestClient, admin: User, home: Path, clip: bytes
) -> None:
    """A server that shuts down cancels the request between the commit and the answer."""
    number = create(api)
    receiver = UploadReceiver.begin(admin, number)
    receiver.add(clip)
    receiver.finish("clip.mp4")
    receiver.abandon(INTERRUPTED)
    assert files_of(home) == [f"videos/{number}/source-{hashlib.sha256(clip).hexdigest()[:12]}.mp4"]
    assert api.get(f"/videos/{number}").json()["state"] == "queued"


def test_upload_that_breaks_off_leaves_nothing_but_a_sentence(
    api: TestClient, home: Path, clip: bytes
) -> None:
    number = create(api)
    head = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x.mp4"\r\n\r\n'
    answer = api.post(
        f"/videos/{number}/data",
        content=head + clip[: len(clip) // 2],
        headers={"Content-Type": "multipart/form-data; boundary=B"},
    )
    assert answer.status_code == 422
    video = api.get(f"/videos/{number}").json()
    assert video["state"] == "created" and "broke off" in video["message"]
    assert files_of(home) == []


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        pytest.param("application/json", b"{}", id="no form"),
        pytest.param("multipart/form-data", b"", id="no boundary"),
        pytest.param(
            "multipart/form-data; boundary=B",
            b'--B\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--B--\r\n',
            id="no field named file",
        ),
        pytest.param("multipart/form-data; boundary=B", b"garbage", id="garbage"),
    ],
)
def test_form_without_a_file_is_422(api: TestClient, content_type: str, content: bytes) -> None:
    number = create(api)
    answer = api.post(
        f"/videos/{number}/data", content=content, headers={"Content-Type": content_type}
    )
    assert answer.status_code == 422
    assert api.get(f"/videos/{number}").json()["state"] == "created"


def test_upload_into_someone_else_s_video_is_404(
    installation: Api, admin: User, member: User, clip: bytes
) -> None:
    number = create(installation.client("admin"))
    assert send(installation.client("member"), number, clip).status_code == 404


def test_deleting_a_video_cancels_its_import(
    installation: Api, api: TestClient, clip: bytes
) -> None:
    number = create(api)
    job = send(api, number, clip).json()
    assert api.delete(f"/videos/{number}").status_code == 204
    assert api.get(f"/jobs/{job['id']}").json()["state"] == "cancelled"
    assert installation.queue.deliveries == []


def test_two_uploads_for_one_video_do_not_mix(api: TestClient, admin: User, clip: bytes) -> None:
    number = create(api)
    first = UploadReceiver.begin(admin, number)
    first.add(clip)
    assert send(api, number, clip).status_code == 409
    assert first.finish("clip.mp4").subject == f"video:{number}"


def test_upload_of_a_dead_server_is_given_up_at_the_next_start(
    api: TestClient, admin: User, home: Path, clip: bytes
) -> None:
    number = create(api)
    dead = UploadReceiver.begin(admin, number)
    dead.add(clip)
    delete_abandoned_uploads()
    assert api.get(f"/videos/{number}/status").json()["state"] == "uploading", "it still writes"
    dead.pause()  # lets go of the file, as the death of a process does
    delete_abandoned_uploads()
    status = api.get(f"/videos/{number}/status").json()
    assert (status["state"], status["message"]) == ("created", INTERRUPTED)
    assert files_of(home) == []


def test_upload_of_a_video_deleted_meanwhile_leaves_nothing(
    api: TestClient, admin: User, home: Path, clip: bytes
) -> None:
    number = create(api)
    incoming = UploadReceiver.begin(admin, number)
    incoming.add(clip)
    assert api.delete(f"/videos/{number}").status_code == 204
    with pytest.raises(NotFound):
        incoming.finish("clip.mp4")
    incoming.abandon("gone")
    assert not (home / "videos" / str(number)).exists()

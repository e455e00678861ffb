"""A real Redis that answers but refuses to write: nothing fails, and jobs start when it is back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.conftest import Api
from tests.fake_queue import ListQueue
from tests.labelled import add_video
from tests.redis_server import RefusingRedis, installed_redis, redis_server
from tests.synthetic import make_video
from tpod_core.config import get_settings
from tpod_core.errors import Unavailable
from tpod_core.jobs import Reconciler
from tpod_core.models import User, saved_id
from tpod_core.queue import get_queue

REFUSALS = [
    pytest.param(RefusingRedis.fill_up, "full", id="full"),
    pytest.param(RefusingRedis.become_replica, "read-only", id="read-only"),
    pytest.param(RefusingRedis.fail_to_save, "cannot save", id="failed snapshot"),
    pytest.param(RefusingRedis.ask_for_a_password, "password", id="password"),
]
Refuse = Callable[[RefusingRedis], None]


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    with redis_server() as socket:
        yield socket


@pytest.fixture
def redis(home: Path, socket: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RefusingRedis]:
    """The installation's queue."""
    with installed_redis(socket, monkeypatch) as server:
        yield server


@pytest.fixture
def client(redis: RefusingRedis, admin: User, http_app: Starlette) -> TestClient:
    return Api(ListQueue(), http_app).client("admin")


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    path = tmp_path / "clip.mp4"
    make_video(path, 12, (64, 48), 10)
    return path.read_bytes()


def create_video(client: TestClient) -> int:
    number: int = client.post("/videos", json={"name": "Kitchen"}).json()["id"]
    return number


def reconcile() -> None:
    """Two passes: it delivers only what it misses twice in a row."""
    reconciler = Reconciler()
    reconciler.run_once()
    reconciler.run_once()


@pytest.mark.parametrize(("refuse", "word"), REFUSALS)
def test_upload_stands_and_its_import_is_delivered_when_redis_is_back(
    client: TestClient,
    redis: RefusingRedis,
    home: Path,
    clip: bytes,
    refuse: Refuse,
    word: str,
) -> None:
    number = create_video(client)
    refuse(redis)
    answer = client.post(f"/videos/{number}/data", files={"file": ("clip.mp4", clip)})
    assert answer.status_code == 202, answer.text
    assert client.get(f"/videos/{number}").json()["state"] == "queued"
    assert [path.read_bytes() for path in home.glob(f"videos/{number}/source-*")] == [clip]
    reconcile()
    redis.recover()
    assert get_queue().known() == set()
    reconcile()
    assert get_queue().known() == {f"import-video-{answer.json()['id']}-a1"}


def test_resumable_upload_stands_while_redis_is_full(
    client: TestClient, redis: RefusingRedis, home: Path, clip: bytes
) -> None:
    number = create_video(client)
    tus = {"Tus-Resumable": "1.0.0"}
    video_id = "MQ=="  # base64 of "1"
    assert number == 1
    metadata = {"Upload-Length": str(len(clip)), "Upload-Metadata": f"video_id {video_id}"}
    created = client.post("/uploads", headers=tus | metadata)
    redis.fill_up()
    sending = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    place = created.headers["Location"].rpartition("/")[2]
    answer = client.patch(f"/uploads/{place}", headers=tus | sending, content=clip)
    assert answer.status_code == 204, answer.text
    assert client.get(f"/videos/{number}").json()["state"] == "queued"
    assert [path.read_bytes() for path in home.glob(f"videos/{number}/source-*")] == [clip]


def test_edit_and_propagation_stand_while_redis_is_full(
    client: TestClient, redis: RefusingRedis, admin: User
) -> None:
    video_id = saved_id(add_video(admin))
    redis.fill_up()
    keyframes = [
        {"frame": frame, "box": [1, 1, 20, 20], "outside": False, "occluded": False}
        for frame in (0, 9)
    ]
    document = client.get(f"/videos/{video_id}/annotations")
    body = document.json()
    body["tracks"] = [{"label": "cup", "keyframes": keyframes}]
    edited = client.put(
        f"/videos/{video_id}/annotations",
        json=body,
        headers={"If-Match": document.headers["ETag"]},
    )
    assert edited.status_code == 200, edited.text
    asked = client.post(f"/videos/{video_id}/propagate", json={})
    assert asked.status_code == 202, asked.text
    redis.recover()
    reconcile()
    assert f"propagate-tracks-{asked.json()['id']}-a1" in get_queue().known()


def test_cancel_of_a_queued_job_stands_while_redis_is_read_only(
    client: TestClient, redis: RefusingRedis, admin: User
) -> None:
    video_id = saved_id(add_video(admin))
    job_id = client.post(f"/videos/{video_id}/propagate", json={}).json()["id"]
    redis.become_replica()
    answer = client.post(f"/jobs/{job_id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")


@pytest.mark.parametrize(("refuse", "word"), REFUSALS)
def test_readiness_blames_the_queue_alone_and_says_why(
    client: TestClient, redis: RefusingRedis, refuse: Refuse, word: str
) -> None:
    assert client.get("/readyz").status_code == 200
    refuse(redis)
    answer = client.get("/readyz")
    body = answer.json()
    states = {name: each["state"] for name, each in body["dependencies"].items()}
    assert answer.status_code == 503
    assert states == {"database": "ok", "queue": "failed", "storage": "ok"}
    sentence = body["dependencies"]["queue"]["message"]
    assert word in sentence and "TPOD_REDIS_URL" in sentence
    assert body["error"] == {"code": "unavailable", "message": sentence}
    redis.recover()
    assert client.get("/readyz").json()["status"] == "ready"


@pytest.mark.parametrize("path", ["/dev/null", "nonsense"], ids=["no socket", "no file"])
def test_sentence_on_a_redis_that_is_away_names_the_setting_but_not_the_password(
    home: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("TPOD_REDIS_URL", f"unix://ann:s3cret@{path}?db=0&password=s3cret")
    get_settings.cache_clear()
    with pytest.raises(Unavailable) as raised:
        get_queue().ping()
    assert "TPOD_REDIS_URL" in raised.value.message
    assert "s3cret" not in raised.value.message

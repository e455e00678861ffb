"""The body of a request: not too large, and not silent for ever."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.test_resumable_uploads import BYTES, TUS, begin, new_video
from tests.conftest import Api
from tpod_core.web import request_body, tus
from tpod_core.web.app import create_api


def pieces(size_bytes: int) -> Iterator[bytes]:
    """A body whose size is not announced."""
    for _ in range(0, size_bytes, 65_536):
        yield b" " * 65_536


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register"])
@pytest.mark.parametrize("is_announced", [True, False])
def test_stranger_cannot_fill_the_memory(installation: Api, path: str, is_announced: bool) -> None:
    size_bytes = 10 * 65_536
    content = b" " * size_bytes if is_announced else pieces(size_bytes)
    kind = {"Content-Type": "application/json"}
    answer = installation.client().post(path, content=content, headers=kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_document_larger_than_any_is_413(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "_MAX_BYTES", 1000)
    assert api.post("/videos", json={"name": "x" * 2000}).status_code == 413


class Line:
    """A connection to the API on which a test decides when bytes arrive."""

    def __init__(self, client: TestClient, method: str, path: str, **headers: str) -> None:
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        self._scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in {**headers, "Cookie": cookie, "Host": "testserver"}.items()
            ],
        }
        self._arriving: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.answers: list[dict[str, Any]] = []

    def bring(self, content: bytes, more: bool = True) -> None:
        self._arriving.put_nowait({"type": "http.request", "body": content, "more_body": more})

    async def answer(self) -> int:
        """Returns the status."""

        async def send(message: Any) -> None:
            self.answers.append(message)

        await create_api()(self._scope, self._arriving.get, send)
        return int(self.answers[0]["status"])


def patch_line(client: TestClient, address: str, offset: int) -> Line:
    path = address.removeprefix("http://testserver/api/v1")
    return Line(client, "PATCH", path, **TUS, **BYTES, **{"Upload-Offset": str(offset)})


@pytest.fixture
def address(api: TestClient) -> str:
    return begin(api, new_video(api), 10_000)


def test_client_that_falls_silent_is_given_up_and_its_bytes_stay(
    api: TestClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_body, "SILENT_S", 0.05)
    line = patch_line(api, address, 0)
    line.bring(bytes(300))
    assert asyncio.run(line.answer()) == 422
    assert api.head(address, headers=TUS).headers["Upload-Offset"] == "300"


def test_newer_request_takes_over_from_a_dead_connection(
    api: TestClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tus, "_SILENT_S", 0.2)

    async def both() -> tuple[int, int]:
        dead, alive = patch_line(api, address, 0), patch_line(api, address, 300)
        dead.bring(bytes(300))
        hanging = asyncio.create_task(dead.answer())
        while not tus._readings:
            await asyncio.sleep(0.01)
        alive.bring(bytes(200), more=False)
        return await alive.answer(), await hanging

    assert asyncio.run(both()) == (204, 409)
    assert api.head(address, headers=TUS).headers["Upload-Offset"] == "500"


def test_request_waits_while_another_is_receiving(
    api: TestClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tus, "_SILENT_S", 0.2)

    async def both() -> tuple[int, int]:
        first, second = patch_line(api, address, 0), patch_line(api, address, 0)
        receiving = asyncio.create_task(first.answer())
        waiting = asyncio.create_task(second.answer())
        ends_at = time.monotonic() + 0.6
        while time.monotonic() < ends_at:
            first.bring(b"x")
            await asyncio.sleep(0.02)
        first.bring(b"x", more=False)
        return await receiving, await waiting

    assert asyncio.run(both()) == (204, 409)

"""Responses leave at once, and slow request headers end their connection."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.protocols.http.h11_impl import H11Protocol
from websockets.asyncio.client import connect

from tpod_core.web import connections
from tpod_core.web.connections import disable_nagle, limit_header_time


def test_accepted_connection_does_not_wait_for_more_to_send() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        disable_nagle()
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# Request headers.

TIMEOUT_S = 0.3
REQUEST = b"GET / HTTP/1.1\r\nHost: tpod\r\n\r\n"


class Connection(H11Protocol):
    """A class of its own, so that other tests' servers keep theirs."""


limit_header_time(Connection)


async def _slowly(request: Request) -> Response:
    await asyncio.sleep(3 * TIMEOUT_S)
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def _echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())


def serve(monkeypatch: pytest.MonkeyPatch, visit: Callable[[int], Awaitable[None]]) -> None:
    """Run a server on a port of its own while ``visit(port)`` runs."""
    monkeypatch.setattr(connections, "HEADERS_WITHIN_S", TIMEOUT_S)
    app = Starlette(
        routes=[Route("/", _slowly, methods=["GET", "PUT"]), WebSocketRoute("/ws", _echo)]
    )
    config = uvicorn.Config(app, http=Connection, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]

    async def run() -> None:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            serving = asyncio.create_task(server.serve([listening]))
            await visit(listening.getsockname()[1])
            server.should_exit = True
            await serving

    asyncio.run(asyncio.wait_for(run(), 20))


async def read_response(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    return await reader.readuntil(b"bytes")


@pytest.mark.parametrize("begin", [b"", b"GET / HTTP/1.1\r\nHost:"])
def test_headers_that_do_not_come_end_the_connection(
    monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    async def visit(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begin)
        assert await reader.read() == b""
        writer.close()

    serve(monkeypatch, visit)


def test_dripping_headers_end_the_connection_after_an_earlier_request_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def visit(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        assert await read_response(reader) == b"0 bytes"
        ended = asyncio.create_task(reader.read())
        for letter in REQUEST[:-4]:  # never the end
            writer.write(bytes([letter]))
            done, _ = await asyncio.wait([ended], timeout=TIMEOUT_S / 3)
            if done:
                break
        assert ended.done()
        writer.close()

    serve(monkeypatch, visit)


def test_slow_answer_slow_body_and_open_stream_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    async def visit(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        assert await read_response(reader) == b"0 bytes"
        writer.write(b"PUT / HTTP/1.1\r\nHost: tpod\r\nContent-Length: 5\r\n\r\n")
        for letter in b"12345":
            await asyncio.sleep(TIMEOUT_S / 2)
            writer.write(bytes([letter]))
        assert await read_response(reader) == b"5 bytes"
        writer.close()
        async with connect(f"ws://127.0.0.1:{port}/ws") as websocket:
            await asyncio.sleep(2 * TIMEOUT_S)
            await websocket.send("still here")
            assert await websocket.recv() == "still here"

    serve(monkeypatch, visit)

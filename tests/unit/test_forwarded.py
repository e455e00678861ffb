"""What a proxy says of the browser is believed of trusted proxies alone."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from tpod_core.config import get_settings
from tpod_core.web import forwarded


@pytest.fixture(autouse=True)
def proxies(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TPOD_TRUSTED_PROXIES", "127.0.0.1, 10.1.0.0/16,2001:db8::/32")
    get_settings.cache_clear()


def scope(peer: str | None, scheme: str = "http", **headers: str) -> Scope:
    raw = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    client = (peer, 1) if peer else None
    return {"type": "http", "scheme": scheme, "client": client, "headers": raw}


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        pytest.param("203.0.113.9", None, "203.0.113.9", id="no proxy"),
        pytest.param("203.0.113.9", "1.1.1.1", "203.0.113.9", id="a forger"),
        pytest.param("127.0.0.1", None, "127.0.0.1", id="the proxy itself"),
        pytest.param("127.0.0.1", "1.1.1.1", "1.1.1.1", id="one proxy"),
        pytest.param("::ffff:127.0.0.1", "1.1.1.1", "1.1.1.1", id="IPv4 as IPv6"),
        pytest.param("::1", "1.1.1.1", "::1", id="another loopback"),
        pytest.param("127.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1", id="forged before it"),
        pytest.param("127.0.0.1", "6.6.6.6, 1.1.1.1, 10.1.2.3", "1.1.1.1", id="two proxies"),
        pytest.param("127.0.0.1", "10.1.2.3,::ffff:10.1.9.9", "10.1.2.3", id="proxies alone"),
        pytest.param("127.0.0.1", "1.1.1.1:443", "1.1.1.1", id="a port"),
        pytest.param("127.0.0.1", "[2001:dead::1]:443", "2001:dead::1", id="IPv6 with a port"),
        pytest.param("2001:db8::1", "2001:DEAD:0::1", "2001:dead::1", id="IPv6 proxy"),
        pytest.param("127.0.0.1", "1.1.1.1, unknown", "127.0.0.1", id="unknown to the proxy"),
        pytest.param("127.0.0.1", " , ", "127.0.0.1", id="nothing told"),
        pytest.param("testclient", "1.1.1.1", "testclient", id="no address"),
        pytest.param(None, "1.1.1.1", "unknown", id="no peer"),
    ],
)
def test_client_address(peer: str | None, told: str | None, address: str) -> None:
    headers = {} if told is None else {"x_forwarded_for": told}
    assert forwarded.client_address(scope(peer, **headers)) == address


@pytest.mark.parametrize(
    ("peer", "scheme", "told", "is_https"),
    [
        pytest.param("127.0.0.1", "http", "https", True, id="the proxy took HTTPS"),
        pytest.param("127.0.0.1", "https", "http", False, id="the proxy took HTTP"),
        pytest.param("127.0.0.1", "http", None, False, id="the proxy does not say"),
        pytest.param("203.0.113.9", "http", "https", False, id="forged"),
        pytest.param("203.0.113.9", "https", "http", True, id="HTTPS of our own"),
        pytest.param("203.0.113.9", "wss", None, True, id="a websocket"),
    ],
)
def test_https(peer: str, scheme: str, told: str | None, is_https: bool) -> None:
    headers = {} if told is None else {"x_forwarded_proto": told}
    assert forwarded.is_https(scope(peer, scheme, **headers)) is is_https


@pytest.mark.parametrize(
    ("peer", "host"), [("127.0.0.1", "tpod.example"), ("1.1.1.1", "inner:8501")]
)
def test_host_that_a_trusted_proxy_was_called_by_is_ours(peer: str, host: str) -> None:
    asked = scope(peer, host="inner:8501", x_forwarded_host="tpod.example")
    assert forwarded.host(asked) == host


def test_uvicorn_believes_whom_we_believe() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    class Middleware:
        def __init__(self) -> None:
            self.app = app

    forwarded.trust_no_other_proxies(Middleware)
    middleware: Any = Middleware()
    for peer in ("127.0.0.1", "::1"):
        asked = scope(peer, x_forwarded_for="1.1.1.1", x_forwarded_proto="https")
        asyncio.run(middleware(asked, None, None))
    assert [each["scheme"] for each in seen] == ["https", "http"]
    assert [each["client"][0] for each in seen] == ["127.0.0.1", "::1"]
    assert [forwarded.client_address(each) for each in seen] == ["1.1.1.1", "::1"]

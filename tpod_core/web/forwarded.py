"""Who sent a request and by which scheme, where proxies stand between.

A proxy tells it in ``X-Forwarded-For``, ``-Proto`` and ``-Host``, but so can anybody. They are
believed only of a peer that ``TPOD_TRUSTED_PROXIES`` names; by default, of none.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from tpod_core.config import get_settings

_UNKNOWN = "unknown"
Address = IPv4Address | IPv6Address


def client_address(scope: Scope) -> str:
    """Returns the address of whoever sent the request: the peer, or the client of a trusted proxy.

    IPv4 addresses that are written as IPv6 are returned as IPv4.
    """
    peer = str(scope["client"][0]) if scope.get("client") else _UNKNOWN
    return address_behind(peer, _values(scope, "X-Forwarded-For"))


def address_behind(peer: str, hops: Sequence[str]) -> str:
    """Returns what ``client_address`` does for a connection from ``peer``.

    Each proxy appends the address from which it was called to ``X-Forwarded-For``, whose values
    are ``hops``. Read from the right, the first one that is no trusted proxy's is the client's;
    what stands to its left may be made up.
    """
    nearest = _parsed(peer)
    if nearest is None:
        return peer
    for hop in reversed(hops):
        if not _is_trusted(nearest):
            break
        before = _parsed(hop)
        if before is None:
            break
        nearest = before
    return str(nearest)


def is_https(scope: Scope) -> bool:
    """Whether the browser called by HTTPS: us, or the trusted proxy before us."""
    scheme = str(scope.get("scheme", "http"))
    if is_from_trusted_proxy(scope) and (told := _values(scope, "X-Forwarded-Proto")):
        scheme = told[-1].lower()
    return scheme in ("https", "wss")


def host(scope: Scope) -> str:
    """Returns the host and port that the browser called: ours, or the trusted proxy's."""
    if is_from_trusted_proxy(scope) and (told := _values(scope, "X-Forwarded-Host")):
        return told[-1]
    return Headers(scope=scope).get("Host", "")


def is_from_trusted_proxy(scope: Scope) -> bool:
    """Whether the peer is a trusted proxy."""
    peer = _parsed(scope["client"][0]) if scope.get("client") else None
    return peer is not None and _is_trusted(peer)


def trust_no_other_proxies(middleware: Any = ProxyHeadersMiddleware) -> None:
    """Make uvicorn follow our rules: it sets the scheme of a request, and leaves the peer as it is.

    By itself uvicorn believes any peer on this host, and none that it sees as
    ``::ffff:127.0.0.1``. Streamlit, not we, configures it, so the method of its middleware is
    replaced.
    """

    async def call(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            plain = "http" if scope["type"] == "http" else "ws"
            scope["scheme"] = f"{plain}s" if is_https(scope) else plain
        await self.app(scope, receive, send)

    middleware.__call__ = call


def split_values(lines: Iterable[str]) -> list[str]:
    """Returns the values of a header that stands in one line or several, with commas between."""
    return [value.strip() for value in ",".join(lines).split(",") if value.strip()]


def _values(scope: Scope, name: str) -> list[str]:
    return split_values(Headers(scope=scope).getlist(name))


def _parsed(text: str) -> Address | None:
    """Returns an address that may have a port, as ``1.2.3.4:80`` or ``[::1]:80``."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in get_settings().trusted_proxies)

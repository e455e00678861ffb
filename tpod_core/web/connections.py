"""What the server does not set for its connections itself: short responses leave at once,
request headers must arrive in time, and only named proxies are believed."""

import asyncio
import os
import socket
from typing import Any

import psutil
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from tpod_core.web.forwarded import trust_no_other_proxies

HEADERS_WITHIN_S = 30.0


def prepare_server() -> None:
    """Prepare the server of this process; its sockets must be listening already."""
    disable_nagle()
    limit_header_time()
    trust_no_other_proxies()


def disable_nagle() -> None:
    """Turn off Nagle's algorithm for the connections of this process's listening sockets.

    Streamlit binds its socket without naming TCP, so asyncio does not do it, and the body of a
    short response waits about 40 ms for the browser to acknowledge the headers. Connections
    inherit the option from the socket that accepts them.
    Source: tcp(7), TCP_NODELAY; asyncio's ``base_events._set_nodelay``.
    """
    for connection in psutil.Process().net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN:
            with socket.socket(fileno=os.dup(connection.fd)) as listening:
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def limit_header_time(http: Any = AutoHTTPProtocol) -> None:
    """Close connections whose request headers take longer than ``HEADERS_WITHIN_S``.

    uvicorn limits only how long a connection may be silent between two requests. Streamlit, not
    we, chooses the class of its connections, so the methods of that class are wrapped.

    Args:
        http: uvicorn's class of HTTP connections, whose ``cycle`` is the latest request.
    """
    connection_made, data_received = http.connection_made, http.data_received

    def made(self: Any, transport: asyncio.Transport) -> None:
        connection_made(self, transport)
        self.header_deadline = _deadline(transport)

    def received(self: Any, data: bytes) -> None:
        data_received(self, data)
        if not _waits_for_headers(self):
            self.header_deadline.cancel()
        elif self.header_deadline.cancelled():  # another request begins on this connection
            self.header_deadline = _deadline(self.transport)

    http.connection_made, http.data_received = made, received


def _deadline(transport: asyncio.Transport) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(HEADERS_WITHIN_S, transport.close)


def _waits_for_headers(connection: Any) -> bool:
    is_upgraded = connection.transport.get_protocol() is not connection
    request = connection.cycle
    return not is_upgraded and (request is None or request.response_complete)

"""Sends short responses at once, by a socket option that the server does not set itself."""

import os
import socket

import psutil


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

"""Connections accepted by a listening socket inherit that answers leave at once."""

import socket

from tpod_core.web.nodelay import disable_nagle


def test_accepted_connection_does_not_wait_for_more_to_send() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        disable_nagle()
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

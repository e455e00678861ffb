"""The address of the client that sent a request."""

from starlette.types import Scope

UNKNOWN = "?"


def client_address(scope: Scope) -> str:
    """Returns the host of the connection's other end."""
    client = scope.get("client")
    return str(client[0]) if client else UNKNOWN

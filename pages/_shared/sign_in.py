"""Where people sign in and out, and who may pass."""

from urllib.parse import urlencode

from tpod_core.models import Role, User

SIGN_IN_PATH = "/sign-in"
SIGN_OUT_PATH = "/sign-out"


def sign_in_url(next_path: str = "/", **query: str) -> str:
    """Returns the address of the sign-in page that leads on to ``next_path``."""
    if next_path != "/":
        query["next"] = next_path
    return f"{SIGN_IN_PATH}?{urlencode(query)}" if query else SIGN_IN_PATH


def has_access(user: User | None) -> bool:
    """Whether ``user`` is signed in and has a role."""
    return user is not None and user.role is not Role.NONE

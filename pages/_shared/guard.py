"""The signed-in user of this screen."""

from html import escape
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages._shared.sign_in import has_access, sign_in_url
from tpod_core.log_context import current_request, set_user, start_script_run
from tpod_core.models import User
from tpod_core.web import cookie_session, forwarded

_OWN_HOST = "127.0.0.1"
"""For which Streamlit gives no address."""


def require_user() -> User:
    """Returns the signed-in user with access; otherwise says that they are signed out, and stops.

    Every call looks up the session's row, so a sign-out elsewhere takes effect at once. Visitors
    who were never signed in do not come so far: see ``pages/_sign_in/gate.py``.
    """
    user = find_user()
    if user is None or not has_access(user):
        _show_signed_out(user)
        st.stop()
    return user


def find_user_with_access() -> User | None:
    """The user who may act at this moment."""
    user = find_user()
    return user if has_access(user) else None


def find_user() -> User | None:
    """The user whose cookie the browser sent, whatever their role.

    From now on, the log names them and the page in every line of this script.
    """
    if current_request() is None:
        start_script_run(_client_address(), f"page {_path()}")
    user = cookie_session.find_user(st.context.cookies)
    set_user(user.username if user else "")
    return user


def _client_address() -> str:
    hops = forwarded.split_values(st.context.headers.get_all("X-Forwarded-For"))
    return forwarded.address_behind(st.context.ip_address or _OWN_HOST, hops)


def _show_signed_out(user: User | None) -> None:
    sentence = (
        "You are signed out." if user is None else "Your account no longer has access to TPOD."
    )
    url = escape(sign_in_url(_address()))
    st.html(f'<p role="alert">{sentence} <a href="{url}" target="_self">Sign in again</a></p>')


def _address() -> str:
    """Returns the path and query of the page that the browser shows."""
    query = urlencode(st.query_params.to_dict())
    return f"{_path()}?{query}" if query else _path()


def _path() -> str:
    return urlsplit(st.context.url or "").path or "/"

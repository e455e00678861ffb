"""The signed-in user of this screen."""

import streamlit as st

from pages._shared.sign_in import show_no_access, show_sign_in
from tpod_core.auth import COOKIE_NAME
from tpod_core.db import read_session
from tpod_core.models import Role, User
from tpod_core.services import users


def require_user() -> User:
    """Returns the signed-in user with access; otherwise shows the sign-in screen and stops.

    Every call looks up the session's row, so a sign-out elsewhere takes effect at once.
    """
    user = find_user()
    if user is None:
        show_sign_in()
        st.stop()
    if user.role is Role.NONE:
        show_no_access(user)
        st.stop()
    return user


def find_user() -> User | None:
    """The user whose cookie the browser sent, whatever their role."""
    secret = st.context.cookies.get(COOKIE_NAME)
    if not secret:
        return None
    with read_session() as session:
        return users.find_by_session(session, secret)

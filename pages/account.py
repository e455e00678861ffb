"""The user's own account: API tokens, password, sign out."""

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import escape_md, page_header
from pages._shared.sign_in import SIGN_OUT_PATH
from tpod_core.db import read_session, transaction
from tpod_core.models import User, saved_id
from tpod_core.passwords import MIN_LENGTH
from tpod_core.services import users

_WHEN = "%d %b %Y, %H:%M UTC"
# A plain form, because only an HTTP response can delete a cookie that scripts cannot read.
_SIGN_OUT_FORM = f"""<style>
.tpod-sign-out button {{ padding: .45rem .9rem; font: inherit; font-size: .875rem; color: inherit;
  background: transparent; border: 1px solid rgba(128,128,128,.35); border-radius: .5rem;
  cursor: pointer; }}
</style>
<form class="tpod-sign-out" method="post" action="{SIGN_OUT_PATH}" target="_self">
<button type="submit">Sign out</button></form>"""


def main() -> None:
    user = require_user()
    page_header("Account", f"Signed in as {escape_md(user.username)}.")
    left, right = st.columns(2, gap="large")
    with left:
        _show_tokens(user)
    with right:
        _show_password(user)
        st.subheader("Sign out", anchor=False)
        st.html(_SIGN_OUT_FORM)


def _show_tokens(user: User) -> None:
    st.subheader("Tokens", anchor=False)
    st.caption(
        "For programs that use the HTTP API: send `Authorization: Bearer <token>`. "
        "The API is described at [/api/v1/docs](/api/v1/docs)."
    )
    listed = st.container()
    _offer_token(user)
    with listed:  # filled last, so that it includes a new token
        _list_tokens(user)


def _list_tokens(user: User) -> None:
    with read_session() as session:
        tokens = users.list_tokens(session, user)
    for token in tokens:
        name, revoke = st.columns([4, 1], vertical_alignment="center")
        name.markdown(
            f"**{escape_md(token.name)}** · `{token.hint}…` · made {token.created_at:{_WHEN}}"
        )
        if revoke.button("Revoke", key=f"revoke-{token.id}", width="stretch"):
            with show_errors():
                with transaction() as session:
                    users.delete_token(session, user, saved_id(token))
                st.rerun()


def _offer_token(user: User) -> None:
    with st.form("new-token", clear_on_submit=True, border=True):
        name = st.text_input("What is the token for?", placeholder="nightly upload")
        if st.form_submit_button("Create token", type="primary"):
            with show_errors():
                with transaction() as session:
                    _, secret = users.create_token(session, user, name)
                st.success("Copy it now: it is not shown again.")
                st.code(secret, language=None)


def _show_password(user: User) -> None:
    st.subheader("Password", anchor=False)
    with st.form("password", clear_on_submit=True, border=True):
        warning = st.empty()
        old = st.text_input("Current password", type="password")
        new = st.text_input(f"New password (at least {MIN_LENGTH} characters)", type="password")
        if st.form_submit_button("Change password"):
            with show_errors():
                users.change_password(user, old, new)
                st.success("Changed. You have to sign in again in every browser.")
        warning.caption(f"Signs you out of every browser. {_tokens_end(user)}")


def _tokens_end(user: User) -> str:
    with read_session() as session:
        tokens = len(users.list_tokens(session, user))
    if not tokens:
        return ""
    return (
        f"Your {tokens} API tokens stop working." if tokens > 1 else "Your API token stops working."
    )


main()

"""The screens for visitors who are not signed in. Their forms are plain HTML that posts to the
API, because only an HTTP response can set a cookie that scripts cannot read."""

import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st

from tpod_core.auth import MIN_PASSWORD_LENGTH, is_signed, new_form_token
from tpod_core.db import read_session
from tpod_core.models import User
from tpod_core.services import users

_ACTION_URL = "/api/v1/auth/form/"
# As an image: Streamlit removes SVG elements from HTML.
_LOGO = "data:image/svg+xml;base64," + base64.b64encode(
    (Path(__file__).parent / "logo.svg").read_bytes()
).decode("ascii")
_STYLE = """
<style>
.tpod-auth img { display: block; height: 34px; width: auto; margin: 0 0 1.6rem -.2rem; }
.tpod-auth { max-width: 21rem; margin: 9vh auto 0; }
.tpod-auth h1 { font-size: 1.9rem; padding: 0; margin: 0 0 .35rem; letter-spacing: -.02em; }
.tpod-auth p { margin: 0 0 1.4rem; opacity: .8; line-height: 1.5; }
.tpod-auth label { display: block; font-size: .85rem; margin: .9rem 0 .3rem; }
.tpod-auth input:not([type=hidden]) {
  width: 100%; box-sizing: border-box; padding: .6rem .75rem; font: inherit; color: inherit;
  background: color-mix(in srgb, currentColor 5%, transparent);
  border: 1px solid rgba(128,128,128,.35); border-radius: .5rem; }
.tpod-auth input:focus { outline: 2px solid #2f6fed; outline-offset: 0; }
.tpod-auth button, .tpod-form button {
  width: 100%; margin-top: 1.4rem; padding: .65rem; border: 0; border-radius: .5rem;
  background: #2f6fed; color: #fff; font: inherit; font-weight: 600; cursor: pointer; }
.tpod-form button.quiet { width: auto; margin: 0; padding: .45rem .9rem; font-weight: 400;
  font-size: .875rem; background: transparent; color: inherit;
  border: 1px solid rgba(128,128,128,.35); }
.tpod-auth .problem { background: rgba(220,53,69,.12); border: 1px solid rgba(220,53,69,.4);
  border-radius: .5rem; padding: .6rem .75rem; margin: 0 0 .6rem; opacity: 1; }
.tpod-auth a { color: inherit; }
</style>
"""


@dataclass(frozen=True)
class _AuthForm:
    """One form: the route that it posts to, and its texts."""

    action: str
    title: str
    sentence: str
    button: str
    new_password: bool = False
    footer: str = ""


_SETUP = _AuthForm(
    "setup",
    "Welcome to TPOD",
    "Nobody has an account yet. Create the administrator, who gives access to the others.",
    "Create administrator",
    new_password=True,
)
_REGISTER = _AuthForm(
    "register",
    "Ask for an account",
    "Choose a name and a password. An administrator then gives you access.",
    "Create account",
    new_password=True,
    footer='<p><br>Have an account? <a href="/" target="_self">Sign in</a></p>',
)
_SIGN_IN = _AuthForm(
    "login",
    "Sign in",
    "Turn videos into object detectors.",
    "Sign in",
    footer='<p><br>New here? <a href="/?form=register" target="_self">Ask for an account</a></p>',
)


def show_sign_in() -> None:
    """Show the set-up form on the first visit, later the sign-in or the registration form."""
    with read_session() as session:
        first_visit = not users.has_any(session)
    form = st.query_params.get("form")
    _show(_SETUP if first_visit else _REGISTER if form == "register" else _SIGN_IN)


def show_no_access(user: User) -> None:
    """Tell a user without a role to ask for access."""
    st.html(
        f"{_STYLE}<div class='tpod-auth'><img src='{_LOGO}' alt='TPOD'>"
        f"<h1>Almost there, {escape(user.username)}</h1>"
        "<p>Your account has no access yet. Ask an administrator to give you a role, then "
        f"reload this page.</p>{sign_out_form()}</div>"
    )


def sign_out_form() -> str:
    """The HTML of a button that signs this browser out."""
    return (
        f"{_STYLE}<form class='tpod-form' method='post' action='{_ACTION_URL}logout' "
        f"target='_self'>{_hidden_token()}"
        "<button class='quiet' type='submit'>Sign out</button></form>"
    )


def _show(form: _AuthForm) -> None:
    problem = st.query_params.get("problem", "")
    # Only sealed sentences: a link from a stranger must not show a text of their own.
    is_ours = bool(problem) and is_signed(problem, st.query_params.get("seal", ""))
    problem_html = f"<p class='problem' role='alert'>{escape(problem)}</p>" if is_ours else ""
    hint = f" (at least {MIN_PASSWORD_LENGTH} characters)" if form.new_password else ""
    username = st.query_params.get("username", "") if is_ours else ""
    completion = "new-password" if form.new_password else "current-password"
    st.html(
        f"""{_STYLE}<div class="tpod-auth"><img src="{_LOGO}" alt="TPOD">
<h1>{form.title}</h1><p>{form.sentence}</p>{problem_html}
<form method="post" action="{_ACTION_URL}{form.action}" target="_self">{_hidden_token()}
<label for="username">User name</label>
<input id="username" name="username" value="{escape(username)}" autocomplete="username" required
maxlength="150">
<label for="password">Password{hint}</label>
<input id="password" name="password" type="password" autocomplete="{completion}" required>
<button type="submit">{form.button}</button></form>{form.footer}</div>"""
    )


def _hidden_token() -> str:
    return f"<input type='hidden' name='form_token' value='{new_form_token()}'>"

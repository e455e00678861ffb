"""For administrators: accounts, and the state of the installation."""

import platform
import shutil

import streamlit as st
from humanize import naturalsize
from streamlit.delta_generator import DeltaGenerator

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import escape_md, page_header
from pages._shared.paged_list import page_buttons, read_page, search_field
from tpod_core import __version__
from tpod_core.db import read_session, transaction
from tpod_core.errors import NotAllowed
from tpod_core.models import Role, User, saved_id
from tpod_core.services import overview, users
from tpod_core.storage import get_storage

_ROLE_WORDS = {Role.NONE: "no access", Role.USER: "user", Role.ADMIN: "administrator"}


def main() -> None:
    user = require_user()
    page_header("Administration", "Accounts and the state of this installation.")
    with show_errors():
        if user.role is not Role.ADMIN:
            raise NotAllowed("Only an administrator may see this page.")
        _show_installation()
        _show_users()


def _show_installation() -> None:
    with read_session() as session:
        queues = overview.queues(session)
    storage = get_storage()
    total = shutil.disk_usage(storage.root).total
    disk, default, background, low, version = st.columns(5)
    _metric(disk, "Free disk", naturalsize(storage.free_bytes()), f"of {naturalsize(total)}")
    for column, name, title in (
        (default, "default", "Imports and sets"),
        (background, "background", "In the background"),
        (low, "low", "Trainings"),
    ):
        counts = queues[name]
        _metric(column, title, f"{counts['running']} running", f"{counts['queued']} waiting")
    _metric(version, "TPOD", __version__, f"Python {platform.python_version()}")


def _metric(column: DeltaGenerator, title: str, value: str, detail: str) -> None:
    column.metric(title, value, detail, "off", delta_arrow="off", border=True)


def _show_users() -> None:
    st.subheader("Accounts", anchor=False)
    query = search_field("accounts")
    with read_session() as session:
        waiting = users.count_waiting(session)
        found = read_page(
            "accounts",
            lambda offset, limit: users.list_users(session, query, offset=offset, limit=limit),
        )
    if waiting:
        st.info(f"{waiting:,} waiting for access: give them a role below.")
    for account in found.rows:
        _show_user(account)
    if not found.rows:
        st.info(f"No account has “{escape_md(query)}” in its name. Empty the search to see all.")
    page_buttons("accounts", found.count)


def _show_user(account: User) -> None:
    number = saved_id(account)
    with st.container(border=True):
        name, role, active = st.columns([3, 2, 1], vertical_alignment="center")
        name.markdown(
            f"**{escape_md(account.username)}**  \n:gray[since {account.created_at:%d %b %Y}]"
        )
        roles = list(Role)
        chosen = role.selectbox(
            "Role",
            roles,
            roles.index(account.role),
            format_func=lambda value: _ROLE_WORDS[value],
            label_visibility="collapsed",
            key=f"role-{number}-{account.role}",  # a new widget if changed elsewhere
        )
        on = active.toggle(
            "Active",
            account.active,
            key=f"active-{number}-{account.active}",
            help="Switching an account off signs the person out and deletes their API tokens.",
        )
        if (chosen, on) != (account.role, account.active):
            with show_errors():
                with transaction() as session:
                    users.change_user(session, number, chosen, on)
                st.rerun()


main()

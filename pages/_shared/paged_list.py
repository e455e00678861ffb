"""Long lists, a page at a time."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from tpod_core import access
from tpod_core.access import Owned
from tpod_core.db import read_session
from tpod_core.listing import MAX_SEARCH_LENGTH, Listing
from tpod_core.models import User

PAGE_SIZE = 30
Row = TypeVar("Row")


def read_page(key: str, read: Callable[[int, int], Listing[Row]]) -> Listing[Row]:
    """Returns the current page of the list ``key``, or its last one if it has become shorter.

    Args:
        read: returns the rows from an offset, at most so many.
    """
    found = read(_page(key) * PAGE_SIZE, PAGE_SIZE)
    if not found.rows and found.count:
        st.session_state[_state(key)] = (found.count - 1) // PAGE_SIZE
        found = read(_page(key) * PAGE_SIZE, PAGE_SIZE)
    return found


def newest_page(user: User, table: type[Owned], name: str = "") -> Listing[Owned]:
    """Returns the current page of the rows that ``user`` may access, newest first.

    The list's key is the name of the table.
    """
    with read_session() as session:
        return read_page(
            str(table.__tablename__),
            lambda offset, limit: access.newest(
                session, user, table, name=name, offset=offset, limit=limit
            ),
        )


def search_field(key: str) -> str:
    """Show a field that searches the list ``key``, from its first page; returns what to find."""
    return st.text_input(
        "Search",
        placeholder="Search by name",
        max_chars=MAX_SEARCH_LENGTH,
        label_visibility="collapsed",
        key=f"{key}_search",
        on_change=_first_page,
        args=(key,),
    )


def page_buttons(key: str, count: int) -> None:
    """Show which rows of ``count`` are shown, and the way to the others, if there are any."""
    if count <= PAGE_SIZE:
        return
    first = _page(key) * PAGE_SIZE
    last = min(first + PAGE_SIZE, count)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Previous",
            icon=":material/chevron_left:",
            key=f"{key}-previous",
            disabled=first == 0,
            on_click=_turn,
            args=(key, -1),
        )
        st.button(
            "Next",
            icon=":material/chevron_right:",
            key=f"{key}-next",
            disabled=last == count,
            on_click=_turn,
            args=(key, 1),
        )
        st.caption(f"{first + 1:,} to {last:,} of {count:,}")


def _first_page(key: str) -> None:
    st.session_state[_state(key)] = 0


def _turn(key: str, by: int) -> None:
    st.session_state[_state(key)] = max(0, _page(key) + by)


def _page(key: str) -> int:
    return int(st.session_state.get(_state(key), 0))


def _state(key: str) -> str:
    return f"{key}-page"

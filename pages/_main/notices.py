"""Notices above every screen while the installation itself needs attention."""

import streamlit as st

from pages._shared.acting import fragment
from pages._shared.page import escape_md
from tpod_core.health import nearly_full_sentence, queue_watch
from tpod_core.models import User

_LOOK_AGAIN_S = 10


def show_notices() -> None:
    """Say that the disk is nearly full or that the queue does not work, for as long as it is so."""
    if _messages():
        with st.container(key="notices"):
            fragment(_show, _LOOK_AGAIN_S)()


def _show(_: User) -> None:
    for message in _messages():
        st.warning(escape_md(message), icon=":material/warning:")


def _messages() -> list[str]:
    return [message for message in (nearly_full_sentence(), queue_watch.message) if message]

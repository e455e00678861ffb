"""From an error to a sentence on the screen: the page door."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, StopException

from pages._shared.page import plain
from tpod_core.errors import TpodError
from tpod_core.log import get_logger

_log = get_logger("pages")


@contextmanager
def show_errors() -> Iterator[None]:
    """Show what went wrong where it went wrong; the rest of the page goes on."""
    try:
        yield
    except (RerunException, StopException):
        raise
    except TpodError as error:
        st.error(plain(error.message))
    except Exception:
        _log.exception("a page failed")
        st.error("Something went wrong on our side. Reload the page; the log has the details.")

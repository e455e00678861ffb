"""Shows errors of a page as sentences on the screen."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, StopException

from pages._shared.page import escape_md
from tpod_core.errors import TpodError
from tpod_core.log import get_logger
from tpod_core.storage import full_disk_in

_UNEXPECTED = "Something went wrong on our side. Reload the page; the log has the details."
_log = get_logger("pages")


@contextmanager
def show_errors() -> Iterator[None]:
    """Show an error in place; the rest of the page still renders."""
    try:
        yield
    except (RerunException, StopException):
        raise
    except TpodError as error:
        st.error(escape_md(error.message))
    except Exception as error:
        _log.exception("a page failed")
        full = full_disk_in(error)
        st.error(escape_md(full.message) if full else _UNEXPECTED)

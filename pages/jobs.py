"""The list of background jobs, with their progress and a button that cancels each."""

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.job_list import job_list
from pages._shared.page import empty_state, page_header
from tpod_core.db import read_session
from tpod_core.services import jobs

REFRESH_S = 2.0
MAX_SHOWN = 50


def main() -> None:
    require_user()
    page_header("Jobs", "What runs in the background, newest first. Jobs survive a restart.")
    _show()


@st.fragment(run_every=REFRESH_S)
def _show() -> None:
    user = require_user()
    with show_errors():
        with read_session() as session:
            found = jobs.list_jobs(session, user, limit=MAX_SHOWN)
        if found.jobs:
            job_list(found.jobs)
        else:
            empty_state("Nothing yet", "Imports, builds and trainings will be listed here.")
        if found.count > MAX_SHOWN:
            st.caption(f"{found.count - MAX_SHOWN} older jobs are not shown.")


main()

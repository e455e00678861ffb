"""The list of background jobs, with their progress and a button that cancels each."""

from pages._shared.acting import fragment
from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.job_list import job_list
from pages._shared.page import empty_state, page_header
from pages._shared.paged_list import newest_page, page_buttons
from tpod_core.models import Job, User

REFRESH_S = 2.0


def main() -> None:
    require_user()
    page_header("Jobs", "What runs in the background, newest first. Jobs survive a restart.")
    fragment(_show, REFRESH_S)()


def _show(user: User) -> None:
    with show_errors():
        found = newest_page(user, Job)
        if found.rows:
            job_list(found.rows)
        else:
            empty_state("Nothing yet", "Imports, builds and trainings will be listed here.")
        page_buttons("jobs", found.count)


main()

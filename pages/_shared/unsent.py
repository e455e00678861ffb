"""Edits that wait in this browser: sent from every page, counted on Home."""

from pages._shared.component import script_component
from tpod_core.models import User

_sender = script_component("tpod_unsent_sender", "_labeling/unsent_sender.js", "<span></span>")
_notice = script_component(
    "tpod_unsent_notice", "_labeling/unsent_notice.js", '<div class="unsent"></div>'
)


def send(user: User) -> None:
    """Let the browser save what a labelling screen in it left behind."""
    _sender(key="unsent-sender", data={"id": user.id, "username": user.username})


def show_count(user: User) -> None:
    """Say how many edits wait in this browser, if any do."""
    _notice(key="unsent-notice", data={"username": user.username}, height="content")

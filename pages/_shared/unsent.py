"""Unsent edits in this browser: sent from every page, counted on the Home page."""

from pages._shared.component import script_component
from tpod_core.models import User

_sender = script_component("tpod_unsent_sender", "_labeling/unsent_sender.js", "<span></span>")
_notice = script_component(
    "tpod_unsent_notice", "_labeling/unsent_notice.js", '<div class="unsent"></div>'
)


def send(user: User) -> None:
    """Have the browser send the edits that a labelling screen left in it."""
    _sender(key="unsent-sender", data={"id": user.id, "username": user.username})


def show_count(user: User) -> None:
    """Show the number of unsent edits in this browser, if there are any."""
    _notice(key="unsent-notice", data={"username": user.username}, height="content")

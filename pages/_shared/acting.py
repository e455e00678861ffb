"""Parts of a page that run by themselves, and acts of its widgets, for whoever is there then.

Streamlit runs fragments and callbacks without the page around them. The user whom the page looked
up when it ran may since have signed out, or lost their role.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import streamlit as st

from pages._shared.guard import find_user_with_access, require_user
from tpod_core.models import User

P = ParamSpec("P")


def fragment(
    show: Callable[Concatenate[User, P], Any], run_every: float | None = None
) -> Callable[P, None]:
    """As ``st.fragment``; each run looks up the user, whom ``show`` gets as its first argument.

    Args:
        run_every: seconds between runs; by default, only its widgets make it run again.
    """

    @wraps(show)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        show(require_user(), *args, **kwargs)

    return st.fragment(run, run_every=run_every)


def as_user(act: Callable[Concatenate[User, P], Any]) -> Callable[P, None]:
    """Returns ``act`` as the callback of a widget, with the user of that moment as its first
    argument. Without one nothing is done, and the page, which runs next, says so.
    """

    @wraps(act)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        user = find_user_with_access()
        if user is not None:
            act(user, *args, **kwargs)

    return run

"""Ties between a parent process and its child that hold however either of them ends."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> Callable[[], None]:
    """A function for the child to call first: the kernel then kills it when its parent dies.

    Called in the parent, before the fork, so that the child need not load anything. Linux
    only; elsewhere an orphan ends when it finds its lease taken. Source: prctl(2).
    """
    parent = os.getpid()
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we were tied to it
            os.kill(os.getpid(), signal.SIGKILL)

    return tie

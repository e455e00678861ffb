"""Makes a child process die with its parent, however the parent ends."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> Callable[[], None]:
    """Returns a function for the child to call first: the kernel then kills it with its parent.

    Call this in the parent, before the fork, so that the child need not load anything. Linux
    only; on other systems an orphan ends when it has lost its lease. Source: prctl(2).
    """
    parent = os.getpid()
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def request_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the call
            os.kill(os.getpid(), signal.SIGKILL)

    return request_signal

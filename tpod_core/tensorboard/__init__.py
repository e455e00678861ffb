"""TensorBoard behind our own sign-in.

    browser ──▶ our route ──▶ TensorBoards ──starts, watches──▶ a process per detector

A process listens on loopback under a path that nobody can guess: other accounts of the host
can reach the port, but not what it shows. It ends when it is idle, when too many others are
wanted, and, however that comes about, with the app.
"""

from tpod_core.tensorboard.pool import TensorBoards, get_tensorboards

__all__ = ["TensorBoards", "get_tensorboards"]

"""Serves TensorBoard behind our own sign-in.

    browser ──▶ our route ──▶ TensorBoards ──starts, watches──▶ a process per detector

A process listens on loopback under a random path: other accounts of the host can reach the port
but not its pages. It ends when it is idle, when newer ones need its place, and with the app,
however the app ends.
"""

from tpod_core.tensorboard.pool import TensorBoards, get_tensorboards

__all__ = ["TensorBoards", "get_tensorboards"]

"""Keeps what TPOD writes readable by the account that runs it alone."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from tpod_core.log import get_logger

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_log = get_logger(__name__)


def make_new_files_private() -> None:
    """Have this process, and those that it starts, create files for their owner alone.

    Every program calls it before it writes its first file.
    """
    os.umask(_OTHERS)


def make_private(path: Path) -> None:
    """Take the rights of other accounts on a file or directory away; a missing one is ignored.

    Where that must not be or fails, the log says so.
    """
    with suppress(FileNotFoundError):
        if path.stat().st_mode & _OTHERS:
            _tell(path, _reason_to_leave(path) or _narrow(path))


def _tell(path: Path, refusal: str) -> None:
    if not refusal:
        _log.warning("%s was open to other accounts of this host; now it is its owner's", path)
    else:
        _log.warning(
            "%s stays open to other accounts of this host (%s). Take their rights away, or keep "
            "it elsewhere.",
            path,
            refusal,
        )


def _reason_to_leave(path: Path) -> str:
    """Returns why the rights are not ours to change; empty if they are."""
    status = path.stat()
    if status.st_uid != os.geteuid():
        return "it belongs to another account"
    if status.st_mode & stat.S_ISVTX:
        return "it is a directory for everybody, such as /tmp"
    return ""


def _narrow(path: Path) -> str:
    """Returns why the rights cannot be changed; empty if they are."""
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
    except FileNotFoundError:
        raise
    except OSError as error:
        return error.strerror or str(error)
    return "its volume keeps no such rights" if path.stat().st_mode & _OTHERS else ""

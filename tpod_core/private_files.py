"""Keeps what TPOD writes readable by the account that runs it alone."""

import os
import stat
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

    Where that fails, as on shared volumes that keep no such rights, the log says so.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if not mode & _OTHERS:
            return
        path.chmod(mode & ~_OTHERS)
        refusal = "its volume keeps no such rights" if path.stat().st_mode & _OTHERS else None
    except FileNotFoundError:
        return
    except OSError as error:
        refusal = error.strerror
    if refusal is None:
        _log.warning("%s was open to other accounts of this host; now it is its owner's", path)
    else:
        _log.warning(
            "%s stays open to other accounts of this host (%s). Take their rights away, or keep "
            "it elsewhere.",
            path,
            refusal,
        )

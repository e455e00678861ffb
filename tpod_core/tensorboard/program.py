"""``python -m tpod_core.tensorboard.program DIRECTORY`` runs one TensorBoard.

It reads the prefix of its paths from the first line of standard input, because every account of
the host can read the arguments of a process. It writes its port to standard output when it is
ready, and ends when standard input does: that is a pipe from the app, which the kernel closes
however the app ends.
"""

import logging
import os
import sys
from urllib.parse import urlsplit

from tensorboard import default, program
from tensorboard.util import tb_logging


def main(directory: str) -> None:
    prefix = sys.stdin.readline().strip()
    tb_logging.get_logger().setLevel(logging.ERROR)
    tensorboard = program.TensorBoard(default.get_plugins())
    tensorboard.configure(
        logdir=directory,
        path_prefix=prefix,
        host="127.0.0.1",
        port=0,
        load_fast="false",
        reload_interval=5.0,
    )
    port = urlsplit(tensorboard.launch()).port
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)  # its threads would go on serving


if __name__ == "__main__":
    main(*sys.argv[1:])

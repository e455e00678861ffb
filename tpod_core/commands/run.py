"""Serve TPOD: the screens, the HTTP API, and the workers that come with them."""

import argparse
import os
import sys
from typing import NoReturn

from tpod_core.config import APP_DIR


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, help="the port to listen on (default: 8501)")
    parser.add_argument(
        "--address", help="the address to listen on, e.g. 127.0.0.1 (default: all of this host's)"
    )


def run(arguments: argparse.Namespace) -> NoReturn:
    """Become Streamlit, so that Ctrl-C and the exit status are its own."""
    command = streamlit_command(arguments.port, arguments.address)
    os.execv(command[0], command)  # noqa: S606 - our own Python and words, and no shell is wanted


def streamlit_command(port: int | None, address: str | None) -> tuple[str, ...]:
    """``streamlit run`` on our app, which finds ``.streamlit/config.toml`` beside it.

    Without ``-P``, modules of the working directory would hide our own.
    """
    options = {"--server.port": port, "--server.address": address}
    flags = (f"{name}={value}" for name, value in options.items() if value is not None)
    app = APP_DIR / "app.py"
    return (sys.executable, "-P", "-m", "streamlit", "run", str(app), *flags)

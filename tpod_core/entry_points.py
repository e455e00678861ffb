"""The entry points of the programs ``tpod`` and ``tpod-worker``."""

import argparse
import sys
from importlib import import_module
from pkgutil import iter_modules

from tpod_core import __version__, commands
from tpod_core.config import APP_DIR
from tpod_core.private_files import make_new_files_private


def tpod() -> int:
    """Run the command of the command line; returns its exit status."""
    make_new_files_private()
    parser = argparse.ArgumentParser(
        prog="tpod", description="TPOD turns videos into object detectors, in the browser."
    )
    parser.add_argument("--version", action="version", version=f"TPOD {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for module_info in iter_modules(commands.__path__):
        command = import_module(f"{commands.__name__}.{module_info.name}")
        about = command.__doc__ or ""
        subparser = subparsers.add_parser(
            module_info.name, help=about.partition("\n")[0], description=about
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    arguments = parser.parse_args(sys.argv[1:] or ["--help"])
    status: int = arguments.run(arguments)
    return status


def tpod_worker() -> int:
    """Serve the queue of the command line; returns the exit status."""
    sys.path.insert(0, str(APP_DIR))  # an installed TPOD keeps its workers there
    from workers.main import main  # noqa: PLC0415

    return main()

"""Sets up logging: one format on standard error, one logger tree named ``tpod``."""

import logging

LOGGER_NAME = "tpod"


def setup_logging(level: str) -> None:
    """Attach the process's only handler to the ``tpod`` tree; later calls only set the level."""
    root = logging.getLogger(LOGGER_NAME)
    root.setLevel(level.upper())
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(process)d] %(message)s")
        )
        root.addHandler(handler)
        root.propagate = False


def get_logger(name: str) -> logging.Logger:
    """Returns the logger of a module: ``get_logger(__name__)``."""
    return logging.getLogger(f"{LOGGER_NAME}.{name.removeprefix('tpod_core.')}")

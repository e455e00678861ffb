"""Ultralytics kept to itself: no network, no telemetry, no files outside the data directory.

Ultralytics reads its environment once, at import; so ``configure()`` comes before it.
"""

import os
import shutil
from pathlib import Path

from tpod_core.config import Settings, get_settings

# Its plots draw class names in Arial and download it where it is missing, even when no plot
# is asked for; DejaVu (matplotlib's own) holds more scripts than Arial does.
_FONTS = ("Arial.ttf", "Arial.Unicode.ttf")
_QUIET = (
    "sync",
    "clearml",
    "comet",
    "dvc",
    "mlflow",
    "raytune",
    "tensorboard",
    "wandb",
    "vscode_msg",
    "openvino_msg",
)


def configure() -> None:
    """Prepare the environment, the configuration directory and the settings of Ultralytics."""
    settings = get_settings()
    root = settings.data_dir.absolute() / "ultralytics"
    os.environ |= {
        "YOLO_CONFIG_DIR": str(root),
        "YOLO_OFFLINE": "1",
        "YOLO_AUTOINSTALL": "False",
        "ULTRALYTICS_SAFE_LOAD": "1",
        # Its progress bars would fill the job's log, which has our own line for every epoch.
        "YOLO_VERBOSE": "False",
        # matplotlib and torch keep caches; the home directory of a service may not be writable.
        "MPLCONFIGDIR": str(root / "matplotlib"),
    }
    _place_fonts(root / "Ultralytics")
    _write_settings(settings, root)


def _place_fonts(directory: Path) -> None:
    from matplotlib import get_data_path  # noqa: PLC0415 - reads MPLCONFIGDIR

    source = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    directory.mkdir(parents=True, exist_ok=True)
    for name in _FONTS:
        if not (directory / name).exists():
            part = directory / f"{name}.{os.getpid()}.part"
            shutil.copyfile(source, part)
            part.replace(directory / name)


def _write_settings(settings: Settings, root: Path) -> None:
    from ultralytics import settings as theirs  # noqa: PLC0415 - reads our environment

    wanted = dict.fromkeys(_QUIET, False) | {
        "weights_dir": str(settings.resolved_weights_dir),
        "runs_dir": str(root / "runs"),
        "datasets_dir": str(root / "datasets"),
    }
    if any(theirs.get(key) != value for key, value in wanted.items()):
        theirs.update(wanted)

"""Configures Ultralytics: no network, no telemetry, no files outside the data directory.

Ultralytics reads its environment once, at import: call ``configure()`` before importing it.
"""

import os
import shutil
from pathlib import Path

from tpod_core.config import Settings, get_settings

# Ultralytics draws class names in Arial and downloads it where it is missing, even when plots
# are switched off. DejaVu, which matplotlib ships, covers more scripts than Arial.
_FONTS = ("Arial.ttf", "Arial.Unicode.ttf")
_DISABLED_SETTINGS = (
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
    """Set Ultralytics' environment variables, fonts and settings."""
    settings = get_settings()
    root = settings.data_dir.absolute() / "ultralytics"
    os.environ |= {
        "YOLO_CONFIG_DIR": str(root),
        "YOLO_OFFLINE": "1",
        "YOLO_AUTOINSTALL": "False",
        "ULTRALYTICS_SAFE_LOAD": "1",
        # Its progress bars would fill the job's log, which has one line of ours per epoch.
        "YOLO_VERBOSE": "False",
        # matplotlib and torch keep caches; the home directory of a service may not be writable.
        "MPLCONFIGDIR": str(root / "matplotlib"),
    }
    _install_fonts(root / "Ultralytics")
    _write_settings(settings, root)


def _install_fonts(directory: Path) -> None:
    from matplotlib import get_data_path  # noqa: PLC0415 - reads MPLCONFIGDIR

    source = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    directory.mkdir(parents=True, exist_ok=True)
    for name in _FONTS:
        if not (directory / name).exists():
            part = directory / f"{name}.{os.getpid()}.part"
            shutil.copyfile(source, part)
            part.replace(directory / name)


def _write_settings(settings: Settings, root: Path) -> None:
    from ultralytics import settings as ultralytics_settings  # noqa: PLC0415 - reads our environment

    wanted = dict.fromkeys(_DISABLED_SETTINGS, False) | {
        "weights_dir": str(settings.resolved_weights_dir),
        "runs_dir": str(root / "runs"),
        "datasets_dir": str(root / "datasets"),
    }
    if any(ultralytics_settings.get(key) != value for key, value in wanted.items()):
        ultralytics_settings.update(wanted)

"""Published weights to start a training from: a local file, else a download, else none."""

import re
import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tpod_core.config import Settings
from tpod_core.log import get_logger
from tpod_core.storage import sha256_of

_TIMEOUT_S = 15
_MIN_BYTES = 100_000
_DIGEST_IN_NAME = re.compile(r"-([0-9a-f]{8})\.pth$")
"""torchvision's names end in the first eight digits of the file's sha256."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Start:
    """Where a training starts; ``warning`` says why it is at random although it need not be."""

    weights: Path | None
    warning: str = ""


def resolve_start(url: str, settings: Settings) -> Start:
    """The weights file that ``url`` names, fetched if need be and allowed. Never raises."""
    if not url:
        return Start(
            None,
            "Started from random weights, for there are no published ones for this family: "
            "it needs more frames and epochs than others.",
        )
    filename = url.rpartition("/")[2]
    local = settings.resolved_weights_dir / filename
    if local.is_file():
        return Start(local)
    how_to_help = f"Put {filename} into {local.parent} to start from published weights."
    if not settings.weights_download:
        return Start(
            None, f"Started from random weights, for {filename} is not here. {how_to_help}"
        )
    try:
        _download(url, local)
    except OSError as error:
        _log.warning("cannot fetch %s: %s", filename, error)
        return Start(
            None,
            f"Started from random weights, for {filename} could not be downloaded. {how_to_help}",
        )
    return Start(local)


def _download(url: str, target: Path) -> None:
    """Raises: OSError when the file cannot be had whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{uuid4().hex[:8]}.part")
    try:
        # The addresses are those of our families; nobody's request names one.
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, part.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
            expected = int(answer.headers.get("Content-Length", 0))
        size = part.stat().st_size
        if size < _MIN_BYTES or (expected and size != expected):
            raise OSError(f"{size} of {expected} bytes came")
        digest = _DIGEST_IN_NAME.search(target.name)
        if digest and not sha256_of(part).startswith(digest[1]):
            raise OSError("other bytes came than its name promises")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

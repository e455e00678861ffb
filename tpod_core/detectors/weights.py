"""Find published weights to start a training from: a local file, else a download, else none."""

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
class InitialWeights:
    """The weights file to start from; ``None`` is random, and ``warning`` then says why."""

    weights: Path | None
    warning: str = ""


def resolve_weights(url: str, settings: Settings) -> InitialWeights:
    """Find the weights of ``url`` locally, or download them if that is allowed.

    Never raises: without weights the training starts from random ones, with a warning.
    """
    if not url:
        return InitialWeights(
            None,
            "Started from random weights, because none are published for this family: "
            "it needs more frames and epochs than others.",
        )
    filename = url.rpartition("/")[2]
    local = settings.resolved_weights_dir / filename
    if local.is_file():
        return InitialWeights(local)
    how_to_help = f"Put {filename} into {local.parent} to start from published weights."
    if not settings.weights_download:
        return InitialWeights(
            None, f"Started from random weights, because {filename} is missing. {how_to_help}"
        )
    try:
        _download(url, local)
    except OSError as error:
        _log.warning("cannot fetch %s: %s", filename, error)
        return InitialWeights(
            None,
            f"Started from random weights, because {filename} could not be downloaded. "
            f"{how_to_help}",
        )
    return InitialWeights(local)


def _download(url: str, target: Path) -> None:
    """Raises: OSError if the file cannot be downloaded completely."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{uuid4().hex[:8]}.part")
    try:
        # The URL is one of our families'; it never comes from a request.
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, part.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
            expected = int(answer.headers.get("Content-Length", 0))
        size = part.stat().st_size
        if size < _MIN_BYTES or (expected and size != expected):
            raise OSError(f"received {size} of {expected} bytes")
        digest = _DIGEST_IN_NAME.search(target.name)
        if digest and not sha256_of(part).startswith(digest[1]):
            raise OSError("the contents do not match the digest in the file's name")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

"""An uploaded file made ready: its frame index, and a rewritten file where it needs one."""

from dataclasses import replace
from pathlib import Path

from tpod_core.errors import NotAVideo
from tpod_core.video.index import FrameIndex
from tpod_core.video.normalize import normalize
from tpod_core.video.probe import VideoProbe, probe
from tpod_core.video.scan import Publish, Scan, Watch, scan
from tpod_core.video.seek_check import frames_are_found

NOT_FOUND_AGAIN = "frames are not found again where the file says they are"


def scan_and_check(
    source: Path, described: VideoProbe, watch: Watch, publish: Publish | None = None
) -> Scan:
    """Index ``source`` and try the index. Raises as ``scan`` does."""
    scanned = scan(source, described, watch, publish)
    if scanned.faults or frames_are_found(source, scanned.index, watch):
        return scanned
    # Perhaps several threads decoded something differently after all: one is the truth.
    scanned = scan(source, described, watch, publish, threads=1)
    if scanned.faults or frames_are_found(source, scanned.index, watch):
        return scanned
    return replace(scanned, faults=(NOT_FOUND_AGAIN,))


def rewrite(source: Path, target: Path, scanned: Scan, watch: Watch) -> FrameIndex:
    """Write ``source`` anew as ``target``, because of its faults.

    Returns: the index of ``target``, for the same frames by the same numbers.
    Raises: NotAVideo if that fails.
    """
    normalize(source, target, scanned, watch)
    rewritten = scan_and_check(target, probe(target), watch)
    if rewritten.faults or len(rewritten.index) != len(scanned.index):
        raise NotAVideo(
            "The file is damaged, and rewriting it failed. Convert it to MP4 (H.264) with "
            "another program and upload that."
        )
    return replace(rewritten.index, orientation=scanned.index.orientation)

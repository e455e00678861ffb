"""Prepares an uploaded file: indexes its frames, and rewrites it where seeking fails."""

from dataclasses import replace
from pathlib import Path

from tpod_core.errors import NotAVideo
from tpod_core.video.index import FrameIndex
from tpod_core.video.normalize import normalize
from tpod_core.video.probe import VideoProbe, probe
from tpod_core.video.scan import ProgressMonitor, Publish, Scan, scan
from tpod_core.video.seek_check import frames_are_found

NOT_FOUND_AGAIN = "frames are not found again where the file says they are"


def scan_and_check(
    source: Path, probed: VideoProbe, monitor: ProgressMonitor, publish: Publish | None = None
) -> Scan:
    """Index ``source`` and check the index by seeking. Raises: as ``scan``."""
    scanned = scan(source, probed, monitor, publish)
    if scanned.faults or frames_are_found(source, scanned.index, monitor):
        return scanned
    # Several threads may have decoded something differently; one thread is the reference.
    scanned = scan(source, probed, monitor, publish, threads=1)
    if scanned.faults or frames_are_found(source, scanned.index, monitor):
        return scanned
    return replace(scanned, faults=(NOT_FOUND_AGAIN,))


def rewrite(source: Path, target: Path, scanned: Scan, monitor: ProgressMonitor) -> FrameIndex:
    """Re-encode a faulty ``source`` as ``target``.

    Returns: the index of ``target``, with the same frames under the same numbers.
    Raises: NotAVideo if that fails.
    """
    normalize(source, target, scanned, monitor)
    rewritten = scan_and_check(target, probe(target), monitor)
    if rewritten.faults or len(rewritten.index) != len(scanned.index):
        raise NotAVideo(
            "The file is damaged, and rewriting it failed. Convert it to MP4 (H.264) with "
            "another program and upload that."
        )
    return replace(rewritten.index, orientation=scanned.index.orientation)

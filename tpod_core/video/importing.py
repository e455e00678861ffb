"""An uploaded file made ready: its frame index, and a rewritten file where it needs one."""

from dataclasses import dataclass, replace
from pathlib import Path

from tpod_core.video.index import FrameIndex
from tpod_core.video.normalize import normalize
from tpod_core.video.probe import VideoProbe, probe
from tpod_core.video.scan import Scan, Watch, scan
from tpod_core.video.seek_check import frames_are_found

NOT_FOUND_AGAIN = "frames are not found again where the file says they are"


def scan_and_check(source: Path, described: VideoProbe, watch: Watch) -> Scan:
    """Index ``source`` and try the index. Raises as ``scan`` does."""
    scanned = scan(source, described, watch)
    if not scanned.faults and not frames_are_found(source, scanned.index, watch):
        # What several threads decoded may be what differs: one thread is the truth.
        scanned = scan(source, described, watch, threads=1)
        if not frames_are_found(source, scanned.index, watch):
            return replace(scanned, faults=(*scanned.faults, NOT_FOUND_AGAIN))
    return scanned


def rewrite(source: Path, target: Path, scanned: Scan, watch: Watch) -> FrameIndex:
    """Normalise ``source`` into ``target``. Returns: the index of ``target``."""
    normalize(source, target, scanned, watch)
    index = scan(target, probe(target), _Silent(watch)).index
    return replace(index, orientation=scanned.index.orientation)

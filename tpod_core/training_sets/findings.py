"""The findings of the checks before a set is built, each with the frame to look at."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_LISTED_PER_KIND = 20


class Severity(StrEnum):
    """``problem`` makes the score wrong, ``warning`` may harm training, ``note`` is often fine."""

    PROBLEM = "problem"
    WARNING = "warning"
    NOTE = "note"


class Kind(StrEnum):
    LEAKAGE = "leakage"
    FEW_BOXES = "few_boxes"
    ONE_VIDEO = "one_video"
    MISSED_LABEL = "missed_label"
    DUPLICATE_BOXES = "duplicate_boxes"
    SIZE_JUMP = "size_jump"
    TINY_BOX = "tiny_box"
    UNLABELLED = "unlabelled"
    EDGE_BOX = "edge_box"


@dataclass(frozen=True)
class PreflightFinding:
    """A finding on one frame of one video; ``sentence`` is complete by itself."""

    kind: Kind
    severity: Severity
    sentence: str
    video_id: int
    frame_index: int
    track_id: int | None = None

    @property
    def link(self) -> str:
        """The address of the labelling screen at this frame."""
        return f"/labeling?video={self.video_id}&frame={self.frame_index}"


@dataclass(frozen=True)
class Findings:
    """The first findings of each kind, worst first, and the total of each kind."""

    listed: tuple[PreflightFinding, ...]
    counts: dict[Kind, int]


def capped(found: Iterable[PreflightFinding]) -> Findings:
    """Sorts by severity and kind, stably, and limits how many of each kind are listed."""
    ordered = sorted(found, key=lambda each: (_RANK[each.severity], _RANK[each.kind]))
    counts: Counter[Kind] = Counter()
    listed = []
    for each in ordered:
        counts[each.kind] += 1
        if counts[each.kind] <= _LISTED_PER_KIND:
            listed.append(each)
    return Findings(tuple(listed), dict(counts))


_RANK: dict[StrEnum, int] = {
    word: rank for words in (Severity, Kind) for rank, word in enumerate(words)
}

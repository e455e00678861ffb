"""What a person should look at before a set is built, each with the place to look at."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_LISTED_PER_KIND = 20


class Severity(StrEnum):
    """``problem`` spoils the score, ``warning`` may spoil the set, ``note`` is often all right."""

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
    """One place in one video. ``sentence`` stands by itself."""

    kind: Kind
    severity: Severity
    sentence: str
    video_id: int
    frame_index: int
    track_id: int | None = None

    @property
    def link(self) -> str:
        """The labelling screen at this place."""
        return f"/labeling?video={self.video_id}&frame={self.frame_index}"


@dataclass(frozen=True)
class Findings:
    """The first findings of each kind, worst first, and how many of each there are."""

    listed: tuple[PreflightFinding, ...]
    counts: dict[Kind, int]


def capped(found: Iterable[PreflightFinding]) -> Findings:
    """Order ``found`` by severity and kind; within a kind their order stays."""
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

"""Whether edits can be done on top of what others did since their author looked.

Most can: whoever works on other tracks is in nobody's way. An edit conflicts with a step of
somebody else that changed a track it names, took away a label it uses, or said the opposite
about frames that it marks as fully labelled, or not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tpod_core.annotations.history import Part
from tpod_core.annotations.label_names import same_name_key
from tpod_core.annotations.log import LoggedStep
from tpod_core.annotations.operations import ClearRange, EditOp, MarkRange, PutBox, RelabelTrack
from tpod_core.annotations.ranges import Range, minus, overlap
from tpod_core.annotations.track_names import named_tracks


@dataclass(frozen=True)
class _Touched:
    """What edits depend on; ``marked`` and ``cleared`` are frames."""

    tracks: frozenset[str]
    labels: frozenset[str]
    marked: tuple[Range, ...]
    cleared: tuple[Range, ...]

    @classmethod
    def by(cls, edits: Sequence[EditOp]) -> "_Touched":
        return cls(
            frozenset(str(track) for track in named_tracks(edits)),
            frozenset(
                same_name_key(edit.label)
                for edit in edits
                if isinstance(edit, PutBox | RelabelTrack) and edit.label
            ),
            tuple((edit.start, edit.stop) for edit in edits if isinstance(edit, MarkRange)),
            tuple((edit.start, edit.stop) for edit in edits if isinstance(edit, ClearRange)),
        )


def conflicting(edits: Sequence[EditOp], steps: Iterable[LoggedStep]) -> list[LoggedStep]:
    """Those of ``steps``, made by others, that ``edits`` must not be done on top of."""
    touched = _Touched.by(edits)
    return [step for step in steps if _conflicts(touched, step)]


def _conflicts(touched: _Touched, step: LoggedStep) -> bool:
    before, after = _ranges(step.before), _ranges(step.after)
    return (
        not touched.tracks.isdisjoint(step.after.get("tracks", {}))
        or not touched.labels.isdisjoint(_labels(step.before) - _labels(step.after))
        or overlap(touched.marked, minus(before, after))
        or overlap(touched.cleared, minus(after, before))
    )


def _labels(part: Part) -> set[str]:
    return {same_name_key(name) for name, _ in part.get("labels", ())}


def _ranges(part: Part) -> tuple[Range, ...]:
    return tuple((start, stop) for start, stop in part.get("ranges", ()))

"""Finds the conflicts between edits and the steps that others logged meanwhile.

An edit conflicts with another person's step that changed a track it names, removed a label it
uses, or marked the same frames the other way (fully labelled or not). Edits of different
tracks do not conflict.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tpod_core.annotations.history import Part
from tpod_core.annotations.label_names import same_name_key
from tpod_core.annotations.log import LoggedStep
from tpod_core.annotations.operations import ClearRange, EditOp, MarkRange, PutBox, RelabelTrack
from tpod_core.annotations.ranges import Range, minus, overlap
from tpod_core.annotations.track_names import referenced_tracks


@dataclass(frozen=True)
class _Touched:
    """What edits depend on; ``marked`` and ``cleared`` are ranges of frames."""

    tracks: frozenset[str]
    labels: frozenset[str]
    marked: tuple[Range, ...]
    cleared: tuple[Range, ...]

    @classmethod
    def by(cls, edits: Sequence[EditOp]) -> "_Touched":
        return cls(
            frozenset(str(track) for track in referenced_tracks(edits)),
            frozenset(
                same_name_key(edit.label)
                for edit in edits
                if isinstance(edit, PutBox | RelabelTrack) and edit.label
            ),
            tuple((edit.start, edit.stop) for edit in edits if isinstance(edit, MarkRange)),
            tuple((edit.start, edit.stop) for edit in edits if isinstance(edit, ClearRange)),
        )


def conflicting(edits: Sequence[EditOp], steps: Iterable[LoggedStep]) -> list[LoggedStep]:
    """Returns those of ``steps``, all by other people, with which ``edits`` conflict."""
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

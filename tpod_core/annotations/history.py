"""What an edit changed, as two parts of a log entry, and which entry undo takes back.

A part holds the touched key frames only: ``{"tracks": {id: {"label_id", "proposed", "score",
"keyframes": {frame: [x1, y1, x2, y2, outside, occluded, source] or null}} or null}, "ranges"?:
[[start, stop]]}``; a track that came or went with the step has "linear" too; steps of the
first release lack all but "label_id" and "keyframes". Null says "was not there". The part
``before`` put over the state ``after`` gives the state ``before``, and the other way round.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.annotations.edits import Annotations

MAX_STEPS = 1000
"""So many steps of a video can be undone in a row."""
KEPT_STEPS = 2 * MAX_STEPS
"""So many the log remembers: each undo is a step itself and pushes an older one out."""

Part = dict[str, Any]


def difference(before: Annotations, after: Annotations) -> tuple[Part, Part]:
    """The parts ``before`` and ``after`` of a log entry; both empty if nothing changed."""
    old: Part = {}
    new: Part = {}
    for track_id in sorted(before.tracks.keys() | after.tracks.keys()):
        was, now = before.tracks.get(track_id), after.tracks.get(track_id)
        if was != now:
            frames = _changed_frames(was, now)
            whole = was is None or now is None
            old.setdefault("tracks", {})[str(track_id)] = _track_part(was, frames, whole=whole)
            new.setdefault("tracks", {})[str(track_id)] = _track_part(now, frames, whole=whole)
    if before.ranges != after.ranges:
        old["ranges"] = [list(each) for each in before.ranges]
        new["ranges"] = [list(each) for each in after.ranges]
    return old, new


def _changed_frames(was: TrackState | None, now: TrackState | None) -> list[int]:
    old, new = (state.keyframes if state else {} for state in (was, now))
    return sorted(f for f in old.keys() | new.keys() if old.get(f) != new.get(f))


def _track_part(state: TrackState | None, frames: Iterable[int], *, whole: bool) -> Part | None:
    if state is None:
        return None
    keyframes = {str(frame): _row(state.keyframes.get(frame)) for frame in frames}
    head = {"label_id": state.label_id, "proposed": state.proposed, "score": state.score}
    if whole:
        head["linear"] = state.linear
    return head | {"keyframes": keyframes}


def _row(keyframe: KeyframeDoc | None) -> tuple[Any, ...] | None:
    if keyframe is None:
        return None
    return (*keyframe.box.xyxy, keyframe.outside, keyframe.occluded, keyframe.source.value)


def head_of(part: Part) -> TrackState:
    """A track's entry of a part without its key frames."""
    return TrackState(
        part["label_id"],
        proposed=part.get("proposed", False),
        score=part.get("score"),
        linear=part.get("linear", False),
    )


def touched_tracks(part: Part) -> dict[int, list[int]]:
    """The frames that a part names of each track that it leaves in being."""
    return {
        int(track_id): [int(frame) for frame in track["keyframes"]]
        for track_id, track in part.get("tracks", {}).items()
        if track
    }


def touched_frames(part: Part) -> tuple[int, int] | None:
    """The first and last frame that a part names, or ``None`` if it names none."""
    frames = [frame for track in touched_tracks(part).values() for frame in track]
    frames += [frame for start, stop in part.get("ranges", ()) for frame in (start, stop - 1)]
    return (min(frames), max(frames)) if frames else None


@dataclass(frozen=True)
class Step:
    """A log entry without its content; ``undoes`` is the revision of the entry it took back."""

    revision: int
    undoes: int | None


def next_undo_and_redo(log: Iterable[Step]) -> tuple[int | None, int | None]:
    """The entries that undo and redo would take back, by revision.

    A redo is an undo of an undo, so both write an entry that takes another one back. An
    ordinary edit ends the chance to redo. What takes back a forgotten step is passed over.
    """
    done: list[int] = []
    undone: list[int] = []
    for step in log:
        if step.undoes is None:
            undone.clear()
            done.append(step.revision)
        elif undone and step.undoes == undone[-1]:
            undone.pop()
            done.append(step.revision)
        elif done and step.undoes == done[-1]:
            done.pop()
            undone.append(step.revision)
    return (done[-1] if done else None), (undone[-1] if undone else None)

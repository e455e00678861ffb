"""The content of a log entry, as parts ``before`` and ``after``, and the order of undo.

A part holds only the key frames that the step changed: ``{"tracks": {id: {"label_id",
"proposed", "score", "keyframes": {frame: [x1, y1, x2, y2, outside, occluded, source] or null}}
or null}, "ranges"?: [[start, stop]]}``. Null means "did not exist". A track that the step
created or deleted has "linear" too; steps of the first release have only "label_id" and
"keyframes". Writing ``before`` over the later state restores the earlier one, and vice versa.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.annotations.edits import Annotations

MAX_STEPS = 1000
"""The number of a video's steps that can be undone in a row."""
KEPT_STEPS = 2 * MAX_STEPS
"""The number of steps that the log keeps: each undo is a step too, and evicts an older one."""

Part = dict[str, Any]


def difference(before: Annotations, after: Annotations) -> tuple[Part, Part]:
    """Returns the parts ``before`` and ``after`` of a log entry; both empty if nothing changed."""
    old: Part = {}
    new: Part = {}
    for track_id in sorted(before.tracks.keys() | after.tracks.keys()):
        old_state, new_state = before.tracks.get(track_id), after.tracks.get(track_id)
        if old_state != new_state:
            frames = _changed_frames(old_state, new_state)
            whole = old_state is None or new_state is None
            old.setdefault("tracks", {})[str(track_id)] = _track_part(
                old_state, frames, whole=whole
            )
            new.setdefault("tracks", {})[str(track_id)] = _track_part(
                new_state, frames, whole=whole
            )
    if before.ranges != after.ranges:
        old["ranges"] = [list(each) for each in before.ranges]
        new["ranges"] = [list(each) for each in after.ranges]
    return old, new


def _changed_frames(old_state: TrackState | None, new_state: TrackState | None) -> list[int]:
    old, new = (state.keyframes if state else {} for state in (old_state, new_state))
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
    """Returns a track of a part without its key frames."""
    return TrackState(
        part["label_id"],
        proposed=part.get("proposed", False),
        score=part.get("score"),
        linear=part.get("linear", False),
    )


def touched_tracks(part: Part) -> dict[int, list[int]]:
    """Returns the frames in a part, by track; deleted tracks are left out."""
    return {
        int(track_id): [int(frame) for frame in track["keyframes"]]
        for track_id, track in part.get("tracks", {}).items()
        if track
    }


def touched_frames(part: Part) -> tuple[int, int] | None:
    """Returns the first and last frame in a part; ``None`` if there is none."""
    frames = [frame for track in touched_tracks(part).values() for frame in track]
    frames += [frame for start, stop in part.get("ranges", ()) for frame in (start, stop - 1)]
    return (min(frames), max(frames)) if frames else None


@dataclass(frozen=True)
class Step:
    """A log entry without its content; ``undoes`` is the revision of the entry it reverts."""

    revision: int
    undoes: int | None


def next_undo_and_redo(log: Iterable[Step]) -> tuple[int | None, int | None]:
    """Returns the revisions of the entries that undo and redo would revert.

    A redo is an undo of an undo, so both write an entry that reverts another one. An ordinary
    edit clears the redo stack. Entries that revert a step no longer in the log are skipped.
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

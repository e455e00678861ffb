"""Edits applied to tracks as values; nothing here knows a database.

A refused edit raises ``InvalidInput`` whose field counts the edits: ``ops[2].frame``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tpod_core.errors import InvalidInput
from tpod_core.propagation.linear import derive_at
from tpod_core.tracks.documents import KeyframeDoc, TrackState
from tpod_core.tracks.door import Door
from tpod_core.tracks.operations import (
    ClearRange,
    DeleteTrack,
    EditOp,
    EndTrack,
    HideBox,
    MarkRange,
    PutBox,
    RangeEdit,
    RelabelTrack,
    RemoveKeyframe,
    SetOccluded,
    TrackEdit,
)
from tpod_core.tracks.ranges import Range, union, without


@dataclass(frozen=True)
class Annotations:
    """Tracks by id and the fully labelled ranges, before or after an edit."""

    tracks: dict[int, TrackState]
    ranges: tuple[Range, ...] = ()


def existing_tracks(edits: Sequence[EditOp]) -> set[int]:
    """The ids of the tracks that ``edits`` speak of."""
    named = {edit.track_id for edit in edits if not isinstance(edit, RangeEdit)}
    return {track_id for track_id in named if track_id is not None}


def new_labels(edits: Sequence[EditOp], door: Door) -> list[int]:
    """The label rows of the tracks that ``edits`` will create, in order."""
    labels = []
    for number, edit in enumerate(edits):
        if isinstance(edit, PutBox) and edit.track_id is None:
            if edit.label is None:
                raise InvalidInput("A new box needs a label.", f"ops[{number}].label")
            labels.append(door.label_id(edit.label, f"ops[{number}].label"))
    return labels


def apply(
    before: Annotations, edits: Sequence[EditOp], door: Door, new_tracks: Iterator[tuple[int, int]]
) -> Annotations:
    """``before`` with all ``edits``, in order.

    Args:
        new_tracks: (track id, label id) for each track that is created.
    """
    tracks, ranges = dict(before.tracks), before.ranges
    for number, edit in enumerate(edits):
        field = f"ops[{number}]"
        match edit:
            case PutBox():
                _put_box(tracks, edit, door, new_tracks, field)
            case MarkRange() | ClearRange():
                ranges = _edit_ranges(ranges, edit, door, field)
            case DeleteTrack():
                _get(tracks, edit.track_id, field)
                del tracks[edit.track_id]
            case _:  # the edits of one existing track
                state = _get(tracks, edit.track_id, field)
                tracks[edit.track_id] = _edit_track(state, edit, door, field)
    return Annotations(tracks, ranges)


def _put_box(
    tracks: dict[int, TrackState],
    edit: PutBox,
    door: Door,
    new_tracks: Iterator[tuple[int, int]],
    field: str,
) -> None:
    keyframe = KeyframeDoc(
        door.frame(edit.frame, f"{field}.frame"),
        door.box(edit.box, f"{field}.box"),
        occluded=edit.occluded,
        source=edit.source,
    )
    if edit.track_id is None:
        track_id, label_id = next(new_tracks)
        tracks[track_id] = TrackState(label_id, {keyframe.frame: keyframe})
    else:
        state = _get(tracks, edit.track_id, field)
        tracks[edit.track_id] = _with(state, keyframe)


def _edit_ranges(
    ranges: tuple[Range, ...], edit: RangeEdit, door: Door, field: str
) -> tuple[Range, ...]:
    start, stop = door.range(edit.start, edit.stop, f"{field}.stop")
    if isinstance(edit, MarkRange):
        return union([*ranges, (start, stop)])
    return without(ranges, start, stop)


def _edit_track(state: TrackState, edit: TrackEdit, door: Door, field: str) -> TrackState:
    match edit:
        case RelabelTrack():
            return replace(state, label_id=door.label_id(edit.label, f"{field}.label"))
        case RemoveKeyframe():
            after = _remove_keyframe(state, edit, f"{field}.frame")
        case HideBox():
            after = _hide_box(state, edit, door, f"{field}.frame")
        case EndTrack():
            after = _end_track(state, edit, f"{field}.frame")
        case SetOccluded():
            after = _set_occluded(state, edit, f"{field}.frame")
    if all(keyframe.outside for keyframe in after.keyframes.values()):
        raise InvalidInput(
            f"This is the only box of track {edit.track_id}. Delete the track instead.",
            f"{field}.frame",
        )
    return after


def _remove_keyframe(state: TrackState, edit: RemoveKeyframe, field: str) -> TrackState:
    if edit.frame not in state.keyframes:
        raise InvalidInput(f"Track {edit.track_id} has no key frame {edit.frame}.", field)
    rest = {frame: kept for frame, kept in state.keyframes.items() if frame != edit.frame}
    return replace(state, keyframes=rest)


def _hide_box(state: TrackState, edit: HideBox, door: Door, field: str) -> TrackState:
    shown = _shown(state, edit.track_id, edit.frame, field)
    following = edit.frame + 1
    hidden = _with(state, replace(shown, outside=True))
    if following == door.frame_count or following in state.keyframes:
        return hidden
    goes_on = _shown(state, edit.track_id, following, field)
    return _with(hidden, goes_on)


def _end_track(state: TrackState, edit: EndTrack, field: str) -> TrackState:
    shown = _shown(state, edit.track_id, edit.frame, field)
    earlier = {frame: kept for frame, kept in state.keyframes.items() if frame < edit.frame}
    return _with(replace(state, keyframes=earlier), replace(shown, outside=True))


def _set_occluded(state: TrackState, edit: SetOccluded, field: str) -> TrackState:
    shown = _shown(state, edit.track_id, edit.frame, field)
    return _with(state, replace(shown, occluded=edit.occluded))


def _get(tracks: dict[int, TrackState], track_id: int, field: str) -> TrackState:
    if track_id not in tracks:
        raise InvalidInput(f"There is no track {track_id} in this video.", f"{field}.track_id")
    return tracks[track_id]


def _shown(state: TrackState, track_id: int, frame: int, field: str) -> KeyframeDoc:
    keyframe = derive_at(state.ordered(), frame)
    if keyframe is None:
        raise InvalidInput(f"Track {track_id} has no box on frame {frame}.", field)
    return keyframe


def _with(state: TrackState, keyframe: KeyframeDoc) -> TrackState:
    return replace(state, keyframes=state.keyframes | {keyframe.frame: keyframe})

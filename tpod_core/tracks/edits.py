"""Edits applied to tracks as values; nothing here knows a database.

A refused edit raises ``InvalidInput`` whose field counts the edits: ``ops[2].frame``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tpod_core.errors import InvalidInput
from tpod_core.models import KeyframeSource
from tpod_core.propagation.linear import derive_at
from tpod_core.tracks.checking import check_track
from tpod_core.tracks.documents import KeyframeDoc, TrackState
from tpod_core.tracks.door import Door
from tpod_core.tracks.joining import merge, split
from tpod_core.tracks.operations import (
    AcceptTracks,
    AddTrack,
    ClearRange,
    DeleteTrack,
    EditOp,
    EndTrack,
    HideBox,
    MarkRange,
    MergeTracks,
    PutBox,
    RangeEdit,
    RelabelTrack,
    RemoveKeyframe,
    SetOccluded,
    SplitTrack,
    TrackEdit,
    WholeTracksEdit,
)
from tpod_core.tracks.ranges import Range, union, without

Tracks = dict[int, TrackState]


@dataclass(frozen=True)
class Annotations:
    """Tracks by id and the fully labelled ranges, before or after an edit.

    Tracks that an edit created have the ids -1, -2, … in the order of their creation, until
    the database has numbered them.
    """

    tracks: Tracks
    ranges: tuple[Range, ...] = ()

    def new_tracks(self) -> Tracks:
        """Those without a row yet, in the order of their creation."""
        new = sorted((track_id for track_id in self.tracks if track_id < 0), reverse=True)
        return {track_id: self.tracks[track_id] for track_id in new}

    def numbered(self, track_ids: Sequence[int]) -> "Annotations":
        """The same, the new tracks renamed to ``track_ids`` in the order of their creation."""
        names = dict(zip(self.new_tracks(), track_ids, strict=True))
        tracks = {names.get(track_id, track_id): state for track_id, state in self.tracks.items()}
        return replace(self, tracks=tracks)


def existing_tracks(edits: Sequence[EditOp]) -> set[int]:
    """The ids of the tracks that ``edits`` speak of."""
    named: set[int | None] = set()
    for edit in edits:
        match edit:
            case MergeTracks():
                named |= {edit.track_id, edit.other_id}
            case AcceptTracks():
                named.update(edit.track_ids)
            case AddTrack() | MarkRange() | ClearRange():
                pass
            case _:
                named.add(edit.track_id)
    return {track_id for track_id in named if track_id is not None}


def looked_at(edits: Sequence[EditOp]) -> tuple[int, int] | None:
    """Start and stop of the frames whose derived boxes ``edits`` will fix, if any."""
    frames = [
        edit.frame
        for edit in edits
        if isinstance(edit, HideBox | EndTrack | SetOccluded | SplitTrack)
    ]
    # To hide a box fixes the one on the next frame as well.
    return (min(frames), max(frames) + 2) if frames else None


def apply(before: Annotations, edits: Sequence[EditOp], door: Door) -> Annotations:
    """``before`` with all ``edits``, in order."""
    tracks, ranges = dict(before.tracks), before.ranges
    for number, edit in enumerate(edits):
        field = f"ops[{number}]"
        match edit:
            case PutBox():
                _put_box(tracks, edit, door, field)
            case MarkRange() | ClearRange():
                ranges = _edit_ranges(ranges, edit, door, field)
            case AddTrack() | DeleteTrack() | MergeTracks() | SplitTrack() | AcceptTracks():
                _edit_whole_tracks(tracks, edit, door, field)
            case _:  # the edits of one existing track
                state = _get(tracks, edit.track_id, f"{field}.track_id")
                tracks[edit.track_id] = _edit_track(state, edit, door, field)
    return Annotations(tracks, ranges)


def _put_box(tracks: Tracks, edit: PutBox, door: Door, field: str) -> None:
    keyframe = KeyframeDoc(
        door.frame(edit.frame, f"{field}.frame"),
        door.box(edit.box, f"{field}.box"),
        occluded=edit.occluded,
        source=edit.source,
    )
    if edit.track_id is None:
        if edit.label is None:
            raise InvalidInput("A new box needs a label.", f"{field}.label")
        label_id = door.label_id(edit.label, f"{field}.label")
        _add(tracks, TrackState(label_id, {keyframe.frame: keyframe}))
    else:
        state = _with(_get(tracks, edit.track_id, f"{field}.track_id"), keyframe)
        by_hand = edit.source is KeyframeSource.MANUAL
        tracks[edit.track_id] = replace(state, proposed=state.proposed and not by_hand)


def _edit_ranges(
    ranges: tuple[Range, ...], edit: RangeEdit, door: Door, field: str
) -> tuple[Range, ...]:
    start, stop = door.range(edit.start, edit.stop, f"{field}.stop")
    if isinstance(edit, MarkRange):
        return union([*ranges, (start, stop)])
    return without(ranges, start, stop)


def _edit_whole_tracks(tracks: Tracks, edit: WholeTracksEdit, door: Door, field: str) -> None:
    match edit:
        case AddTrack():
            _add(tracks, check_track(edit.track, door, f"{field}.track"))
        case DeleteTrack():
            _get(tracks, edit.track_id, f"{field}.track_id")
            del tracks[edit.track_id]
        case MergeTracks():
            _merge(tracks, edit, field)
        case SplitTrack():
            state = _get(tracks, edit.track_id, f"{field}.track_id")
            shown = _shown(state, edit, edit.frame, door, f"{field}.frame")
            tracks[edit.track_id], later = split(state, shown, f"{field}.frame")
            _add(tracks, later)
        case AcceptTracks():
            for number, track_id in enumerate(edit.track_ids):
                state = _get(tracks, track_id, f"{field}.track_ids[{number}]")
                tracks[track_id] = replace(state, proposed=False)


def _merge(tracks: Tracks, edit: MergeTracks, field: str) -> None:
    state = _get(tracks, edit.track_id, f"{field}.track_id")
    other = _get(tracks, edit.other_id, f"{field}.other_id")
    if edit.track_id == edit.other_id:
        raise InvalidInput(
            f"Track {edit.track_id} cannot be merged with itself. Choose another one.",
            f"{field}.other_id",
        )
    tracks[edit.track_id] = merge(state, other, f"{field}.other_id")
    del tracks[edit.other_id]


def _edit_track(state: TrackState, edit: TrackEdit, door: Door, field: str) -> TrackState:
    match edit:
        case RelabelTrack():
            return replace(state, label_id=door.label_id(edit.label, f"{field}.label"))
        case RemoveKeyframe():
            after = _remove_keyframe(state, edit, f"{field}.frame")
        case HideBox():
            after = _hide_box(state, edit, door, f"{field}.frame")
        case EndTrack():
            after = _end_track(state, edit, door, f"{field}.frame")
        case SetOccluded():
            after = _set_occluded(state, edit, door, f"{field}.frame")
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
    return replace(state, keyframes=rest, derived={})


def _hide_box(state: TrackState, edit: HideBox, door: Door, field: str) -> TrackState:
    shown = _shown(state, edit, edit.frame, door, field)
    following = edit.frame + 1
    hidden = _with(state, replace(shown, outside=True))
    if following == door.frame_count or following in state.keyframes:
        return hidden
    goes_on = _shown(state, edit, following, door, field)
    return _with(hidden, goes_on)


def _end_track(state: TrackState, edit: EndTrack, door: Door, field: str) -> TrackState:
    shown = _shown(state, edit, edit.frame, door, field)
    earlier = {frame: kept for frame, kept in state.keyframes.items() if frame < edit.frame}
    return _with(replace(state, keyframes=earlier, derived={}), replace(shown, outside=True))


def _set_occluded(state: TrackState, edit: SetOccluded, door: Door, field: str) -> TrackState:
    shown = _shown(state, edit, edit.frame, door, field)
    return _with(state, replace(shown, occluded=edit.occluded))


def _add(tracks: Tracks, state: TrackState) -> None:
    tracks[min([0, *tracks]) - 1] = state


def _get(tracks: Tracks, track_id: int, field: str) -> TrackState:
    if track_id not in tracks:
        raise InvalidInput(f"There is no track {track_id} in this video.", field)
    return tracks[track_id]


def _shown(
    state: TrackState, edit: TrackEdit | SplitTrack, frame: int, door: Door, field: str
) -> KeyframeDoc:
    keyframe = derive_at(state.ordered(), door.frame(frame, field), state.derived)
    if keyframe is None:
        raise InvalidInput(f"Track {edit.track_id} has no box on frame {frame}.", field)
    return keyframe


def _with(state: TrackState, keyframe: KeyframeDoc) -> TrackState:
    """``state`` with ``keyframe``; what was derived on either side of it is forgotten."""
    before = max((frame for frame in state.keyframes if frame < keyframe.frame), default=None)
    derived = {f: boxes for f, boxes in state.derived.items() if f not in (before, keyframe.frame)}
    keyframes = state.keyframes | {keyframe.frame: keyframe}
    return replace(state, keyframes=keyframes, derived=derived)

"""Applies edit operations to tracks as plain values, without a database.

An invalid edit raises ``InvalidInput``, whose field names it by its position: ``ops[2].frame``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.annotations.document_checks import check_track
from tpod_core.annotations.interpolation import derive_at
from tpod_core.annotations.merge_split import merge, split
from tpod_core.annotations.operations import (
    AcceptTracks,
    AddLabel,
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
    TrackRef,
    WholeTracksEdit,
)
from tpod_core.annotations.ranges import Range, union, without
from tpod_core.annotations.track_names import name_taken
from tpod_core.annotations.validator import AnnotationValidator
from tpod_core.errors import InvalidInput
from tpod_core.models import KeyframeSource

_Tracks = dict[TrackRef, TrackState]
_UNNAMED = "new:#"
"""A prefix that ``NEW_TRACK_PATTERN`` does not allow in clients' names."""


@dataclass(frozen=True)
class Annotations:
    """Tracks by ``Track.id``, and the fully labelled ranges."""

    tracks: dict[int, TrackState]
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True)
class Edited:
    """Annotations after edits.

    ``new_tracks`` have no id yet. They are in the order of creation, by the name that the
    client gave them, or else by a generated one.
    """

    tracks: dict[int, TrackState]
    new_tracks: dict[str, TrackState]
    ranges: tuple[Range, ...]

    def with_new_ids(self, track_ids: Sequence[int]) -> Annotations:
        """Returns the annotations with ``track_ids`` assigned to the new tracks, in order."""
        new = dict(zip(track_ids, self.new_tracks.values(), strict=True))
        return Annotations(self.tracks | new, self.ranges)

    def ids_by_name(self, track_ids: Sequence[int]) -> dict[str, int]:
        """Returns the ids of the new tracks that the client named, by name."""
        named = zip(self.new_tracks, track_ids, strict=True)
        return {name: track_id for name, track_id in named if not name.startswith(_UNNAMED)}


def frames_to_derive(edits: Sequence[EditOp]) -> tuple[int, int] | None:
    """Returns start and stop of the frames whose derived boxes ``edits`` need, if any."""
    frames = [
        edit.frame
        for edit in edits
        if isinstance(edit, HideBox | EndTrack | SetOccluded | SplitTrack)
    ]
    # Hiding a box also turns the box of the next frame into a key frame.
    return (min(frames), max(frames) + 2) if frames else None


def apply(before: Annotations, edits: Sequence[EditOp], validator: AnnotationValidator) -> Edited:
    """Returns ``before`` with all ``edits`` applied in order; the caller adds new labels."""
    tracks: _Tracks = dict(before.tracks.items())
    ranges = before.ranges
    for number, edit in enumerate(edits):
        field = f"ops[{number}]"
        match edit:
            case PutBox():
                _put_box(tracks, edit, validator, field)
            case MarkRange() | ClearRange():
                ranges = _edit_ranges(ranges, edit, validator, field)
            case AddTrack() | DeleteTrack() | MergeTracks() | SplitTrack() | AcceptTracks():
                _edit_whole_tracks(tracks, edit, validator, field)
            case AddLabel():
                pass
            case _:  # An edit of one existing track.
                state = _get(tracks, edit.track_id, f"{field}.track_id")
                tracks[edit.track_id] = _edit_track(state, edit, validator, field)
    return Edited(
        {track_id: state for track_id, state in tracks.items() if isinstance(track_id, int)},
        {name: state for name, state in tracks.items() if isinstance(name, str)},
        ranges,
    )


def _put_box(tracks: _Tracks, edit: PutBox, validator: AnnotationValidator, field: str) -> None:
    is_new = edit.track_id is None or _is_new(tracks, edit.track_id)
    # The box of a track that is there may be as small as one that was imported.
    check_box = validator.drawn_box if is_new else validator.box
    keyframe = KeyframeDoc(
        validator.frame(edit.frame, f"{field}.frame"),
        check_box(edit.box, f"{field}.box"),
        occluded=edit.occluded,
        source=edit.source,
    )
    if edit.track_id is None or is_new:
        if edit.label is None:
            raise InvalidInput("A new box needs a label.", f"{field}.label")
        label_id = validator.label_id(edit.label, f"{field}.label")
        _add(tracks, TrackState(label_id, {keyframe.frame: keyframe}), edit.track_id, field)
    else:
        state = _with(_get(tracks, edit.track_id, f"{field}.track_id"), keyframe)
        by_hand = edit.source is KeyframeSource.MANUAL
        tracks[edit.track_id] = replace(state, proposed=state.proposed and not by_hand)


def _edit_ranges(
    ranges: tuple[Range, ...], edit: RangeEdit, validator: AnnotationValidator, field: str
) -> tuple[Range, ...]:
    start, stop = validator.range(edit.start, edit.stop, f"{field}.stop")
    if isinstance(edit, MarkRange):
        return union([*ranges, (start, stop)])
    return without(ranges, start, stop)


def _edit_whole_tracks(
    tracks: _Tracks, edit: WholeTracksEdit, validator: AnnotationValidator, field: str
) -> None:
    match edit:
        case AddTrack():
            _add(tracks, check_track(edit.track, validator, f"{field}.track"), None, field)
        case DeleteTrack():
            _get(tracks, edit.track_id, f"{field}.track_id")
            del tracks[edit.track_id]
        case MergeTracks():
            _merge(tracks, edit, field)
        case SplitTrack():
            state = _get(tracks, edit.track_id, f"{field}.track_id")
            shown = _shown(state, edit, edit.frame, validator, f"{field}.frame")
            if edit.new_id is not None and not _is_new(tracks, edit.new_id):
                raise name_taken(edit.new_id, field)
            tracks[edit.track_id], later = split(state, shown, f"{field}.frame")
            _add(tracks, later, edit.new_id, field)
        case AcceptTracks():
            for number, track_id in enumerate(edit.track_ids):
                state = _get(tracks, track_id, f"{field}.track_ids[{number}]")
                tracks[track_id] = replace(state, proposed=False)


def _merge(tracks: _Tracks, edit: MergeTracks, field: str) -> None:
    state = _get(tracks, edit.track_id, f"{field}.track_id")
    other = _get(tracks, edit.other_id, f"{field}.other_id")
    if edit.track_id == edit.other_id:
        raise InvalidInput(
            f"Track {edit.track_id} cannot be merged with itself. Choose another one.",
            f"{field}.other_id",
        )
    tracks[edit.track_id] = merge(state, other, f"{field}.other_id")
    del tracks[edit.other_id]


def _edit_track(
    state: TrackState, edit: TrackEdit, validator: AnnotationValidator, field: str
) -> TrackState:
    match edit:
        case RelabelTrack():
            return replace(state, label_id=validator.label_id(edit.label, f"{field}.label"))
        case RemoveKeyframe():
            after = _remove_keyframe(state, edit, f"{field}.frame")
        case HideBox():
            after = _hide_box(state, edit, validator, f"{field}.frame")
        case EndTrack():
            after = _end_track(state, edit, validator, f"{field}.frame")
        case SetOccluded():
            after = _set_occluded(state, edit, validator, f"{field}.frame")
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


def _hide_box(
    state: TrackState, edit: HideBox, validator: AnnotationValidator, field: str
) -> TrackState:
    shown = _shown(state, edit, edit.frame, validator, field)
    following = edit.frame + 1
    hidden = _with(state, replace(shown, outside=True))
    if following == validator.frame_count or following in state.keyframes:
        return hidden
    shown_again = _shown(state, edit, following, validator, field)
    return _with(hidden, shown_again)


def _end_track(
    state: TrackState, edit: EndTrack, validator: AnnotationValidator, field: str
) -> TrackState:
    shown = _shown(state, edit, edit.frame, validator, field)
    earlier = {frame: kept for frame, kept in state.keyframes.items() if frame < edit.frame}
    return _with(replace(state, keyframes=earlier, derived={}), replace(shown, outside=True))


def _set_occluded(
    state: TrackState, edit: SetOccluded, validator: AnnotationValidator, field: str
) -> TrackState:
    shown = _shown(state, edit, edit.frame, validator, field)
    return _with(state, replace(shown, occluded=edit.occluded))


def _add(tracks: _Tracks, state: TrackState, name: TrackRef | None, field: str) -> None:
    tracks[name or f"{_UNNAMED}{field}"] = state


def _is_new(tracks: _Tracks, track: TrackRef) -> bool:
    """Whether ``track`` is a name that is not used yet."""
    return isinstance(track, str) and track not in tracks


def _get(tracks: _Tracks, track_id: TrackRef, field: str) -> TrackState:
    if track_id not in tracks:
        raise InvalidInput(f"There is no track {track_id} in this video.", field)
    return tracks[track_id]


def _shown(
    state: TrackState,
    edit: TrackEdit | SplitTrack,
    frame: int,
    validator: AnnotationValidator,
    field: str,
) -> KeyframeDoc:
    keyframe = derive_at(state.ordered(), validator.frame(frame, field), state.derived)
    if keyframe is None:
        raise InvalidInput(f"Track {edit.track_id} has no box on frame {frame}.", field)
    return keyframe


def _with(state: TrackState, keyframe: KeyframeDoc) -> TrackState:
    """Adds ``keyframe`` to ``state``, and drops the derived boxes on both sides of it."""
    before = max((frame for frame in state.keyframes if frame < keyframe.frame), default=None)
    derived = {f: boxes for f, boxes in state.derived.items() if f not in (before, keyframe.frame)}
    keyframes = state.keyframes | {keyframe.frame: keyframe}
    return replace(state, keyframes=keyframes, derived=derived)

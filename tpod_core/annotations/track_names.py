"""Resolves the tracks that operations name: by id, or by a client's name for a new track."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tpod_core.annotations.operations import (
    AcceptTracks,
    AddLabel,
    AddTrack,
    ClearRange,
    EditOp,
    MarkRange,
    MergeTracks,
    PutBox,
    SplitTrack,
    TrackRef,
)
from tpod_core.errors import InvalidInput


def referenced_tracks(edits: Sequence[EditOp]) -> set[TrackRef]:
    """Returns the tracks that ``edits`` refer to, as ids or names."""
    named: set[TrackRef | None] = set()
    for edit in edits:
        match edit:
            case MergeTracks():
                named |= {edit.track_id, edit.other_id}
            case AcceptTracks():
                named.update(edit.track_ids)
            case SplitTrack():
                named |= {edit.track_id, edit.new_id}
            case AddTrack() | MarkRange() | ClearRange() | AddLabel():
                pass
            case _:
                named.add(edit.track_id)
    return {track for track in named if track is not None}


def resolve_names(edit: EditOp, track_ids: Mapping[str, int], field: str) -> EditOp:
    """Returns ``edit`` with known names replaced by the track's id.

    Raises: InvalidInput if ``edit`` creates a track under the name of an earlier one.
    """

    def resolve(track: TrackRef) -> TrackRef:
        return track_ids.get(track, track) if isinstance(track, str) else track

    match edit:
        case AddTrack() | MarkRange() | ClearRange() | AddLabel():
            return edit
        case PutBox():
            return edit if edit.track_id is None else replace(edit, track_id=resolve(edit.track_id))
        case MergeTracks():
            return replace(edit, track_id=resolve(edit.track_id), other_id=resolve(edit.other_id))
        case AcceptTracks():
            return replace(edit, track_ids=tuple(map(resolve, edit.track_ids)))
        case SplitTrack() if edit.new_id in track_ids:
            raise name_taken(edit.new_id, field)
        case _:
            return replace(edit, track_id=resolve(edit.track_id))


def name_taken(name: str | None, field: str) -> InvalidInput:
    return InvalidInput(f"There is a track {name} already. Choose another name.", f"{field}.new_id")

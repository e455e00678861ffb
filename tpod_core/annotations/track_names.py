"""How operations name tracks: by row, or by a name of their author's until there is a row."""

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


def named_tracks(edits: Sequence[EditOp]) -> set[TrackRef]:
    """The tracks that ``edits`` speak of, by row or by name."""
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


def with_rows(edit: EditOp, rows: Mapping[str, int], field: str) -> EditOp:
    """``edit`` with each name that has a row replaced by that row.

    Raises: InvalidInput if the track that ``edit`` makes has the name of an earlier one.
    """

    def row(track: TrackRef) -> TrackRef:
        return rows.get(track, track) if isinstance(track, str) else track

    match edit:
        case AddTrack() | MarkRange() | ClearRange() | AddLabel():
            return edit
        case PutBox():
            return edit if edit.track_id is None else replace(edit, track_id=row(edit.track_id))
        case MergeTracks():
            return replace(edit, track_id=row(edit.track_id), other_id=row(edit.other_id))
        case AcceptTracks():
            return replace(edit, track_ids=tuple(map(row, edit.track_ids)))
        case SplitTrack() if edit.new_id in rows:
            raise name_taken(edit.new_id, field)
        case _:
            return replace(edit, track_id=row(edit.track_id))


def name_taken(name: str | None, field: str) -> InvalidInput:
    return InvalidInput(f"There is a track {name} already. Choose another name.", f"{field}.new_id")

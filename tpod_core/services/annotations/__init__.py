"""Reads, edits and undoes the annotations of a video.

Edits name the revision that their author saw. They are applied on top of other people's later
edits, unless these touched the same tracks, labels or ranges: then an ``EditConflict`` says
what changed, and nothing is overwritten. Each call is one step in the video's log, so undo
also works after a reload.
"""

from tpod_core.annotations.document import AnnotationDoc, FrameBox, KeyframeDoc, LabelDoc, TrackDoc
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
    Operation,
    PutBox,
    RelabelTrack,
    RemoveKeyframe,
    SetOccluded,
    SplitTrack,
)
from tpod_core.services.annotations.documents import (
    AnnotationChanges,
    boxes_in,
    boxes_on,
    each_boxes_on,
    get_changes,
    get_document,
)
from tpod_core.services.annotations.editing import (
    EditResult,
    apply_edits,
    replace_document,
    require_current,
)
from tpod_core.services.annotations.undoing import UndoResult, redo, undo

__all__ = [
    "AcceptTracks",
    "AddLabel",
    "AddTrack",
    "AnnotationChanges",
    "AnnotationDoc",
    "ClearRange",
    "DeleteTrack",
    "EditOp",
    "EditResult",
    "EndTrack",
    "FrameBox",
    "HideBox",
    "KeyframeDoc",
    "LabelDoc",
    "MarkRange",
    "MergeTracks",
    "Operation",
    "PutBox",
    "RelabelTrack",
    "RemoveKeyframe",
    "SetOccluded",
    "SplitTrack",
    "TrackDoc",
    "UndoResult",
    "apply_edits",
    "boxes_in",
    "boxes_on",
    "each_boxes_on",
    "get_changes",
    "get_document",
    "redo",
    "replace_document",
    "require_current",
    "undo",
]

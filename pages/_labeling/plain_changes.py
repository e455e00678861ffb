"""Turns the changes that a user made on the canvas into edits of the video. No I/O."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pages._shared.canvas import Drawing, DrawnBox, Surface, invalid_reason, is_unmoved
from tpod_core.annotations.label_names import same_name_key
from tpod_core.services.annotations import (
    DeleteTrack,
    FrameBox,
    HideBox,
    PutBox,
    RelabelTrack,
)

PlainEdit = PutBox | RelabelTrack | HideBox | DeleteTrack
"""The edits that the canvas can make."""


@dataclass(frozen=True)
class Changes:
    """The difference between a drawing and the boxes that the canvas was given.

    ``removed`` are the tracks whose box was deleted on the canvas. ``refused`` are sentences
    about what cannot be saved. ``taps`` counts the dots left by clicks without a drag.
    """

    puts: tuple[PutBox, ...] = ()
    relabels: tuple[RelabelTrack, ...] = ()
    removed: tuple[int, ...] = ()
    refused: tuple[str, ...] = ()
    taps: int = 0

    @property
    def count(self) -> int:
        """The number of unsaved boxes; one that was moved and relabelled counts once."""
        moved = {put.track_id for put in self.puts if put.track_id is not None}
        renamed = {edit.track_id for edit in self.relabels}
        return len(self.puts) + len(renamed - moved) + len(self.removed) + len(self.refused)


def find_changes(
    drawing: Drawing,
    frame: int,
    frame_wh: tuple[int, int],
    given: Sequence[FrameBox],
    labels: Collection[str],
) -> Changes:
    """Compare ``drawing`` with the boxes ``given`` to the canvas.

    Args:
        labels: the names in the video's list.
    """
    names = {same_name_key(name): name for name in labels}
    reader = _DrawingReader(frame, Surface(drawing.canvas_wh, frame_wh), names)
    unread = {box.track_id: box for box in given}
    taps = 0
    for drawn in drawing.boxes:
        before = unread.pop(drawn.number, None) if drawn.number else None
        if drawn.is_tap:
            taps += 1
        elif before:
            reader.read_known(drawn, before)
        else:
            reader.read_new(drawn)
    return Changes(
        tuple(reader.puts),
        tuple(reader.relabels),
        tuple(sorted(unread)),
        tuple(dict.fromkeys(reader.refused)),
        taps,
    )


class _DrawingReader:
    """Collects the edits of the boxes of one drawing."""

    def __init__(self, frame: int, surface: Surface, names: Mapping[str, str]) -> None:
        self._frame, self._surface, self._names = frame, surface, names
        self.puts: list[PutBox] = []
        self.relabels: list[RelabelTrack] = []
        self.refused: list[str] = []

    def read_known(self, drawn: DrawnBox, before: FrameBox) -> None:
        label = drawn.label if drawn.label == before.label else self._label(drawn.label)
        if label and label != before.label:
            self.relabels.append(RelabelTrack(before.track_id, label))
        if label and not is_unmoved(drawn, before.box, self._surface):
            self._put(drawn, label, before)

    def read_new(self, drawn: DrawnBox) -> None:
        if label := self._label(drawn.label):
            self._put(drawn, label, None)

    def _put(self, drawn: DrawnBox, label: str, before: FrameBox | None) -> None:
        box = self._surface.to_frame(drawn.box)
        if reason := invalid_reason(drawn, box):
            self.refused.append(reason)
        elif before:
            put = PutBox(self._frame, box, label, before.track_id, before.occluded)
            self.puts.append(put)
        else:
            self.puts.append(PutBox(self._frame, box, label))

    def _label(self, text: str) -> str | None:
        """Returns the video's label named ``text``; without one, adds to ``refused``."""
        name = self._names.get(same_name_key(text))
        if name is None and text.strip():
            self.refused.append(
                f'The label "{text}" is not in this video\'s list. '
                "Add it to the list, or give the box another one."
            )
        elif name is None:
            self.refused.append(
                "A box has no label. Press Edit on the canvas and double-click the box to name "
                "it, or delete it."
            )
        return name


def to_edits(
    changes: Changes, frame: int, deleted: Collection[int], kept: Collection[int]
) -> list[PlainEdit]:
    """``changes`` as edits.

    Args:
        deleted: tracks whose only box was removed and which are deleted as a whole.
        kept: tracks whose removed box is kept.
    """
    hidden = [track for track in changes.removed if track not in kept]
    return [
        *changes.relabels,
        *changes.puts,
        *(DeleteTrack(each) if each in deleted else HideBox(each, frame) for each in hidden),
    ]


def without_deleted_tracks(
    edits: Sequence[PlainEdit], existing: Collection[object]
) -> list[PlainEdit]:
    """Drops ``edits`` of tracks that are not among the ``existing`` ids.

    A box drawn on a deleted track starts a new one.
    """
    kept: list[PlainEdit] = []
    for edit in edits:
        if edit.track_id in existing:
            kept.append(edit)
        elif isinstance(edit, PutBox):
            kept.append(replace(edit, track_id=None))
    return kept

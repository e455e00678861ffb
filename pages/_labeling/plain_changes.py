"""What a person changed on the canvas, as edits of the video. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pages._shared.canvas import Drawing, DrawnBox, Surface, is_where, refusal
from tpod_core.annotations.label_names import same_name_key
from tpod_core.services.annotations import (
    DeleteTrack,
    FrameBox,
    HideBox,
    PutBox,
    RelabelTrack,
)

PlainEdit = PutBox | RelabelTrack | HideBox | DeleteTrack
"""What can be done on the canvas."""


@dataclass(frozen=True)
class Changes:
    """What a drawing says that the boxes given to the canvas do not.

    ``removed`` are the tracks whose box was deleted on the canvas. ``refused`` says in
    sentences what cannot be saved. ``taps`` counts the dots that clicks without a drag left.
    """

    puts: tuple[PutBox, ...] = ()
    relabels: tuple[RelabelTrack, ...] = ()
    removed: tuple[int, ...] = ()
    refused: tuple[str, ...] = ()
    taps: int = 0

    @property
    def count(self) -> int:
        """Boxes that are other than saved; one that was moved and renamed counts once."""
        moved = {put.track_id for put in self.puts if put.track_id is not None}
        renamed = {edit.track_id for edit in self.relabels}
        return len(self.puts) + len(renamed - moved) + len(self.removed) + len(self.refused)


def changes(
    drawing: Drawing,
    frame: int,
    frame_wh: tuple[int, int],
    given: Sequence[FrameBox],
    labels: Collection[str],
) -> Changes:
    """Compare ``drawing`` with the boxes ``given`` to the canvas; nothing where none was touched.

    Args:
        labels: the names in the video's list.
    """
    names = {same_name_key(name): name for name in labels}
    reading = _Reading(frame, Surface(drawing.canvas_wh, frame_wh), names)
    waiting = {box.track_id: box for box in given}
    taps = 0
    for drawn in drawing.boxes:
        before = waiting.pop(drawn.number, None) if drawn.number else None
        if drawn.is_tap:
            taps += 1
        elif before:
            reading.read_known(drawn, before)
        else:
            reading.read_new(drawn)
    return Changes(
        tuple(reading.puts),
        tuple(reading.relabels),
        tuple(sorted(waiting)),
        tuple(dict.fromkeys(reading.refused)),
        taps,
    )


class _Reading:
    """Collects what the boxes of one drawing say."""

    def __init__(self, frame: int, surface: Surface, names: Mapping[str, str]) -> None:
        self._frame, self._surface, self._names = frame, surface, names
        self.puts: list[PutBox] = []
        self.relabels: list[RelabelTrack] = []
        self.refused: list[str] = []

    def read_known(self, drawn: DrawnBox, before: FrameBox) -> None:
        label = drawn.label if drawn.label == before.label else self._label(drawn.label)
        if label and label != before.label:
            self.relabels.append(RelabelTrack(before.track_id, label))
        if label and not is_where(drawn, before.box, self._surface):
            self._put(drawn, label, before)

    def read_new(self, drawn: DrawnBox) -> None:
        if label := self._label(drawn.label):
            self._put(drawn, label, None)

    def _put(self, drawn: DrawnBox, label: str, before: FrameBox | None) -> None:
        box = self._surface.to_frame(drawn.box)
        if reason := refusal(drawn, box):
            self.refused.append(reason)
        elif before:
            put = PutBox(self._frame, box, label, before.track_id, before.occluded)
            self.puts.append(put)
        else:
            self.puts.append(PutBox(self._frame, box, label))

    def _label(self, text: str) -> str | None:
        """The label of the video's list that ``text`` means; if there is none, that is said."""
        name = self._names.get(same_name_key(text))
        if name is None and text.strip():
            self.refused.append(
                f'The label "{text}" is not in this video\'s list. '
                "Add it to the list, or give the box another one."
            )
        elif name is None:
            self.refused.append(
                "A box has no label. Press Edit on the canvas and click the box twice to name "
                "it, or delete it."
            )
        return name


def edits(
    found: Changes, frame: int, deleted: Collection[int], kept: Collection[int]
) -> list[PlainEdit]:
    """``found`` as operations.

    Args:
        deleted: removed boxes that were the only ones of their tracks: these go as a whole.
        kept: removed boxes that shall stay after all.
    """
    hidden = [track for track in found.removed if track not in kept]
    return [
        *found.relabels,
        *found.puts,
        *(DeleteTrack(each) if each in deleted else HideBox(each, frame) for each in hidden),
    ]


def on_tracks(operations: Sequence[PlainEdit], there: Collection[object]) -> list[PlainEdit]:
    """``operations`` where somebody else may have deleted tracks: only ``there`` are left.

    A box that was put on a track that is gone begins a new one.
    """
    found: list[PlainEdit] = []
    for edit in operations:
        if edit.track_id in there:
            found.append(edit)
        elif isinstance(edit, PutBox):
            found.append(replace(edit, track_id=None))
    return found

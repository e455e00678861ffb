"""What a person makes of a detector's boxes on one frame, until they become labels. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pages._shared.canvas import (
    DrawnBox,
    ShownBox,
    Surface,
    drawing_of,
    is_where,
    read_drawing,
    refusal,
)
from tpod_core.annotations.label_names import same_name_key
from tpod_core.inference.detection_filter import FoundBox
from tpod_core.inference.proposals import TakenBox

Found = Mapping[int, FoundBox]
"""Detections by number, from 1 on; a detection keeps its number whatever is filtered out."""


@dataclass
class Correction:
    """``found`` are the detections that the canvas was given, in ``drawing``.

    ``changed`` are detections that were moved or renamed, ``removed`` those that were deleted,
    ``added`` boxes of the person's own. ``refused`` says what can be no label. ``used`` are the
    boxes that became labels last. ``acts`` counts what was asked for, and what was done.
    """

    name: str
    found: Found = field(default_factory=dict)
    changed: dict[int, TakenBox] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    added: list[TakenBox] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    surface: Surface | None = None
    drawing: dict[str, Any] = field(default_factory=dict)
    used: list[TakenBox] | None = None
    is_pending: bool = False
    is_due: bool = False
    acts: int = 0
    _turn: int = 0

    @property
    def is_touched(self) -> bool:
        """Whether the person corrected anything."""
        return bool(self.changed or self.removed or self.added or self.refused)

    def taken(self) -> list[TakenBox]:
        """The boxes as they stand on the canvas."""
        kept = [
            self.changed.get(number) or TakenBox(found.label, found.box)
            for number, found in self.found.items()
            if number not in self.removed
        ]
        return [*kept, *self.added]

    def give(self, found: Found, surface: Surface | None, colors: Mapping[str, str]) -> None:
        """Show other detections, or at another size; what was corrected stays corrected."""
        is_same = found.keys() == self.found.keys() and surface == self.surface
        self.found = found
        if surface and not is_same:
            self.surface = surface
            self.redraw(colors)

    def redraw(self, colors: Mapping[str, str]) -> None:
        """Begin anew with all that was corrected, on a canvas that had something else."""
        if self.surface:
            self._turn += 1
            self.drawing = drawing_of(self._drawing_name, self.surface, self._shown(colors))

    def hear(self, raw: Mapping[str, Any] | None) -> None:
        """Take in what the canvas says, if it says it about the drawing that it was given."""
        drawing = read_drawing(raw)
        if drawing is None or drawing.name != self._drawing_name or self.surface is None:
            return
        surface = Surface(drawing.canvas_wh, self.surface.frame_wh)
        self.removed -= self.found.keys()
        self.removed |= self.found.keys() - {each.number for each in drawing.boxes}
        self.added, self.refused = [], []
        for drawn in drawing.boxes:
            self._read(drawn, surface)

    def ask(self) -> None:
        """Have the boxes used once the canvas has answered."""
        self.is_pending, self.is_due = True, False
        self.acts += 1

    def end_wait(self) -> None:
        """The canvas has had its time."""
        self.is_due = self.is_pending

    def take_due(self) -> bool:
        """Whether the boxes shall be used now; asked once."""
        due, self.is_due = self.is_due, False
        if due:
            self.is_pending = False
            self.acts += 1
        return due

    def _read(self, drawn: DrawnBox, surface: Surface) -> None:
        found = self.found.get(drawn.number) if drawn.number else None
        if drawn.is_tap:
            return
        if found and drawn.label == found.label and is_where(drawn, found.box, surface):
            self.changed.pop(drawn.number or 0, None)
            return
        box = surface.to_frame(drawn.box)
        if reason := refusal(drawn, box) or _label_refusal(drawn.label):
            self.refused.append(reason)
        elif found and drawn.number:
            self.changed[drawn.number] = TakenBox(drawn.label.strip(), box, by_hand=True)
        else:
            self.added.append(TakenBox(drawn.label.strip(), box, by_hand=True))

    def _shown(self, colors: Mapping[str, str]) -> list[ShownBox]:
        by_key = {same_name_key(name): color for name, color in colors.items()}
        kept = {
            number: self.changed.get(number) or TakenBox(found.label, found.box)
            for number, found in self.found.items()
            if number not in self.removed
        }
        numbered = [*kept.items(), *((0, box) for box in self.added)]
        return [
            ShownBox(
                number,
                taken.label,
                by_key.get(same_name_key(taken.label), "#888888"),
                taken.box,
                is_dashed=not taken.by_hand,
            )
            for number, taken in numbered
        ]

    @property
    def _drawing_name(self) -> str:
        return f"{self.name}:{self._turn}"


def _label_refusal(label: str) -> str:
    if label.strip():
        return ""
    return "A box has no label. Press Edit on the canvas and click the box twice to name it."

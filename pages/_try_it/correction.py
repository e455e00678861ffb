"""A user's corrections of a detector's boxes on one frame, before they are saved. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pages._shared.canvas import (
    DrawnBox,
    ShownBox,
    Surface,
    invalid_reason,
    is_unmoved,
    read_drawing,
    to_drawing,
)
from tpod_core.annotations.label_names import same_name_key
from tpod_core.inference.detection_filter import FoundBox
from tpod_core.inference.proposals import TakenBox

NumberedBoxes = Mapping[int, FoundBox]
"""Detections by number, from 1; a detection keeps its number when others are filtered out."""


@dataclass
class Correction:
    """``found`` are the detections that the canvas was given in ``drawing``.

    ``changed`` are detections that were moved or relabelled, ``removed`` those that were
    deleted, ``added`` boxes drawn by hand. ``refused`` are sentences on boxes that cannot be
    labels. ``saved`` are the boxes last saved as labels. ``action_count`` counts requests and
    their completions.
    """

    name: str
    found: NumberedBoxes = field(default_factory=dict)
    changed: dict[int, TakenBox] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    added: list[TakenBox] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    surface: Surface | None = None
    drawing: dict[str, Any] = field(default_factory=dict)
    saved: list[TakenBox] | None = None
    is_pending: bool = False
    is_due: bool = False
    action_count: int = 0
    _drawing_count: int = 0

    @property
    def is_touched(self) -> bool:
        """Whether the user corrected anything."""
        return bool(self.changed or self.removed or self.added or self.refused)

    def boxes(self) -> list[TakenBox]:
        """The boxes as they are on the canvas."""
        kept = [
            self.changed.get(number) or TakenBox(found.label, found.box)
            for number, found in self.found.items()
            if number not in self.removed
        ]
        return [*kept, *self.added]

    def show(
        self, found: NumberedBoxes, surface: Surface | None, colors: Mapping[str, str]
    ) -> None:
        """Show other detections, or another size; the corrections are kept."""
        is_same = found.keys() == self.found.keys() and surface == self.surface
        self.found = found
        if surface and not is_same:
            self.surface = surface
            self.redraw(colors)

    def redraw(self, colors: Mapping[str, str]) -> None:
        """Start a new drawing with all corrections, on a canvas that showed something else."""
        if self.surface:
            self._drawing_count += 1
            self.drawing = to_drawing(self._drawing_name, self.surface, self._shown(colors))

    def receive_answer(self, raw: Mapping[str, Any] | None) -> None:
        """Apply the canvas's answer if it is about the current drawing."""
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
        """Request to save the boxes once the canvas has answered."""
        self.is_pending, self.is_due = True, False
        self.action_count += 1

    def end_wait(self) -> None:
        """The wait for the canvas is over."""
        self.is_due = self.is_pending

    def pop_due(self) -> bool:
        """Returns whether to save the boxes now, once per request."""
        due, self.is_due = self.is_due, False
        if due:
            self.is_pending = False
            self.action_count += 1
        return due

    def _read(self, drawn: DrawnBox, surface: Surface) -> None:
        found = self.found.get(drawn.number) if drawn.number else None
        if drawn.is_tap:
            return
        if found and drawn.label == found.label and is_unmoved(drawn, found.box, surface):
            self.changed.pop(drawn.number or 0, None)
            return
        box = surface.to_frame(drawn.box)
        if reason := invalid_reason(drawn, box) or _label_refusal(drawn.label):
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
                box.label,
                by_key.get(same_name_key(box.label), "#888888"),
                box.box,
                is_dashed=not box.by_hand,
            )
            for number, box in numbered
        ]

    @property
    def _drawing_name(self) -> str:
        return f"{self.name}:{self._drawing_count}"


def _label_refusal(label: str) -> str:
    if label.strip():
        return ""
    return "A box has no label. Press Edit on the canvas and double-click the box to name it."

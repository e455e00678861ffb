"""Validates labels, frames and boxes that come from clients and jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tpod_core.annotations.label_names import clean_label_name, same_name_key
from tpod_core.errors import InvalidInput
from tpod_core.geometry import MIN_SIDE_PX, Box, clip
from tpod_core.names import normalised

MAX_EDGE_PX = 1e6
"""No frame is nearly as large; a farther edge is no number of pixels."""

LEAST_SIDE_PX = 0.01
"""A shorter side is a rounding error, and has no meaningful proportions."""


@dataclass(frozen=True)
class AnnotationValidator:
    """A video's limits: its frames, its size in upright pixels, its label ids by name."""

    frame_count: int
    frame_wh: tuple[int, int]
    label_ids: Mapping[str, int]
    catalogue: frozenset[str] = frozenset()
    """The names of all labels of the installation."""

    @cached_property
    def _ids_by_key(self) -> dict[str, int]:
        return {same_name_key(name): label_id for name, label_id in self.label_ids.items()}

    def frame(self, frame: int, field: str) -> int:
        if not 0 <= frame < self.frame_count:
            raise InvalidInput(
                f"There is no frame {frame}: this video has frames 0 to {self.frame_count - 1}.",
                field,
            )
        return frame

    def range(self, start: int, stop: int, field: str) -> tuple[int, int]:
        """Raises: InvalidInput unless ``0 <= start < stop <= frame_count``."""
        if not 0 <= start < stop <= self.frame_count:
            raise InvalidInput(
                f"Frames {start} to {stop} (not included) are not a range of this video. "
                f"Give a start before the stop, both between 0 and {self.frame_count}.",
                field,
            )
        return start, stop

    def drawn_box(self, box: Box, field: str) -> Box:
        """Clips a box that a person draws. Raises: InvalidInput if too little is left."""
        inside = self.box(box, field)
        if min(inside.width, inside.height) < MIN_SIDE_PX:
            raise InvalidInput(
                f"{_covers(box, inside)}; each side needs {MIN_SIDE_PX:g} px.", field
            )
        return inside

    def box(self, box: Box, field: str) -> Box:
        """Clips ``box`` to the frame, however small it is: far objects are.

        Raises: InvalidInput if nothing to speak of is left, or if its numbers cannot be pixels.
        """
        if not all(abs(edge) <= MAX_EDGE_PX for edge in box.xyxy):  # false for NaN
            raise InvalidInput("The four numbers of a box must be pixels.", field)
        inside = clip(box, self.frame_wh)
        if min(inside.width, inside.height) < LEAST_SIDE_PX:
            raise InvalidInput(
                f"{_covers(box, inside)}. A box is given as left, top, right, bottom.", field
            )
        return inside

    def label_id(self, name: str, field: str) -> int:
        """Returns the id of a label in this video's list, or of one that reads the same.

        Raises: InvalidInput.
        """
        # A name in the list may be older than the rules for new ones.
        if (known := normalised(name)) in self.label_ids:
            return self.label_ids[known]
        clean = clean_label_name(name, field)
        if (key := same_name_key(clean)) in self._ids_by_key:
            return self._ids_by_key[key]
        if clean in self.catalogue:
            raise InvalidInput(
                f'The label "{clean}" exists, but is not in this video\'s list. Add it there.',
                field,
            )
        raise InvalidInput(f'There is no label "{clean}". Add it to the video first.', field)


def _covers(box: Box, inside: Box) -> str:
    numbers = ", ".join(f"{edge:g}" for edge in box.xyxy)
    width, height = max(inside.width, 0), max(inside.height, 0)
    return f"The box [{numbers}] covers {width:g} x {height:g} px of the frame"

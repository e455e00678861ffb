"""Finds questionable boxes: tiny, at the frame's edge, jumping in size, or duplicate.

Each check handles one video and reports a track, or a pair of tracks, once: at its worst or
its first box.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from tpod_core.annotations.document import KeyframeDoc
from tpod_core.box_arrays import iou
from tpod_core.geometry import Box
from tpod_core.training_sets.box_table import BoxTable
from tpod_core.training_sets.findings import Kind, PreflightFinding, Severity
from tpod_core.training_sets.plan import Plan
from tpod_core.training_sets.shapes import training_scale

_TINY_SIDE_PX = 8.0
_TINY_SHARE = 0.001
_EDGE_PX = 1.0
_DUPLICATE_IOU = 0.85
_JUMP = 1.6
"""The factor by which a box's area may change between neighbouring key frames."""
_GROWTH_PER_S = 4.0
"""The further factor that is allowed for each second between them."""


def tiny_boxes(plan: Plan, table: BoxTable) -> Iterator[PreflightFinding]:
    """Finds boxes below 8 pixels in training pictures, or below 0.1 % of the frame."""
    image_size = plan.spec.image_size
    scale, (width, height) = training_scale(table, image_size), table.video.source.frame_wh
    shorter = np.minimum(table.widths(), table.heights()) * scale
    share = table.widths() * table.heights() / (width * height)
    tiny = (shorter < _TINY_SIDE_PX) | (share < _TINY_SHARE)
    for rows in _by_track(table, tiny):
        worst = int(rows[np.argmin(share[rows])])
        width_px, height_px = (
            round(side[worst] * scale) for side in (table.widths(), table.heights())
        )
        yield _of_track(
            plan,
            table,
            worst,
            (Kind.TINY_BOX, Severity.WARNING),
            f"is {width_px}×{height_px} pixels in training pictures of {image_size}"
            f"{_and_more(rows)}. Detectors hardly learn so small ones.",
        )


def edge_boxes(plan: Plan, table: BoxTable) -> Iterator[PreflightFinding]:
    """Finds boxes that touch the frame's edge, which is correct for objects cut off there."""
    low, high = table.xyxy[:, :2], table.xyxy[:, 2:]
    far = np.array(table.video.source.frame_wh) - _EDGE_PX
    touching = np.any((low <= _EDGE_PX) | (high >= far), axis=1)
    for rows in _by_track(table, touching):
        yield _of_track(
            plan,
            table,
            int(rows[0]),
            (Kind.EDGE_BOX, Severity.NOTE),
            f"touches the edge of the picture{_and_more(rows)}. Right if the object is cut off.",
        )


def duplicate_boxes(plan: Plan, table: BoxTable) -> Iterator[PreflightFinding]:
    """Finds two tracks of a class on the same object."""
    seen = set()
    for row, other in _overlapping(table):
        pair = (int(table.track_ids[row]), int(table.track_ids[other]))
        if pair not in seen:
            seen.add(pair)
            yield _of_track(
                plan,
                table,
                other,
                (Kind.DUPLICATE_BOXES, Severity.WARNING),
                "lies on another box of the same class. Delete one of the two tracks.",
            )


def size_jumps(plan: Plan, table: BoxTable) -> Iterator[PreflightFinding]:
    """Finds neighbouring key frames between which a box changes size too fast; worst first."""
    source, class_ids = table.video.source, plan.class_ids
    used = np.array([frame for frame, _ in table.video.used()])
    found = []
    for track_id, state in source.tracks.items():
        if state.label_id not in class_ids:
            continue
        for left, right in pairwise(state.ordered()):
            excess = _excess(left, right, source.times.between(left.frame, right.frame))
            if excess > 1 and _uses_frame_between(used, left.frame, right.frame):
                finding = PreflightFinding(
                    Kind.SIZE_JUMP,
                    Severity.WARNING,
                    f"“{_name(plan, class_ids[state.label_id])}” in “{source.name}” changes from "
                    f"{_size(left.box)} pixels at frame {left.frame} to {_size(right.box)} at "
                    f"frame {right.frame}.",
                    source.video_id,
                    right.frame,
                    track_id,
                )
                found.append((-excess, right.frame, track_id, finding))
    yield from (each[-1] for each in sorted(found, key=lambda each: each[:-1]))


def _excess(left: KeyframeDoc, right: KeyframeDoc, seconds: float) -> float:
    """Returns the change of area as a multiple of what the time between allows.

    In logarithms, because what an hour allows is beyond any float.
    """
    smaller, larger = sorted((left.box.area, right.box.area))
    if left.outside or right.outside or not smaller:
        return 0.0
    return exp(log(larger) - log(smaller) - log(_JUMP) - seconds * log(_GROWTH_PER_S))


def _uses_frame_between(used: NDArray[np.int64], first: int, last: int) -> bool:
    """Whether the set uses a frame from ``first`` to ``last``."""
    return bool(np.searchsorted(used, last, side="right") > np.searchsorted(used, first))


def _overlapping(table: BoxTable) -> list[tuple[int, int]]:
    """Returns pairs of rows of one frame with the same class and nearly the same box.

    Each row is compared with the next one, then with the one after that, and so on while any
    pair shares a frame.
    """
    pairs: list[tuple[int, int]] = []
    for step in range(1, len(table.frames)):
        same_frame = table.frames[step:] == table.frames[:-step]
        if not same_frame.any():
            break
        rows = np.flatnonzero(same_frame & (table.class_ids[step:] == table.class_ids[:-step]))
        overlap = iou(table.xyxy[rows], table.xyxy[rows + step])
        pairs += [(row, row + step) for row in rows[overlap > _DUPLICATE_IOU].tolist()]
    return sorted(pairs)


def _by_track(table: BoxTable, chosen: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Groups the chosen rows by track, in the order of track ids."""
    rows = np.flatnonzero(chosen)
    ordered = rows[np.argsort(table.track_ids[rows], kind="stable")]
    breaks = np.flatnonzero(np.diff(table.track_ids[ordered])) + 1
    return [group for group in np.split(ordered, breaks) if len(group)]


def _of_track(
    plan: Plan, table: BoxTable, row: int, what: tuple[Kind, Severity], predicate: str
) -> PreflightFinding:
    source, frame = table.video.source, int(table.frames[row])
    name = _name(plan, int(table.class_ids[row]))
    sentence = f"“{name}” at frame {frame} of “{source.name}” {predicate}"
    return PreflightFinding(*what, sentence, source.video_id, frame, int(table.track_ids[row]))


def _and_more(rows: NDArray[np.int64]) -> str:
    more = len(rows) - 1
    return f", and on {more} more frames" if more > 1 else ", and on 1 more frame" if more else ""


def _name(plan: Plan, class_id: int) -> str:
    return plan.classes[class_id].name


def _size(box: Box) -> str:
    return f"{box.width:.0f}×{box.height:.0f}"

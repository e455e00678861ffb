"""One segment's work: what it wants to see, frame by frame, and the boxes that come of it.

Each piece of work is a generator that yields the number of the frame that it wants to see
next and is sent its ``View``. So many tracks can look at the same frame while it is there.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass

import numpy as np

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.box_arrays import area
from tpod_core.tracking.boxes import Boxes, clipped, cornered, placed, row, side, straight
from tpod_core.tracking.camera_motion import Motion, reversed_motion, scaled, shifted
from tpod_core.tracking.correlation_tracker import (
    BLIND_PEAK,
    CorrelationTracker,
    EndAnchor,
    Template,
)
from tpod_core.tracking.frame_window import CHUNK_FRAMES, View, chunk_of
from tpod_core.tracking.fusion import Paths, Values, fuse
from tpod_core.tracking.segments import Anchor, Segment
from tpod_core.tracking.uncertainty import between_boxes, size_jumps

Work = Generator[int, View, DerivedBoxes]

_WORKING_SIDE_PX = 48
"""Pictures are halved while the object stays at least this large."""
_WEAK_LOOK = 0.5
_WEAK_FRAMES = 8
"""An object met so badly for so long is gone."""
_LEAST_VISIBLE = 0.4
_FORGETTING = 0.004
"""How much trust a pursuit that nothing confirms loses per frame."""


@dataclass(frozen=True)
class Setting:
    """A segment, the size of its frames, and the pictures that it is worked on in.

    ``ahead_frames``: how many frames are at hand at once; a longer gap looks at its right end
    first and comes back.
    """

    segment: Segment
    frame_wh: tuple[int, int]
    halvings: int
    ahead_frames: int

    @property
    def zoom(self) -> float:
        return 0.5**self.halvings


def wished_halvings(segment: Segment) -> int:
    """How often pictures are halved for an object of this size."""
    anchors = [segment.left, *([segment.right] if segment.right else [])]
    smallest = min(float(side(row(anchor.box)[None])[0]) for anchor in anchors)
    halvings = 0
    while smallest / 2 >= _WORKING_SIDE_PX:
        smallest, halvings = smallest / 2, halvings + 1
    return halvings


def work(setting: Setting) -> Work:
    segment = setting.segment
    if segment.right:
        return _between(setting, segment.right)
    return _onward(setting)


@dataclass(frozen=True)
class _Trajectory:
    """Boxes (n, 4) at working scale, looks (n,) 1 as usual to 0, and the camera's motions.

    ``seen`` is false on frames that do not decode, ``blind`` 1 on those that show nothing.
    """

    boxes_xyxy: Boxes
    looks: Values
    motions: list[Motion]
    seen: list[bool]
    blind: Values


def _between(setting: Setting, right: Anchor) -> Work:
    segment, zoom = setting.segment, setting.zoom
    left = segment.left
    start, goal = row(left.box), row(right.box)
    plain = straight(start, goal, right.frame - left.frame + 1)
    if len(plain) == 2:
        return _derived(setting, plain, np.zeros(2))
    left_view, right_view = yield from _ends(setting, right)
    if setting.halvings not in left_view.halvings or setting.halvings not in right_view.halvings:
        return _derived(setting, plain, np.ones(len(plain)))
    frames = range(left.frame, right.frame + 1)
    there = yield from _pursue(setting, frames, (start, left_view), (goal, right_view))
    back = yield from _pursue(setting, frames[::-1], (goal, right_view), (start, left_view))
    steady = _steady(there.motions, plain * zoom)
    blind = there.blind, back.blind[::-1]
    paths = Paths(there.boxes_xyxy, back.boxes_xyxy[::-1], plain * zoom, steady, blind)
    fused = fuse(paths, _bends(segment, right))
    looks = np.maximum(there.looks, back.looks[::-1])
    doubt = between_boxes(fused, looks)
    return _derived(setting, *_bridged(fused.boxes_xyxy / zoom, doubt, there.seen))


def _onward(setting: Setting) -> Work:
    """Follow from the left box alone, until the object is gone or the segment ends."""
    segment = setting.segment
    view = yield segment.left.frame
    image = view.halvings.get(setting.halvings)
    boxes, doubt = [row(segment.left.box)], [0.0]
    if image is None:
        return _derived(setting, np.stack(boxes), np.zeros(1), open_end=True)
    tracker = CorrelationTracker(Template(image, boxes[0] * setting.zoom), None)
    trust, weak, gone = 1.0, 0, False
    for frame in range(segment.left.frame + 1, segment.stop):
        view = yield frame
        look = _look(tracker, view, setting)
        weak = weak + 1 if look < _WEAK_LOOK else 0
        trust *= 1 - _FORGETTING * (1 + 10 * (1 - look))
        boxes.append(tracker.box_xyxy / setting.zoom)
        doubt.append(1 - trust * look)
        gone = _left_the_frame(boxes[-1], setting.frame_wh)
        if gone or weak == _WEAK_FRAMES:
            break
    kept = len(boxes) - max(weak, int(gone))
    path = np.stack(boxes[:kept])
    return _derived(setting, path, np.maximum(doubt[:kept], size_jumps(path)), open_end=True)


def _look(tracker: CorrelationTracker, view: View, setting: Setting) -> float:
    """Take one step forward: 1 where the object is met as usual, 0 where nothing is seen."""
    image = view.halvings.get(setting.halvings)
    peak = tracker.step(image, scaled(view.motion, setting.zoom))
    return min(1.0, peak / tracker.usual_peak) if tracker.usual_peak else 0.0


def _ends(setting: Setting, right: Anchor) -> Generator[int, View, tuple[View, View]]:
    """What is to be seen at both ends; on the way, if all frames between fit in the window."""
    left_frame = setting.segment.left.frame
    left_view = yield left_frame
    if right.frame - left_frame <= setting.ahead_frames:
        for chunk in range(chunk_of(left_frame) + 1, chunk_of(right.frame)):
            yield chunk * CHUNK_FRAMES
    return left_view, (yield right.frame)


def _pursue(
    setting: Setting, frames: range, start: tuple[Boxes, View], goal: tuple[Boxes, View]
) -> Generator[int, View, _Trajectory]:
    """From the first of ``frames`` to the last, which may run backward in time."""
    zoom, halvings = setting.zoom, setting.halvings
    box, view = start
    tracker = CorrelationTracker(
        Template(view.halvings[halvings], box * zoom),
        EndAnchor(goal[0] * zoom, len(frames) - 1, goal[1].halvings[halvings]),
    )
    boxes, looks, motions, seen, blind = [tracker.box_xyxy], [1.0], [], [True], [0.0]
    for frame in frames[1:]:
        before, view = view, (yield frame)
        motion = view.motion if frames.step > 0 else reversed_motion(before.motion)
        motions.append(scaled(motion, zoom))
        image = view.halvings.get(halvings)
        peak = tracker.step(image, motions[-1])
        boxes.append(tracker.box_xyxy)
        looks.append(peak / tracker.usual_peak if tracker.usual_peak else 0.0)
        seen.append(image is not None)
        blind.append(float(image is not None and peak < BLIND_PEAK))
    return _Trajectory(np.stack(boxes), np.array(looks), motions, seen, np.array(blind))


def _steady(motions: list[Motion], plain: Boxes) -> Boxes:
    """The even way over the ground: each end carried along by the camera, and both mixed."""
    places = placed(plain)
    ahead, back = (
        _carried(places[0], motions),
        _carried(places[-1], [reversed_motion(motion) for motion in reversed(motions)]),
    )
    share = np.linspace(0, 1, len(plain))[:, None]
    places[:, :2] = (1 - share) * ahead + share * back[::-1]
    return cornered(places)


def _carried(place: Boxes, motions: Iterable[Motion]) -> Boxes:
    """(n, 2): where the camera's motions carry a centre, itself first."""
    way = [(float(place[0]), float(place[1]))]
    for motion in motions:
        way.append(shifted(motion, *way[-1]))
    return np.array(way)


def _bends(segment: Segment, right: Anchor) -> list[Values]:
    """How far each end lies from the straight line between its neighbouring human boxes."""
    known = {anchor.frame: anchor for anchor in (*segment.context, segment.left, right)}
    ordered = [known[frame] for frame in sorted(known)]
    bends = []
    for before, at, after in zip(ordered, ordered[1:], ordered[2:], strict=False):
        if at.frame in (segment.left.frame, right.frame):
            line = straight(row(before.box), row(after.box), after.frame - before.frame + 1)
            expected = line[at.frame - before.frame]
            length = float(side(expected[None])[0])
            bends.append(placed((row(at.box) - expected)[None])[0] / length)
    return bends


def _bridged(boxes: Boxes, doubt: Values, seen: list[bool]) -> tuple[Boxes, Values]:
    """Straight lines over the frames that do not decode, which are pure guesses."""
    there = np.flatnonzero(seen)
    missing = np.flatnonzero(~np.array(seen))
    for edge in range(4):
        boxes[missing, edge] = np.interp(missing, there, boxes[there, edge])
    doubt[missing] = 1
    return boxes, doubt


def _left_the_frame(box: Boxes, frame_wh: tuple[int, int]) -> bool:
    inside = area(clipped(box[None], frame_wh))
    return bool(inside[0] < _LEAST_VISIBLE * area(box[None])[0])


def _derived(
    setting: Setting, path: Boxes, doubt: Values, *, open_end: bool = False
) -> DerivedBoxes:
    """Without the human boxes at the ends of ``path``."""
    inner = slice(1, None) if open_end else slice(1, -1)
    return DerivedBoxes(
        setting.segment.left.frame + 1,
        clipped(path[inner], setting.frame_wh).astype(np.float32),
        np.clip(doubt[inner], 0, 1).astype(np.float32),
    )

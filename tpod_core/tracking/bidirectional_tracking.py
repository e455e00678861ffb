"""Tracks one segment, forward and backward between two anchors, or forward from one.

A segment's tracking is a generator that yields the number of the next frame that it needs and
is sent that frame's ``FramePyramid``, so that many tracks share each decoded frame.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass

import numpy as np

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.box_arrays import area
from tpod_core.tracking.boxes import (
    Boxes,
    box_array,
    clip_boxes,
    linear_path,
    mean_side,
    to_center_form,
    to_corner_form,
)
from tpod_core.tracking.camera_motion import Motion, reversed_motion, scaled, transform_point
from tpod_core.tracking.correlation_tracker import (
    NO_RESPONSE_PEAK,
    CorrelationTracker,
    EndAnchor,
    Template,
)
from tpod_core.tracking.frame_window import CHUNK_FRAMES, FramePyramid, chunk_of
from tpod_core.tracking.fusion import Paths, Values, fuse
from tpod_core.tracking.segments import Anchor, Segment
from tpod_core.tracking.uncertainty import path_uncertainty, size_jumps

TrackingSteps = Generator[int, FramePyramid, DerivedBoxes]

_WORKING_SIDE_PX = 48
"""Pictures are halved while the object stays at least this large."""
_WEAK_RESPONSE = 0.5
_WEAK_FRAMES = 8
"""The object counts as lost after this many frames in a box_array with a weak response."""
_LEAST_VISIBLE = 0.4
_TRUST_DECAY = 0.004
"""The share of trust that forward-only tracking loses per frame."""


@dataclass(frozen=True)
class TrackingTask:
    """A segment to track in frames of ``frame_wh`` that are halved ``halvings`` times.

    ``window_frames`` is how many frames the window holds at once. A longer segment reads its
    right end first and then starts again at the left.
    """

    segment: Segment
    frame_wh: tuple[int, int]
    halvings: int
    window_frames: int

    @property
    def zoom(self) -> float:
        return 0.5**self.halvings


def preferred_halvings(segment: Segment) -> int:
    """Returns how often to halve pictures for an object of this size."""
    anchors = [segment.left, *([segment.right] if segment.right else [])]
    smallest = min(float(mean_side(box_array(anchor.box)[None])[0]) for anchor in anchors)
    halvings = 0
    while smallest / 2 >= _WORKING_SIDE_PX:
        smallest, halvings = smallest / 2, halvings + 1
    return halvings


def track_segment(task: TrackingTask) -> TrackingSteps:
    """Starts tracking a segment; the generator returns the boxes between its anchors."""
    if task.segment.right:
        return _track_between(task, task.segment.right)
    return _track_forward(task)


@dataclass(frozen=True)
class _Trajectory:
    """A tracked path of n boxes, at working scale.

    ``responses`` (n,) are the filter's peaks relative to the typical one, ``motions`` the
    camera's. ``decoded`` is false on frames that do not decode; ``no_response`` (n,) is 1 on
    decoded frames whose response map has no peak, else 0.
    """

    boxes_xyxy: Boxes
    responses: Values
    motions: list[Motion]
    decoded: list[bool]
    no_response: Values


def _track_between(task: TrackingTask, right: Anchor) -> TrackingSteps:
    segment, zoom = task.segment, task.zoom
    left = segment.left
    start, end = box_array(left.box), box_array(right.box)
    linear = linear_path(start, end, right.frame - left.frame + 1)
    if len(linear) == 2:
        return _derived(task, linear, np.zeros(2))
    left_pyramid, right_pyramid = yield from _end_frames(task, right)
    if task.halvings not in left_pyramid.images or task.halvings not in right_pyramid.images:
        return _derived(task, linear, np.ones(len(linear)))
    frames = range(left.frame, right.frame + 1)
    forward = yield from _track(task, frames, (start, left_pyramid), (end, right_pyramid))
    backward = yield from _track(task, frames[::-1], (end, right_pyramid), (start, left_pyramid))
    stabilized = _stabilized_path(forward.motions, linear * zoom)
    no_response = forward.no_response, backward.no_response[::-1]
    paths = Paths(
        forward.boxes_xyxy, backward.boxes_xyxy[::-1], linear * zoom, stabilized, no_response
    )
    fused = fuse(paths, _deviations(segment, right))
    responses = np.maximum(forward.responses, backward.responses[::-1])
    uncertainty = path_uncertainty(fused, responses)
    boxes = fused.boxes_xyxy / zoom
    return _derived(task, *_interpolate_undecodable(boxes, uncertainty, forward.decoded))


def _track_forward(task: TrackingTask) -> TrackingSteps:
    """Track from the left anchor alone, until the object is lost or the segment ends."""
    segment = task.segment
    pyramid = yield segment.left.frame
    image = pyramid.images.get(task.halvings)
    boxes, uncertainty = [box_array(segment.left.box)], [0.0]
    if image is None:
        return _derived(task, np.stack(boxes), np.zeros(1), open_end=True)
    tracker = CorrelationTracker(Template(image, boxes[0] * task.zoom), None)
    trust, weak, outside = 1.0, 0, False
    for frame in range(segment.left.frame + 1, segment.stop):
        pyramid = yield frame
        response = _step_forward(tracker, pyramid, task)
        weak = weak + 1 if response < _WEAK_RESPONSE else 0
        trust *= 1 - _TRUST_DECAY * (1 + 10 * (1 - response))
        boxes.append(tracker.box_xyxy / task.zoom)
        uncertainty.append(1 - trust * response)
        outside = _left_the_frame(boxes[-1], task.frame_wh)
        if outside or weak == _WEAK_FRAMES:
            break
    kept = len(boxes) - max(weak, int(outside))
    path = np.stack(boxes[:kept])
    return _derived(task, path, np.maximum(uncertainty[:kept], size_jumps(path)), open_end=True)


def _step_forward(tracker: CorrelationTracker, pyramid: FramePyramid, task: TrackingTask) -> float:
    """Tracks one frame; returns its response relative to the typical peak, 0 to 1."""
    image = pyramid.images.get(task.halvings)
    peak = tracker.step(image, scaled(pyramid.motion, task.zoom))
    return min(1.0, peak / tracker.typical_peak) if tracker.typical_peak else 0.0


def _end_frames(
    task: TrackingTask, right: Anchor
) -> Generator[int, FramePyramid, tuple[FramePyramid, FramePyramid]]:
    """Gets the frames of both anchors, and those between on the way if the window holds all."""
    left_frame = task.segment.left.frame
    left_pyramid = yield left_frame
    if right.frame - left_frame <= task.window_frames:
        for chunk in range(chunk_of(left_frame) + 1, chunk_of(right.frame)):
            yield chunk * CHUNK_FRAMES
    return left_pyramid, (yield right.frame)


def _track(
    task: TrackingTask,
    frames: range,
    start: tuple[Boxes, FramePyramid],
    end: tuple[Boxes, FramePyramid],
) -> Generator[int, FramePyramid, _Trajectory]:
    """Tracks over ``frames`` from anchor to anchor; descending frames run backward in time."""
    zoom, halvings = task.zoom, task.halvings
    box, pyramid = start
    tracker = CorrelationTracker(
        Template(pyramid.images[halvings], box * zoom),
        EndAnchor(end[0] * zoom, len(frames) - 1, end[1].images[halvings]),
    )
    boxes, responses, motions, decoded, no_response = [tracker.box_xyxy], [1.0], [], [True], [0.0]
    for frame in frames[1:]:
        before, pyramid = pyramid, (yield frame)
        motion = pyramid.motion if frames.step > 0 else reversed_motion(before.motion)
        motions.append(scaled(motion, zoom))
        image = pyramid.images.get(halvings)
        peak = tracker.step(image, motions[-1])
        boxes.append(tracker.box_xyxy)
        responses.append(peak / tracker.typical_peak if tracker.typical_peak else 0.0)
        decoded.append(image is not None)
        no_response.append(float(image is not None and peak < NO_RESPONSE_PEAK))
    return _Trajectory(
        np.stack(boxes), np.array(responses), motions, decoded, np.array(no_response)
    )


def _stabilized_path(motions: list[Motion], linear: Boxes) -> Boxes:
    """Interpolates with camera motion compensation: both ends move with the camera, blended."""
    path = to_center_form(linear)
    forward, backward = (
        _move_with_camera(path[0], motions),
        _move_with_camera(path[-1], [reversed_motion(motion) for motion in reversed(motions)]),
    )
    share = np.linspace(0, 1, len(linear))[:, None]
    path[:, :2] = (1 - share) * forward + share * backward[::-1]
    return to_corner_form(path)


def _move_with_camera(box: Boxes, motions: Iterable[Motion]) -> Boxes:
    """Returns (n, 2): the centre of ``box`` and its positions after each camera motion."""
    centers = [(float(box[0]), float(box[1]))]
    for motion in motions:
        centers.append(transform_point(motion, *centers[-1]))
    return np.array(centers)


def _deviations(segment: Segment, right: Anchor) -> list[Values]:
    """Returns how far each end lies from the line between its neighbouring anchors."""
    known = {anchor.frame: anchor for anchor in (*segment.context, segment.left, right)}
    ordered = [known[frame] for frame in sorted(known)]
    deviations = []
    for before, at, after in zip(ordered, ordered[1:], ordered[2:], strict=False):
        if at.frame in (segment.left.frame, right.frame):
            line = linear_path(
                box_array(before.box), box_array(after.box), after.frame - before.frame + 1
            )
            expected = line[at.frame - before.frame]
            length = float(mean_side(expected[None])[0])
            deviations.append(to_center_form((box_array(at.box) - expected)[None])[0] / length)
    return deviations


def _interpolate_undecodable(
    boxes: Boxes, uncertainty: Values, decoded: list[bool]
) -> tuple[Boxes, Values]:
    """Interpolates over the frames that do not decode, with uncertainty 1."""
    present = np.flatnonzero(decoded)
    missing = np.flatnonzero(~np.array(decoded))
    for edge in range(4):
        boxes[missing, edge] = np.interp(missing, present, boxes[present, edge])
    uncertainty[missing] = 1
    return boxes, uncertainty


def _left_the_frame(box: Boxes, frame_wh: tuple[int, int]) -> bool:
    inside = area(clip_boxes(box[None], frame_wh))
    return bool(inside[0] < _LEAST_VISIBLE * area(box[None])[0])


def _derived(
    task: TrackingTask, path: Boxes, uncertainty: Values, *, open_end: bool = False
) -> DerivedBoxes:
    """Drops the anchors at the ends of ``path``; with ``open_end`` there is only a left one."""
    inner = slice(1, None) if open_end else slice(1, -1)
    return DerivedBoxes(
        task.segment.left.frame + 1,
        clip_boxes(path[inner], task.frame_wh).astype(np.float32),
        np.clip(uncertainty[inner], 0, 1).astype(np.float32),
    )

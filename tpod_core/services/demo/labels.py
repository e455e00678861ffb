"""A scene's true boxes as a user would have labelled them: by key frames."""

from collections.abc import Iterator, Sequence

from tpod_core.annotations.document import KeyframeDoc, TrackDoc
from tpod_core.geometry import Box
from tpod_core.services.demo.scene import RenderedFrame, Scene

KEYFRAME_EVERY = 8
"""Frames between key frames; interpolation then keeps an IoU of at least 0.9."""


def tracks_of(scene: Scene, frames: Sequence[RenderedFrame]) -> list[TrackDoc]:
    """Returns one track per actor, with an outside key frame wherever it leaves the picture."""
    return [
        TrackDoc(
            None,
            actor.cutout.label,
            tuple(_keyframes([frame.boxes[number] for frame in frames])),
        )
        for number, actor in enumerate(scene.actors)
    ]


def _keyframes(boxes: Sequence[Box | None]) -> Iterator[KeyframeDoc]:
    last_keyframe = 0
    for frame, box in enumerate(boxes):
        before = boxes[frame - 1] if frame else None
        after = boxes[frame + 1] if frame + 1 < len(boxes) else None
        if box is None:
            if before is not None:
                yield KeyframeDoc(frame, before, outside=True)
        elif before is None or after is None or frame - last_keyframe >= KEYFRAME_EVERY:
            last_keyframe = frame
            yield KeyframeDoc(frame, box)

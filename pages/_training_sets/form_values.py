"""The values of the form, and their conversion to a ``TrainingSetSpec``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tpod_core.errors import InvalidInput
from tpod_core.services.training_sets import (
    Negatives,
    Sampling,
    SplitMethod,
    SplitSpec,
    TrainingSetSpec,
    VideoSpec,
)

_RANGE = re.compile(r"(\d{1,9})(?:\s*(?:-|–|to)\s*(\d{1,9}))?")


@dataclass(frozen=True)
class TrainingSetForm:
    """The form's fields; ``videos`` maps the ids of chosen videos to the text of their ranges."""

    videos: dict[int, str]
    labels: tuple[str, ...] | None = None
    stride: int = 1
    keyframes_only: bool = False
    drop_near_duplicates: bool = False
    near_duplicate_distance: int = 6
    outside_ranges: bool = False
    negatives_percent: int = 10
    crops_percent: int = 0
    method: SplitMethod | None = None
    val_percent: int = 20
    val_videos: tuple[int, ...] = ()
    guard_frames: int | None = None
    seed: int = 0
    image_size: int = 640
    names: dict[int, str] = field(default_factory=dict)

    def spec(self) -> TrainingSetSpec:
        """Raises: InvalidInput for unreadable ranges, or without a video or class."""
        if not self.videos:
            raise InvalidInput("Choose at least one video.")
        if self.labels is not None and not self.labels:
            raise InvalidInput("Choose at least one class.")
        by_video = self.method is not SplitMethod.BY_BLOCK
        return TrainingSetSpec(
            videos=tuple(
                VideoSpec(video_id=video_id, ranges=self._ranges(video_id))
                for video_id in self.videos
            ),
            labels=self.labels,
            sampling=Sampling(
                stride=self.stride,
                keyframes_only=self.keyframes_only,
                drop_near_duplicates=self.drop_near_duplicates,
                near_duplicate_distance=self.near_duplicate_distance,
                outside_ranges=self.outside_ranges,
            ),
            negatives=Negatives(
                ratio=self.negatives_percent / 100, background_crops=self.crops_percent / 100
            ),
            split=SplitSpec(
                method=self.method,
                val_fraction=self.val_percent / 100,
                guard_frames=self.guard_frames,
                val_videos=self.val_videos if by_video else (),
            ),
            seed=self.seed,
            image_size=self.image_size,
        )

    def _ranges(self, video_id: int) -> tuple[tuple[int, int], ...] | None:
        try:
            return read_ranges(self.videos[video_id])
        except InvalidInput as error:
            name = self.names.get(video_id, f"video {video_id}")
            raise InvalidInput(f"{name}: {error.message}") from error


def read_ranges(text: str) -> tuple[tuple[int, int], ...] | None:
    """``"0-99, 150"`` as ``((0, 100), (150, 151))``; an empty text as ``None``.

    The text includes the last frame; the returned ranges exclude their stop. Raises:
    InvalidInput.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(_read_range(part) for part in parts) or None


def _read_range(part: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise InvalidInput(f"“{part}” is not a range of frames. Write ranges like 0-99, 150-200.")
    first = int(match[1])
    last = int(match[2]) if match[2] else first
    if last < first:
        raise InvalidInput(f"“{part}” ends before it starts.")
    return first, last + 1


def none_if_all(chosen: Sequence[str], offered: Sequence[str]) -> tuple[str, ...] | None:
    """``None`` if everything offered is chosen, so that the set keeps the order of the list."""
    return None if set(chosen) == set(offered) else tuple(chosen)

"""The specification of a training set, which is also the body of ``POST /trainsets``."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from tpod_core.errors import InvalidInput
from tpod_core.models import RowId
from tpod_core.strict_json import StrictJson


class SplitMethod(StrEnum):
    """How validation frames are held out: whole videos, or one block of each video."""

    BY_VIDEO = "by_video"
    BY_BLOCK = "by_block"


class _SpecPart(StrictJson):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VideoSpec(_SpecPart):
    """A video to use; ``ranges`` limit it to ``start <= frame < stop``, else ``frames.Basis``."""

    video_id: RowId
    ranges: tuple[tuple[int, int], ...] | None = None


class Sampling(_SpecPart):
    """Which frames of the ranges to use.

    ``stride`` 4 takes every fourth frame of each range; ``keyframes_only`` takes only frames
    with a key frame. ``drop_near_duplicates`` drops frames that look like the last kept one
    (see ``thinning``), if at most ``near_duplicate_distance`` of the 64 bits of their hashes
    differ. ``outside_ranges`` also takes frames with boxes outside the fully labelled ranges.
    """

    stride: int = Field(1, ge=1, le=1_000_000)
    keyframes_only: bool = False
    drop_near_duplicates: bool = False
    near_duplicate_distance: int = Field(6, ge=0, le=32)
    outside_ranges: bool = False


class Negatives(_SpecPart):
    """Pictures without objects, from fully labelled ranges.

    For each frame with an object, ``ratio`` frames without one, and ``background_crops`` pieces
    cut from training frames. What a person refused in a review comes in beyond these numbers: as
    the frame where that is fully labelled, else as the refused box alone.
    """

    ratio: float = Field(0.1, ge=0, le=10)
    background_crops: float = Field(0, ge=0, le=10)


class SplitSpec(_SpecPart):
    """How validation frames are held out. Videos locked as held out are always validation.

    ``method``: by default by video if there are two or more, else by block. ``guard_frames``:
    the gap between training frames and a validation block; by default a second, at most a
    tenth of the video's used stretch. ``val_videos``: exactly these videos are held out.
    """

    method: SplitMethod | None = None
    val_fraction: float = Field(0.2, gt=0, lt=1)
    guard_frames: int | None = Field(None, ge=0, le=1_000_000)
    val_videos: tuple[RowId, ...] = ()


class TrainingSetSpec(_SpecPart):
    """What to build a training set from.

    ``labels``: the classes in this order; by default every label that has a box.
    ``image_size``: the longer side in pixels that training will scale pictures to; only the
    checks on small boxes use it.
    """

    videos: tuple[VideoSpec, ...] = Field(min_length=1)
    labels: tuple[str, ...] | None = None
    sampling: Sampling = Sampling()
    negatives: Negatives = Negatives()
    split: SplitSpec = SplitSpec()
    seed: int = Field(0, ge=0, lt=2**63)
    image_size: int = Field(640, ge=32, le=4096)


def require_consistent(spec: TrainingSetSpec) -> None:
    """Raises: InvalidInput if fields of ``spec`` contradict each other."""
    ids = [video.video_id for video in spec.videos]
    for number, video_id in enumerate(ids):
        if video_id in ids[:number]:
            raise InvalidInput(
                f"Video {video_id} is chosen twice. Give it several ranges instead.",
                f"videos[{number}].video_id",
            )
    for number, video_id in enumerate(spec.split.val_videos):
        if video_id not in ids:
            raise InvalidInput(
                f"Video {video_id} is held out for validation, but is not among the videos.",
                f"split.val_videos[{number}]",
            )
    if spec.split.val_videos and spec.split.method is SplitMethod.BY_BLOCK:
        raise InvalidInput(
            "Videos can be held out when splitting by video, not by block.", "split.val_videos"
        )

"""Several training sets as one: whose classes, and which of their frames.

A frame is known by its video file's sha256 and its number. Pure: nothing is read or written.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tpod_core.formats.yolo import Manifest, ManifestFrame, Split

_GUARD_FRAMES = 30
"""The distance kept from validation frames where a set does not name one: about a second."""

FrameKey = tuple[str, int]


@dataclass(frozen=True)
class Mixture:
    """``frames`` per set, in the order of the sets.

    ``leaking`` counts training frames left out since another set validates on them or on a
    neighbour; ``repeated`` those left out since an earlier set has them too.
    """

    frames: tuple[tuple[ManifestFrame, ...], ...]
    leaking: int
    repeated: int


def union_of_classes(first: Iterable[str], manifests: Iterable[Manifest]) -> tuple[str, ...]:
    """``first``, then what the sets add, each once."""
    names = [*first, *(name for manifest in manifests for name in manifest.classes)]
    return tuple(dict.fromkeys(names))


def mix(manifests: Sequence[Manifest]) -> Mixture:
    """The frames to take of each set, the earlier set's first where two have the same."""
    held_out = [_Neighbourhood(manifest, "val") for manifest in manifests]
    seen: set[FrameKey] = set()
    taken: list[tuple[ManifestFrame, ...]] = []
    leaking = repeated = 0
    for number, manifest in enumerate(manifests):
        others = held_out[:number] + held_out[number + 1 :]
        own: dict[str, FrameKey] = {}
        for frame, key in _keyed(manifest):
            if frame.split == "train" and any(part.reaches(key) for part in others):
                leaking += 1
            elif key in seen:
                repeated += 1
            else:
                own[frame.image] = key
        # A set may hold several pictures of one frame: only those of earlier sets count.
        seen.update(own.values())
        taken.append(tuple(frame for frame in manifest.frames if frame.image in own))
    return Mixture(tuple(taken), leaking, repeated)


def count_known(validation: Sequence[Manifest], learnt: Iterable[Manifest]) -> int:
    """Validation frames that lie in or near the training part of one of ``learnt``.

    Whoever has been trained on that knows them: its score on them flatters. What a set says of
    itself does not count here, as its own split has been looked at when it was built.
    """
    others = [(each, _Neighbourhood(each, "train")) for each in learnt]
    return sum(
        any(part.reaches(key) for each, part in others if each.content_hash != own.content_hash)
        for own in validation
        for frame, key in _keyed(own)
        if frame.split == "val"
    )


class _Neighbourhood:
    """The frames of one part of a set, and how far their neighbourhood reaches."""

    def __init__(self, manifest: Manifest, part: Split) -> None:
        named = manifest.choice.get("split", {}).get("guard_frames")
        self._guard = _GUARD_FRAMES if named is None else int(named)
        self._frames: dict[str, list[int]] = {}
        for frame, (file, index) in _keyed(manifest):
            if frame.split == part:
                self._frames.setdefault(file, []).append(index)
        for indices in self._frames.values():
            indices.sort()

    def reaches(self, key: FrameKey) -> bool:
        file, index = key
        indices = self._frames.get(file, [])
        place = bisect_left(indices, index - self._guard)
        return place < len(indices) and indices[place] <= index + self._guard


def _keyed(manifest: Manifest) -> Iterator[tuple[ManifestFrame, FrameKey]]:
    files = {video.video_id: video.sha256 for video in manifest.videos}
    for frame in manifest.frames:
        file = files.get(frame.video_id) or f"video {frame.video_id}"
        yield frame, (file, frame.frame_index)

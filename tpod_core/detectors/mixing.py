"""Combine several training sets: which classes and which frames of each are used.

A frame is identified by its video file's sha256 and its index. Pure: no file is read or written.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tpod_core.formats.yolo import Manifest, ManifestFrame, Split

_GUARD_FRAMES = 30
"""Distance kept from validation frames where a set does not give one: about a second."""

FrameKey = tuple[str, int]


@dataclass(frozen=True)
class Mixture:
    """The ``frames`` to use of each set, in the order of the sets.

    ``leaking`` counts the training frames left out because another set validates on them or on
    a neighbour, ``repeated`` those left out because an earlier set already has them.
    """

    frames: tuple[tuple[ManifestFrame, ...], ...]
    leaking: int
    repeated: int


def union_of_classes(first: Iterable[str], manifests: Iterable[Manifest]) -> tuple[str, ...]:
    """Returns ``first``, then the other classes of the sets, each once."""
    names = [*first, *(name for manifest in manifests for name in manifest.classes)]
    return tuple(dict.fromkeys(names))


def mix(manifests: Sequence[Manifest]) -> Mixture:
    """Select the frames of each set; of two sets with the same frame, the earlier keeps it."""
    held_out = [_Neighbourhood(manifest, "val") for manifest in manifests]
    earlier: set[tuple[FrameKey, bool]] = set()
    kept: list[tuple[ManifestFrame, ...]] = []
    leaking = repeated = 0
    for number, manifest in enumerate(manifests):
        others = held_out[:number] + held_out[number + 1 :]
        own: dict[str, FrameKey] = {}
        for frame, key in _keyed(manifest):
            if frame.split == "train" and any(each.contains(key) for each in others):
                leaking += 1
            elif (key, bool(frame.shown)) in earlier:
                repeated += 1
            else:
                own[frame.image] = key
        kept.append(tuple(frame for frame in manifest.frames if frame.image in own))
        # A set may hold several pictures of one frame: only earlier sets make it a repetition.
        # A masked frame does not keep out the whole frame, with its labels, of a later set.
        earlier.update(
            (own[frame.image], masked) for frame in kept[-1] for masked in {bool(frame.shown), True}
        )
    return Mixture(tuple(kept), leaking, repeated)


def count_known(validation: Sequence[Manifest], learnt: Iterable[Manifest]) -> int:
    """Returns how many validation frames lie in or near the training frames of ``learnt``.

    A detector trained on those scores too well on these validation frames. A set is not compared
    with itself, because its own split was checked when it was built.
    """
    others = [(each, _Neighbourhood(each, "train")) for each in learnt]
    return sum(
        any(near.contains(key) for each, near in others if each.content_hash != own.content_hash)
        for own in validation
        for frame, key in _keyed(own)
        if frame.split == "val"
    )


class _Neighbourhood:
    """The frames of one split of a set and the frames within the guard distance of them."""

    def __init__(self, manifest: Manifest, split: Split) -> None:
        guard_frames = manifest.choice.get("split", {}).get("guard_frames")
        self._guard = _GUARD_FRAMES if guard_frames is None else int(guard_frames)
        self._frames: dict[str, list[int]] = {}
        for frame, (file, index) in _keyed(manifest):
            if frame.split == split:
                self._frames.setdefault(file, []).append(index)
        for indices in self._frames.values():
            indices.sort()

    def contains(self, key: FrameKey) -> bool:
        file, index = key
        indices = self._frames.get(file, [])
        first = bisect_left(indices, index - self._guard)
        return first < len(indices) and indices[first] <= index + self._guard


def _keyed(manifest: Manifest) -> Iterator[tuple[ManifestFrame, FrameKey]]:
    files = {video.video_id: video.sha256 for video in manifest.videos}
    for frame in manifest.frames:
        file = files.get(frame.video_id) or f"video {frame.video_id}"
        yield frame, (file, frame.frame_index)

"""Compares two finished sets: their videos, frames, and the boxes of each class.

Boxes have no identity in a set. On a frame in both sets, equal boxes of a class count as the
same. The others are paired and count as changed; unpaired ones were added or removed.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tpod_core.formats.yolo import Manifest, ManifestFrame, ManifestVideo, read_manifest

PictureKey = tuple[int, int, tuple[int, ...] | None, tuple[tuple[int, ...], ...]]
"""A picture's video, frame, and the ``crop`` and ``shown`` of a ``ManifestFrame``."""
Boxes = Counter[tuple[str, str]]
"""Pairs of class name and coordinates, as the label line writes them."""


@dataclass(frozen=True)
class VideoChange:
    """The revision of a video's annotations in both sets; ``None`` where the set lacks it."""

    video_id: int
    name: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class FrameChanges:
    """Numbers of pictures; ``relabelled`` have other boxes, ``moved`` are in the other split."""

    added: int
    removed: int
    relabelled: int
    moved: int
    same: int


@dataclass(frozen=True)
class ClassChanges:
    """Numbers of boxes of one class in the older and the newer set, and their differences."""

    name: str
    before: int
    after: int
    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class Comparison:
    """The changes from an older set to a newer one.

    ``identical`` means equal pictures, labels and splits. ``videos`` are those that differ,
    ``classes`` are all of both sets.
    """

    identical: bool
    videos: tuple[VideoChange, ...]
    frames: FrameChanges
    classes: tuple[ClassChanges, ...]


@dataclass(frozen=True)
class _FinishedSet:
    directory: Path
    manifest: Manifest
    frames: dict[PictureKey, ManifestFrame] = field(init=False)

    def __post_init__(self) -> None:
        frames = {(f.video_id, f.frame_index, f.crop, f.shown): f for f in self.manifest.frames}
        object.__setattr__(self, "frames", frames)

    def boxes(self, key: PictureKey) -> Boxes:
        """Returns the boxes of a picture; none if the set has no such picture."""
        if key not in self.frames:
            return Counter()
        path = self.directory / self.frames[key].label_file
        lines = path.read_text(encoding="ascii").splitlines()
        pairs = (line.split(" ", 1) for line in lines)
        return Counter((self.manifest.classes[int(class_id)], rest) for class_id, rest in pairs)


def compare(older: Path, newer: Path) -> Comparison:
    """Compares the finished sets in two directories."""
    before, after = (_FinishedSet(path, read_manifest(path)) for path in (older, newer))
    both = before.frames.keys() & after.frames.keys()
    tally = _Tally()
    relabelled = {
        key
        for key in before.frames.keys() | after.frames.keys()
        if tally.add(before.boxes(key), after.boxes(key))
    } & both
    moved = {key for key in both if before.frames[key].split != after.frames[key].split}
    return Comparison(
        before.manifest.content_hash == after.manifest.content_hash,
        _videos(before.manifest.videos, after.manifest.videos),
        FrameChanges(
            added=len(after.frames.keys() - both),
            removed=len(before.frames.keys() - both),
            relabelled=len(relabelled),
            moved=len(moved),
            same=len(both - relabelled - moved),
        ),
        tuple(
            tally.of(name)
            for name in dict.fromkeys([*after.manifest.classes, *before.manifest.classes])
        ),
    )


class _Tally:
    """Counts the boxes of each class over all pictures."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, before: Boxes, after: Boxes) -> bool:
        """Counts one picture; returns whether its boxes differ."""
        lost, new = _per_class(before - after), _per_class(after - before)
        changed = lost & new
        columns = {
            "before": _per_class(before),
            "after": _per_class(after),
            "changed": changed,
            "removed": lost - changed,
            "added": new - changed,
        }
        for column, counts in columns.items():
            for name, count in counts.items():
                self._counts[name, column] += count
        return bool(lost or new)

    def of(self, name: str) -> ClassChanges:
        columns = ("before", "after", "added", "removed", "changed")
        return ClassChanges(name, *(self._counts[name, column] for column in columns))


def _per_class(boxes: Boxes) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (name, _), count in boxes.items():
        counts[name] += count
    return counts


def _videos(
    before: Iterable[ManifestVideo], after: Iterable[ManifestVideo]
) -> tuple[VideoChange, ...]:
    old, new = ({video.video_id: video for video in videos} for videos in (before, after))
    changes = (
        VideoChange(
            video_id,
            (new.get(video_id) or old[video_id]).name,
            old[video_id].revision if video_id in old else None,
            new[video_id].revision if video_id in new else None,
        )
        for video_id in sorted(old.keys() | new.keys())
    )
    return tuple(change for change in changes if change.before != change.after)

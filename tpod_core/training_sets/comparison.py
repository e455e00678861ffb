"""What differs between two finished sets: videos, frames, and the boxes of each class.

Boxes have no names in a set. On a frame that both sets have, equal boxes of a class are the
same; of the others, as many as can be paired have changed, and the rest was added or removed.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tpod_core.formats.yolo import Manifest, ManifestFrame, ManifestVideo, read_manifest

Place = tuple[int, int, tuple[int, ...] | None]
"""A picture's video, frame and, for a background crop, its piece of it."""
Boxes = Counter[tuple[str, str]]
"""Class names with the rest of their label line."""


@dataclass(frozen=True)
class VideoChange:
    """The revision of a video's annotations in both sets; ``None`` in the one it is not in."""

    video_id: int
    name: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class FrameChanges:
    """Pictures; ``relabelled`` have other boxes, ``moved`` went from one part to the other."""

    added: int
    removed: int
    relabelled: int
    moved: int
    same: int


@dataclass(frozen=True)
class ClassChanges:
    """Boxes of one class in the older set, in the newer one, and how the two differ."""

    name: str
    before: int
    after: int
    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class Comparison:
    """From an older set to a newer one. ``identical``: pictures, labels and parts are the same.

    ``videos`` are those that differ, ``classes`` all of both sets.
    """

    identical: bool
    videos: tuple[VideoChange, ...]
    frames: FrameChanges
    classes: tuple[ClassChanges, ...]


@dataclass(frozen=True)
class _Side:
    directory: Path
    manifest: Manifest
    frames: dict[Place, ManifestFrame] = field(init=False)

    def __post_init__(self) -> None:
        frames = {(f.video_id, f.frame_index, f.crop): f for f in self.manifest.frames}
        object.__setattr__(self, "frames", frames)

    def boxes(self, place: Place) -> Boxes:
        """Of a picture of the set; none where it has no such picture."""
        if place not in self.frames:
            return Counter()
        path = self.directory / self.frames[place].label_file
        lines = path.read_text(encoding="ascii").splitlines()
        parts = (line.split(" ", 1) for line in lines)
        return Counter((self.manifest.classes[int(class_id)], rest) for class_id, rest in parts)


def compare(older: Path, newer: Path) -> Comparison:
    """Args: the directories of two finished sets."""
    before, after = (_Side(path, read_manifest(path)) for path in (older, newer))
    both = before.frames.keys() & after.frames.keys()
    tally = _Tally()
    relabelled = {
        place
        for place in before.frames.keys() | after.frames.keys()
        if tally.add(before.boxes(place), after.boxes(place))
    } & both
    moved = {place for place in both if before.frames[place].split != after.frames[place].split}
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
    """Adds up the boxes of each class, picture by picture."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, before: Boxes, after: Boxes) -> bool:
        """Count one picture; whether its boxes differ."""
        gone, new = _per_class(before - after), _per_class(after - before)
        changed = gone & new
        columns = {
            "before": _per_class(before),
            "after": _per_class(after),
            "changed": changed,
            "removed": gone - changed,
            "added": new - changed,
        }
        for column, counts in columns.items():
            for name, count in counts.items():
                self._counts[name, column] += count
        return bool(gone or new)

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
    old, new = ({video.video_id: video for video in side} for side in (before, after))
    changes = (
        VideoChange(
            number,
            (new.get(number) or old[number]).name,
            old[number].revision if number in old else None,
            new[number].revision if number in new else None,
        )
        for number in sorted(old.keys() | new.keys())
    )
    return tuple(change for change in changes if change.before != change.after)

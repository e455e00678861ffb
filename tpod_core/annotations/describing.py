"""Describes a step of the edit log in words, and finds the frame to show for it."""

from collections.abc import Mapping

from tpod_core.annotations.history import Part, touched_frames, touched_tracks
from tpod_core.annotations.ranges import minus


def describe(before: Part, after: Part, names: Mapping[int, str]) -> str:
    """Returns what a step changed, as the object of a sentence: ``"a box of cup 3 on frame 12"``.

    Args:
        names: the names of all labels, by ``Label.id``.
    """
    tracks = after.get("tracks", {})
    if not tracks:
        return "the fully labelled frames"
    if len(tracks) > 1:
        return f"{_kind(before, after, list(tracks))} of {len(tracks)} tracks"
    (number,) = tracks
    head = before["tracks"][number] or after["tracks"][number]
    name = f"{names.get(head['label_id'], 'a deleted label')} {number}"
    return f"{_kind(before, after, [number])} of {name}{_on_frames(before, after)}"


def _kind(before: Part, after: Part, numbers: list[str]) -> str:
    was = [before["tracks"][number] for number in numbers]
    now = [after["tracks"][number] for number in numbers]
    if not any(was):
        return "the first box" if len(numbers) == 1 else "the first boxes"
    if not any(now):
        return "the deletion"
    boxes = max(len(track["keyframes"]) for track in (*was, *now) if track)
    if boxes:
        return "a box" if boxes == len(numbers) == 1 else "boxes"
    relabelled = any(
        a["label_id"] != b["label_id"] for a, b in zip(was, now, strict=True) if a and b
    )
    return "the label" if relabelled else "the verdict on a proposal"


def _on_frames(before: Part, after: Part) -> str:
    frames = touched_frames({"tracks": _both(before, after)})
    if frames is None:
        return ""
    first, last = frames
    return f" on frame {first}" if first == last else f" on frames {first} to {last}"


def _both(before: Part, after: Part) -> Part:
    return {number: track or before["tracks"][number] for number, track in after["tracks"].items()}


def first_changed_frame(before: Part, after: Part) -> int | None:
    """Returns the first frame that a step changed; ``None`` if it changed no frame."""
    frames = [
        frame
        for part in (before, after)
        for touched in touched_tracks(part).values()
        for frame in touched
    ]
    for one, other in ((before, after), (after, before)):
        changed = minus(
            [tuple(each) for each in one.get("ranges", ())],
            [tuple(each) for each in other.get("ranges", ())],
        )
        frames += [start for start, _ in changed]
    return min(frames, default=None)

"""Annotation documents of any size, as the API takes them."""

from typing import Any


def document(track_count: int, keyframes_each: int, step: int, revision: int = 0) -> dict[str, Any]:
    """A PUT's body: new tracks, with a box of its own on every key frame.

    Args:
        step: frames from one key frame of a track to the next.
    """

    def box(track: int, place: int) -> list[float]:
        left, top = (7 * track + place) % 500 + 0.25, (3 * track + place) % 250 + 0.5
        return [left, top, left + 50.1, top + 80.125]

    tracks = [
        {
            "label": "cup",
            "keyframes": [
                {"frame": step * place, "box": box(track, place), "source": "manual"}
                for place in range(keyframes_each)
            ],
        }
        for track in range(track_count)
    ]
    return {"revision": revision, "tracks": tracks, "ranges": []}

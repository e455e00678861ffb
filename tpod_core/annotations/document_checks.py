"""Validates a whole annotation document."""

from collections.abc import Container
from dataclasses import dataclass, replace

from tpod_core.annotations.document import AnnotationDoc, KeyframeDoc, TrackDoc, TrackState
from tpod_core.annotations.ranges import Range, union
from tpod_core.annotations.validator import AnnotationValidator
from tpod_core.errors import InvalidInput


@dataclass(frozen=True)
class CheckedDocument:
    """A valid document with clipped boxes and resolved labels; new tracks have no id."""

    tracks: tuple[tuple[int | None, TrackState], ...]
    ranges: tuple[Range, ...]

    @property
    def new_tracks(self) -> list[TrackState]:
        return [state for track_id, state in self.tracks if track_id is None]


def check_document(
    document: AnnotationDoc, validator: AnnotationValidator, known: Container[int]
) -> CheckedDocument:
    """Validate a document. Raises: InvalidInput, field like ``tracks[2].keyframes[0].box``."""
    seen: set[int] = set()
    for number, track in enumerate(document.tracks):
        if track.id is not None:
            _check_id(track.id, known, seen, f"tracks[{number}].id")
    return CheckedDocument(
        tracks=tuple(
            (track.id, check_track(track, validator, f"tracks[{number}]"))
            for number, track in enumerate(document.tracks)
        ),
        ranges=union(
            validator.range(start, stop, f"ranges[{number}]")
            for number, (start, stop) in enumerate(document.ranges)
        ),
    )


def _check_id(track_id: int, known: Container[int], seen: set[int], field: str) -> None:
    if track_id not in known:
        raise InvalidInput(
            f"There is no track {track_id} in this video. Leave the id out for a new track.", field
        )
    if track_id in seen:
        raise InvalidInput(f"Track {track_id} is in the document twice.", field)
    seen.add(track_id)


def check_track(track: TrackDoc, validator: AnnotationValidator, field: str) -> TrackState:
    """Validate a track. Raises: InvalidInput, field like ``{field}.keyframes[0].box``."""
    label_id = validator.label_id(track.label, f"{field}.label")
    if not track.keyframes:
        raise InvalidInput("A track needs at least one key frame.", f"{field}.keyframes")
    keyframes: dict[int, KeyframeDoc] = {}
    for number, keyframe in enumerate(track.keyframes):
        at = f"{field}.keyframes[{number}]"
        validator.frame(keyframe.frame, f"{at}.frame")
        if keyframe.frame in keyframes:
            raise InvalidInput(
                f"Frame {keyframe.frame} has two key frames of one track.", f"{at}.frame"
            )
        clipped = validator.box(keyframe.box, f"{at}.box")
        is_unclipped = clipped is keyframe.box
        keyframes[keyframe.frame] = keyframe if is_unclipped else replace(keyframe, box=clipped)
    return TrackState(label_id, keyframes, track.proposed, _score(track.score, f"{field}.score"))


def _score(score: float | None, field: str) -> float | None:
    if score is not None and not 0 <= score <= 1:
        raise InvalidInput("A score is a number from 0 to 1, or is left out.", field)
    return score

"""What makes the score of a detector trained on a set doubtful, told from the set's statistics."""

from collections.abc import Iterator

from tpod_core.training_sets.spec import SplitMethod
from tpod_core.training_sets.statistics import ClassCounts, Statistics

_FEW_VAL_PICTURES = 5


def doubts_of(statistics: Statistics) -> list[str]:
    """Returns the doubts about a built set as sentences, each with the way out."""
    return [*_leakage(statistics), *few_pictures(statistics), *rare_in_a_split(statistics)]


def few_pictures(statistics: Statistics) -> Iterator[str]:
    """Says if validation has so few pictures that one of them decides about the score."""
    count = statistics.frames.val
    if count < _FEW_VAL_PICTURES:
        yield (
            f"Validation has only {pictures_text(count)}, so a single mistake changes the score "
            "a lot. Label more frames, or hold out another video."
        )


def rare_in_a_split(statistics: Statistics) -> Iterator[str]:
    """Names the classes that have one box or none in training or in validation."""
    hint = "Label it in more places."
    if statistics.split.method == SplitMethod.BY_VIDEO:
        hint = "Label it in more videos, or split by block."
    for row in statistics.classes:
        if not row.boxes.total:
            yield f'"{row.name}" has no box in the chosen frames. The detector will not learn it.'
        else:
            yield from (f"{sentence} {hint}" for sentence in _rare(row))


def training_pictures(statistics: Statistics) -> int:
    """Returns how many pictures a training sees in an epoch, crops and masked frames included."""
    return statistics.frames.train + statistics.background_crops + statistics.masked_frames


def pictures_text(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _rare(row: ClassCounts) -> Iterator[str]:
    if not row.boxes.val:
        yield f'"{row.name}" has no box in validation: its score will be missing.'
    elif row.boxes.val == 1:
        yield f'"{row.name}" has one box in validation: its score is all or nothing.'
    if not row.boxes.train:
        yield f'"{row.name}" has no box in training: it will not be learnt.'
    elif row.boxes.train == 1:
        yield f'"{row.name}" has one box in training: it will hardly be learnt.'


def _leakage(statistics: Statistics) -> Iterator[str]:
    leakage, held = statistics.split.leakage, statistics.frames.val
    if leakage is None or leakage.alike is None:
        yield (
            "An earlier version of TPOD built this training set and did not measure how many "
            "validation pictures nearly equal training pictures, so the score may flatter. Build "
            "the training set again to know."
        )
    if leakage is not None and leakage.frames:
        pictures = "picture nearly equals" if held == 1 else "pictures nearly equal"
        flatters = "flatters" if leakage.is_bad else "flatters a little"
        yield (
            f"{leakage.frames} of {held} validation {pictures} a training picture: the score "
            f"{flatters}. Hold out a video of another scene, or use a larger gap."
        )

"""A score in full, and the files of it beside the published model.

All that the page shows is worked out once, after the training. How large the files are does
not depend on the number of images, so a page reads them at once.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter

from tpod_core.detectors.scores import Counts

EVALUATION_FILE = "evaluation.json"
VERSION = 2
"""Files without a version are of the first: their curves are means over the classes, read between
two counts, and their confusion matrix pairs boxes without regard to class. So their figures need
not agree with each other."""

BACKGROUND = "background"

Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Curve:
    """Precision, recall and F1 at each of ``Evaluation.confidences``; IoU 0.5.

    ``detections`` is the number of boxes drawn there; precision is 0 where it is 0. It is empty
    for a mean over classes, and in files of the first version.
    """

    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    detections: tuple[int, ...] = ()


@dataclass(frozen=True)
class VideoScore:
    """The validation images of one video, with ``boxes`` true boxes."""

    video_id: int
    images: int
    boxes: int
    counts: Counts

    @property
    def f1(self) -> float:
        """0..1; 1 where there was nothing to find and nothing was found."""
        counts = self.counts
        total = 2 * counts.correct + counts.wrong + counts.missed
        return 2 * counts.correct / total if total else 1.0


@dataclass(frozen=True)
class ShownObject:
    """A box in a bad picture, in the image's pixels.

    ``kind``: "correct", "wrong" (a detection), or "missed" (a label). ``iou`` is that with its
    label, for a wrong one with the nearest label of any class; ``score`` is 1 for a label.
    """

    kind: str
    label: str
    box: Corners
    score: float
    iou: float


@dataclass(frozen=True)
class BadImage:
    """A validation image with mistakes; ``picture`` lies beside the evaluation, boxes drawn.

    ``video_id`` and ``frame_index`` say where it is from, if that is known.
    """

    picture: str
    video_id: int | None
    frame_index: int | None
    objects: tuple[ShownObject, ...]


@dataclass(frozen=True)
class ClassChange:
    """A class's AP50 in the parent and in the child, on the same images.

    ``interval`` holds 95 % of the changes that other choices of the same images give; ``None``
    where there are too few to tell. ``worse``: beyond what chance explains.
    """

    name: str
    boxes: int
    parent_ap50: float
    ap50: float
    interval: tuple[float, float] | None
    worse: bool

    @property
    def change(self) -> float:
        return self.ap50 - self.parent_ap50


@dataclass(frozen=True)
class ParentReport:
    """The parent on the child's validation images; classes that it knew and that occur."""

    detector_id: int
    name: str
    map50: float
    classes: tuple[ClassChange, ...]


@dataclass(frozen=True)
class Evaluation:
    """A detector on its validation images.

    ``confusion`` counts at the recommended confidence, a row per true class and a column per
    answer, both by ``class_id`` with the background last. ``curves`` are by class that occurs,
    ``mean`` is over these, and ``overall`` counts all boxes alike, as ``confusion`` does.
    ``confidences`` include the recommended one. ``worst`` is worst first.
    """

    images: int
    classes: tuple[str, ...]
    recommended_confidence: float
    counts: Counts
    confidences: tuple[float, ...]
    mean: Curve
    curves: dict[str, Curve]
    confusion: tuple[tuple[int, ...], ...]
    videos: tuple[VideoScore, ...]
    worst: tuple[BadImage, ...] = ()
    parent: ParentReport | None = None
    overall: Curve | None = None
    version: int = 1

    @property
    def is_current(self) -> bool:
        """Whether all figures follow one rule; else the model has to be exported anew."""
        return self.version == VERSION

    @property
    def all_classes(self) -> Curve:
        """The curve of all classes together, or what comes nearest to it in an older file."""
        return self.overall or self.mean


_AS_JSON = TypeAdapter(Evaluation)


def write_evaluation(directory: Path, evaluation: Evaluation) -> None:
    (directory / EVALUATION_FILE).write_bytes(_AS_JSON.dump_json(evaluation))


def read_evaluation(directory: Path) -> Evaluation | None:
    """The evaluation in a model's directory; ``None`` for a model from before there were any."""
    path = directory / EVALUATION_FILE
    try:
        changed_ns = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read(path, changed_ns)


@lru_cache(maxsize=16)
def _read(path: Path, changed_ns: int) -> Evaluation:
    """Pages ask at every rerun; ``changed_ns`` tells a replaced file from the known one."""
    return _AS_JSON.validate_json(path.read_bytes())

"""A detector's full evaluation, and its files beside the published model.

Everything that the page shows is calculated once, after the training. The size of the files does
not depend on the number of images, so a page reads them quickly.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter

from tpod_core.detectors.scores import Counts

EVALUATION_FILE = "evaluation.json"
VERSION = 2
"""Files without a version are of version 1. Their curves are interpolated means over the classes,
and their confusion matrix pairs boxes without regard to class, so their figures may disagree."""

BACKGROUND = "background"

Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Curve:
    """Precision, recall and F1 at each of ``Evaluation.confidences``; IoU 0.5.

    ``detections`` is the number of detections there; where it is 0, precision is 0. It is empty
    for a mean over classes and in files of version 1.
    """

    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    detections: tuple[int, ...] = ()


@dataclass(frozen=True)
class VideoScore:
    """The score on the validation images of one video, which have ``boxes`` labels."""

    video_id: int
    images: int
    boxes: int
    counts: Counts

    @property
    def f1(self) -> float:
        """0..1; 1 if there were neither labels nor detections."""
        counts = self.counts
        total = 2 * counts.correct + counts.wrong + counts.missed
        return 2 * counts.correct / total if total else 1.0


@dataclass(frozen=True)
class ShownObject:
    """A box in the picture of one of the worst images, in the image's pixels.

    ``kind`` is "correct" or "wrong" for a detection, "missed" for a label. ``iou`` is the highest
    with any label, or for a label with any detection. ``score`` is 1 for a label.
    """

    kind: str
    label: str
    box: Corners
    score: float
    iou: float


@dataclass(frozen=True)
class BadImage:
    """A validation image with mistakes. ``picture`` is a file beside the evaluation, with boxes.

    ``video_id`` and ``frame_index`` are the frame of the image, if known.
    """

    picture: str
    video_id: int | None
    frame_index: int | None
    objects: tuple[ShownObject, ...]


@dataclass(frozen=True)
class ClassChange:
    """The AP50 of a class in the parent and in the child, on the same images.

    ``interval`` is the 95 % bootstrap interval of the change; ``None`` with too few images.
    ``worse``: the class lost more than chance explains.
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
    """The parent on the child's validation images, for those of its classes that occur there."""

    detector_id: int
    name: str
    map50: float
    classes: tuple[ClassChange, ...]


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of a detector on its validation images.

    ``confusion`` counts at the recommended confidence, a row per true class and a column per
    detected class, both by ``class_id`` with the background last. ``curves`` has the classes that
    occur, ``mean`` is over these, and ``overall`` counts all boxes alike, as ``confusion`` does.
    ``confidences`` includes the recommended one. ``worst`` is worst first.
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
        """Whether all figures follow the same rule; if not, the model has to be exported again."""
        return self.version == VERSION

    @property
    def all_classes(self) -> Curve:
        """The curve of all classes together; in files of version 1, the mean."""
        return self.overall or self.mean


_AS_JSON = TypeAdapter(Evaluation)


def write_evaluation(directory: Path, evaluation: Evaluation) -> None:
    (directory / EVALUATION_FILE).write_bytes(_AS_JSON.dump_json(evaluation))


def read_evaluation(directory: Path) -> Evaluation | None:
    """Returns the evaluation in a model's directory; ``None`` for older models without one."""
    path = directory / EVALUATION_FILE
    try:
        changed_ns = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read(path, changed_ns)


@lru_cache(maxsize=16)
def _read(path: Path, changed_ns: int) -> Evaluation:
    """Cached, because pages read it at every rerun; ``changed_ns`` detects a replaced file."""
    return _AS_JSON.validate_json(path.read_bytes())

"""Opening the score of a detector that was judged on 10,000 images.

The score is worked out and written as after a training, from made-up detections of 20
classes; then its page is opened. Prints the seconds and the memory that the working out
takes, the bytes of the evaluation, and the milliseconds of the page beside those of a bare
read of the same JSON.
"""

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from tpod_core.evaluation.matching import Objects
    from tpod_core.models import User

IMAGES, CLASSES, OBJECTS, DETECTIONS = 10_000, 20, 3, 100
FRAME_WH = (640, 360)
ROUNDS = 5
MOST_SECONDS = 1.0


def main() -> int:
    """Returns how many promises did not hold."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["TPOD_DATA_DIR"] = name
        return measure(Path(name))


def measure(home: Path) -> int:
    from streamlit.testing.v1 import AppTest

    from pages._shared import guard
    from tests.conftest import add_user
    from tpod_core import db
    from tpod_core.migrations import upgrade
    from tpod_core.models import Role

    upgrade(db.engine())
    user = add_user("bench", Role.ADMIN)
    evaluation_file = publish(home, user)
    guard.find_user = lambda: user
    page = Path(__file__).resolve().parents[1] / "pages" / "detectors.py"

    def open_page() -> None:
        from tpod_core.evaluation import result_file as reading

        reading._read.cache_clear()
        test = AppTest.from_file(str(page), default_timeout=60)
        test.query_params["detector"] = "1"
        test.run()
        assert not test.exception and not test.error, [error.value for error in test.error]
        assert len(test.get("image")) >= 6, "the worst pictures are shown"

    open_page()  # the libraries of the page are loaded once per process
    opened = seconds(open_page)
    bare = seconds(lambda: json.loads(evaluation_file.read_bytes()))
    print(f"evaluation.json: {evaluation_file.stat().st_size / 1000:.0f} kB")
    print(f"page opens in {opened * 1000:.0f} ms, {MOST_SECONDS * 1000:.0f} ms allowed")
    print(f"bare read of the JSON {bare * 1000:.1f} ms; ratio {opened / bare:.0f}")
    return int(opened > MOST_SECONDS)


def seconds(act: Callable[[], object]) -> float:
    """The median of a few rounds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def publish(home: Path, user: "User") -> Path:
    """A trained detector of ``user`` with its score; returns the evaluation's file."""
    from tpod_core import db
    from tpod_core.evaluation.average_precision import measure as measure_precision
    from tpod_core.evaluation.evaluate import EvaluationResult
    from tpod_core.evaluation.reporting import report
    from tpod_core.evaluation.result_file import EVALUATION_FILE
    from tpod_core.evaluation.scoring import Gathered, score_of
    from tpod_core.models import Detector, DetectorState, Job, JobKind, QueueName, saved_id

    began, before = time.perf_counter(), peak_mb()
    classes = tuple(f"class {number}" for number in range(CLASSES))
    gathered = Gathered(classes)
    for image in images(home):
        gathered.add(*image)
    taken_in = time.perf_counter() - began
    precision = measure_precision(gathered.arrays())
    score = score_of(gathered, precision)
    directory = home / "detectors" / "1" / "model"
    directory.mkdir(parents=True)
    result = EvaluationResult(gathered, score, report(gathered, precision))
    result.write(directory)
    unmatched = result.unmatched
    whole = time.perf_counter() - began
    print(
        f"{IMAGES} images with {DETECTIONS} detections each: matched in {taken_in:.1f} s, "
        f"all worked out in {whole:.1f} s, {peak_mb() - before:.0f} MB; "
        f"mAP50 {score.map50:.2f}, {len(unmatched)} findings"
    )
    agreement = {"images": 8, "compared": 20, "max_box_px": 0.0, "max_score": 0.0}
    with db.transaction() as session:
        training = Job(
            kind=JobKind.TRAIN_DETECTOR,
            queue=QueueName.LOW,
            log_key="jobs/1.log",
        )
        session.add(training)
        session.flush()
        session.add(
            Detector(
                owner_id=saved_id(user),
                job_id=training.id,
                name="Benchmark",
                dnn_type="yolo26n",
                state=DetectorState.TRAINED,
                labels=list(classes),
                metrics=score.as_json() | {"agreement": agreement},
                train_config={"imgsz": 640, "epochs": 50},
            )
        )
    return directory / EVALUATION_FILE


def images(home: Path) -> Iterator[tuple[Path, "Objects", "Objects"]]:
    """(path, labels, detections) of frames of ten videos: objects found with some error, and
    boxes of nothing with low scores."""
    from tpod_core.evaluation.matching import Objects
    from tpod_core.formats.yolo import image_path

    random = np.random.default_rng(0)
    picture = home / "picture.jpg"
    cv2.imwrite(str(picture), random.integers(0, 255, (*FRAME_WH[::-1], 3), dtype=np.uint8))
    for number in range(IMAGES):
        path = home / image_path("val", 1 + number // 1000, number % 1000)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(picture)
        boxes, ids = random_boxes(random, OBJECTS), random.integers(0, CLASSES, OBJECTS)
        labels = Objects(boxes, ids.astype(np.int32), np.ones(OBJECTS, np.float32))
        moved = boxes + random.normal(0, 4, boxes.shape).astype(np.float32)
        others = random_boxes(random, DETECTIONS - OBJECTS)
        scores = np.concatenate(
            [random.beta(5, 2, OBJECTS), random.beta(1, 20, DETECTIONS - OBJECTS)]
        ).astype(np.float32)
        found_ids = np.concatenate([ids, random.integers(0, CLASSES, DETECTIONS - OBJECTS)])
        order = np.argsort(-scores)
        found = Objects(
            np.concatenate([moved, others])[order],
            found_ids.astype(np.int32)[order],
            scores[order],
        )
        yield path, labels, found


def random_boxes(random: np.random.Generator, count: int) -> np.ndarray:
    corner = random.uniform((0, 0), (FRAME_WH[0] - 120, FRAME_WH[1] - 120), (count, 2))
    size = random.uniform(20, 120, (count, 2))
    return np.concatenate([corner, corner + size], axis=1).astype(np.float32)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    sys.exit(main())

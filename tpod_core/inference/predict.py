"""Find objects in an image or a video with the detector in this directory.

    python predict.py IMAGE_OR_VIDEO --json OUT.json
    python predict.py street.mp4 --json boxes.json --annotated street-with-boxes.mp4

Needs nothing but onnxruntime, opencv-python and numpy:

    pip install onnxruntime opencv-python numpy

The JSON holds one entry per frame with its boxes, in pixels of the frame:

    {"source": "street.mp4", "detector": "Cups", "width": 1920, "height": 1080,
     "frames": [{"frame": 0, "boxes": [
         {"label": "cup", "class_id": 0, "score": 0.93, "box": [x1, y1, x2, y2]}]}]}
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

HERE = Path(__file__).resolve().parent
PADDING_GREY = 114
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
COLORS_BGR = ((237, 111, 47), (60, 160, 40), (40, 40, 220), (0, 165, 255), (180, 60, 160))


class Detector:
    """The ONNX model and its labels, read from a directory of the downloaded zip."""

    def __init__(self, directory: Path = HERE) -> None:
        card = json.loads((directory / "detector.json").read_text(encoding="utf-8"))
        self.name: str = card["name"]
        self.confidence: float = card["recommended_confidence"]
        self.labels = (directory / "labels.txt").read_text(encoding="utf-8").splitlines()
        available = onnxruntime.get_available_providers()
        self._session = onnxruntime.InferenceSession(
            str(directory / "model.onnx"),
            providers=[name for name in PROVIDERS if name in available],
        )
        self._input = self._session.get_inputs()[0]
        self._side_px = int(self._input.shape[2])

    def detect(
        self, image_bgr: np.ndarray, confidence: float | None = None
    ) -> list[dict[str, Any]]:
        """Boxes in ``image_bgr`` (height, width, 3; uint8) with at least ``confidence``, best
        first; without one, the confidence that suited the validation images best."""
        lowest = self.confidence if confidence is None else confidence
        height, width = image_bgr.shape[:2]
        square, scale, left, top = letterbox(image_bgr, self._side_px)
        tensor = square[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
        rows = self.rows(np.ascontiguousarray(tensor))
        rows = rows[(rows[:, 4] > 0) & (rows[:, 4] >= lowest)]
        rows = rows[np.argsort(-rows[:, 4], kind="stable")]
        rows[:, [0, 2]] = np.clip((rows[:, [0, 2]] - left) / scale, 0, width)
        rows[:, [1, 3]] = np.clip((rows[:, [1, 3]] - top) / scale, 0, height)
        return [
            {
                "label": self.labels[int(class_id)],
                "class_id": int(class_id),
                "score": round(float(score), 4),
                "box": [round(float(value), 2) for value in box],
            }
            for *box, score, class_id in rows.tolist()
        ]

    def rows(self, tensor: np.ndarray) -> np.ndarray:
        """The model's raw output for ``tensor`` (1, 3, side, side), RGB 0 to 1: one row per object
        of x1, y1, x2, y2 in pixels of the square, score, class; then rows of zeros."""
        rows: np.ndarray = self._session.run(None, {self._input.name: tensor})[0][0]
        return rows


def letterbox(image: np.ndarray, side_px: int) -> tuple[np.ndarray, float, int, int]:
    """``image`` scaled into the middle of a grey square, as in training.

    Returns: the square, the scale, and the image's left and top inside the square in pixels.
    """
    height, width = image.shape[:2]
    scale = min(side_px / height, side_px / width)
    inner_w, inner_h = max(round(width * scale), 1), max(round(height * scale), 1)
    if (inner_w, inner_h) != (width, height):
        image = cv2.resize(image, (inner_w, inner_h), interpolation=cv2.INTER_LINEAR)
    left, top = round((side_px - inner_w) / 2 - 0.1), round((side_px - inner_h) / 2 - 0.1)
    square = np.full((side_px, side_px, 3), PADDING_GREY, dtype=np.uint8)
    square[top : top + inner_h, left : left + inner_w] = image
    return square, scale, left, top


def read_frames(source: Path) -> tuple[Iterator[np.ndarray], float | None]:
    """The frames of an image or a video in order, and a video's frames per second."""
    image = cv2.imdecode(np.fromfile(source, dtype=np.uint8), cv2.IMREAD_COLOR)
    if image is not None:
        return iter([image]), None
    video = cv2.VideoCapture(str(source))
    if not video.isOpened():
        raise SystemExit(f"{source} is neither an image nor a video that OpenCV can read.")
    return video_frames(video), video.get(cv2.CAP_PROP_FPS) or 25.0


def video_frames(video: cv2.VideoCapture) -> Iterator[np.ndarray]:
    while True:
        found, frame = video.read()
        if not found:
            return
        yield frame


def draw(image: np.ndarray, boxes: list[dict[str, Any]]) -> np.ndarray:
    """A copy of ``image`` with the boxes, their labels and scores."""
    picture = image.copy()
    for found in boxes:
        color = COLORS_BGR[found["class_id"] % len(COLORS_BGR)]
        x1, y1, x2, y2 = (round(value) for value in found["box"])
        cv2.rectangle(picture, (x1, y1), (x2, y2), color, 2)
        text = f"{found['label']} {found['score']:.2f}"
        origin = (x1, max(y1 - 5, 12))
        cv2.putText(picture, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, 1, cv2.LINE_AA)
    return picture


class Annotated:
    """The annotated copy: an image, or a video with one frame for every frame read."""

    def __init__(self, target: Path | None, fps: float | None) -> None:
        self._target = target
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None

    def add(self, picture: np.ndarray) -> None:
        if self._target is None:
            return
        if self._fps is None:
            encoded = cv2.imencode(self._target.suffix or ".jpg", picture)[1]
            encoded.tofile(self._target)
            return
        if self._writer is None:
            height, width = picture.shape[:2]
            kind = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._target), kind, self._fps, (width, height))
        self._writer.write(picture)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.release()


def predict(
    detector: Detector, source: Path, confidence: float | None, annotated: Path | None
) -> dict[str, Any]:
    """Everything found in ``source``, as it is written to the JSON file."""
    frames, fps = read_frames(source)
    copy = Annotated(annotated, fps)
    found: list[dict[str, Any]] = []
    width = height = 0
    for index, image in enumerate(frames):
        height, width = image.shape[:2]
        boxes = detector.detect(image, confidence)
        found.append({"frame": index, "boxes": boxes})
        if annotated is not None:
            copy.add(draw(image, boxes))
    copy.close()
    return {
        "source": source.name,
        "detector": detector.name,
        "confidence": detector.confidence if confidence is None else confidence,
        "width": width,
        "height": height,
        "frames": found,
    }


def main() -> None:
    """Read the command line, predict, write the answer."""
    parser = argparse.ArgumentParser(description="Find objects in an image or a video.")
    parser.add_argument("source", type=Path, help="an image or a video")
    parser.add_argument("--json", type=Path, help="where to write the boxes (default: the screen)")
    parser.add_argument("--confidence", type=float, help="lowest score to report, 0 to 1")
    parser.add_argument("--annotated", type=Path, help="where to write a copy with boxes drawn")
    arguments = parser.parse_args()
    if not arguments.source.is_file():
        raise SystemExit(f"There is no file {arguments.source}.")
    answer = predict(Detector(), arguments.source, arguments.confidence, arguments.annotated)
    text = json.dumps(answer, ensure_ascii=False)
    if arguments.json is None:
        print(text)
        return
    arguments.json.write_text(text, encoding="utf-8")
    count = sum(len(frame["boxes"]) for frame in answer["frames"])
    print(f"{count} boxes in {len(answer['frames'])} frames: {arguments.json}", file=sys.stderr)


if __name__ == "__main__":
    main()

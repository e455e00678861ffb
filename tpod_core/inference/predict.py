"""Find objects in a picture or a video with the detector in this directory.

    pip install onnxruntime av pillow numpy
    python predict.py picture.jpg --json boxes.json
    python predict.py street.mp4 --json boxes.json --annotated street-with-boxes.mp4

Every frame of a video or an animated GIF is read, in order, and turned upright, as TPOD does it
where it labels and trains. The JSON holds one entry per frame with its boxes, in pixels:

    {"source": "street.mp4", "detector": "Cups", "width": 1920, "height": 1080,
     "frames": [{"frame": 0, "boxes": [
         {"label": "cup", "class_id": 0, "score": 0.93, "box": [x1, y1, x2, y2]}]}]}
"""

import argparse
import json
import math
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

OLDEST = {
    "onnxruntime": ("onnxruntime", "1.18", "reads ONNX IR version 10, in which models are written"),
    "av": ("av", "17.0", "converts colours with FFmpeg 8, as TPOD does"),
    "pillow": ("PIL", "11.3", "reads AVIF"),
    "numpy": ("numpy", "1.26", "is the oldest that was tried"),
}
"""For each package: what it is imported as, the oldest version that works, and why that one."""


def require_packages() -> None:
    """Ends the program with one sentence if a package is missing or too old."""
    problems, installed = [], metadata.packages_distributions()
    for package, (module, oldest, reason) in OLDEST.items():
        builds = installed.get(module)  # may have a name of their own, such as onnxruntime-gpu
        found = metadata.version(builds[0]) if builds else ""
        have, need = ([int(n) for n in re.findall(r"\d+", each)[:2]] for each in (found, oldest))
        if not builds:
            problems.append(f"{package} is missing")
        elif have < need:
            problems.append(f"{package} {found} is too old: {oldest} {reason}")
    if problems:
        names = " ".join(f'"{package}>={row[1]}"' for package, row in OLDEST.items())
        sys.exit(f"{'; '.join(problems)}. Install what is needed: pip install -U {names}")


if __name__ == "__main__":
    require_packages()

import av  # noqa: E402 - the packages are checked first
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from av.sidedata.sidedata import Type as SideData  # noqa: E402
from av.stream import Disposition  # noqa: E402
from av.video.reformatter import VideoReformatter  # noqa: E402
from onnxruntime.capi import onnxruntime_pybind11_state as ort  # noqa: E402
from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: E402

HERE = Path(__file__).resolve().parent
PADDING_GREY = 114
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
COLORS_RGB = ((47, 111, 237), (40, 160, 60), (220, 40, 40), (255, 165, 0), (160, 60, 180))
PICTURES = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
PICTURE_SUFFIXES, VIDEO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp"), (".mp4", ".mov", ".mkv")
# FFmpeg's demuxers of video files. Its playlist demuxers could open other files or URLs.
DEMUXERS = (
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,m4v,ivf,obu,av1,flv,asf,ogg,"
    "gif,mxf,dv,nut,rm,mjpeg"
)
DAMAGED_MODEL = (ort.Fail, ort.NoSuchFile, ort.InvalidGraph, ort.InvalidProtobuf)
Found = dict[str, Any]  # an object as it is written to the JSON file
Add = Callable[[np.ndarray, list[Found]], None]


class PredictError(Exception):
    """Says in one sentence why the program cannot go on."""


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

    def detect(self, image_bgr: np.ndarray, confidence: float | None = None) -> list[Found]:
        """Boxes in ``image_bgr`` (height, width, 3; uint8) with at least ``confidence``, best
        first; without one, the confidence that suited the validation images best.
        A box of which nothing lies inside the image is left out."""
        lowest = self.confidence if confidence is None else confidence
        height, width = image_bgr.shape[:2]
        square, scale, left, top = letterbox(image_bgr, self._side_px)
        tensor = np.ascontiguousarray(square[:, :, ::-1].transpose(2, 0, 1)).astype(np.float32)
        tensor /= 255
        rows = self.rows(tensor[None])
        rows = rows[(rows[:, 4] > 0) & (rows[:, 4] >= lowest)]
        rows = rows[np.argsort(-rows[:, 4], kind="stable")]
        rows[:, [0, 2]] = np.clip((rows[:, [0, 2]] - left) / scale, 0, width)
        rows[:, [1, 3]] = np.clip((rows[:, [1, 3]] - top) / scale, 0, height)
        found = []
        for *edges, score, class_id in rows.tolist():
            x1, y1, x2, y2 = box = [round(edge, 2) for edge in edges]
            if x1 < x2 and y1 < y2:
                kind = {"label": self.labels[int(class_id)], "class_id": int(class_id)}
                found.append({**kind, "score": round(score, 4), "box": box})
        return found

    def rows(self, tensor: np.ndarray) -> Any:
        """The model's raw output for ``tensor`` (1, 3, side, side), RGB 0 to 1: one row per object
        of x1, y1, x2, y2 in pixels of the square, score, class; then rows of zeros."""
        return self._session.run(None, {self._input.name: tensor})[0][0]


def letterbox(image: np.ndarray, side_px: int) -> tuple[np.ndarray, float, int, int]:
    """Returns ``image`` scaled into the middle of a grey square, as in training; the scale; and
    its left and top inside the square in pixels."""
    height, width = image.shape[:2]
    scale = min(side_px / height, side_px / width)
    inner_w, inner_h = max(round(width * scale), 1), max(round(height * scale), 1)
    if (inner_w, inner_h) != (width, height):
        image = resized(image, inner_w, inner_h)
    left, top = round((side_px - inner_w) / 2 - 0.1), round((side_px - inner_h) / 2 - 0.1)
    square = np.full((side_px, side_px, 3), PADDING_GREY, dtype=np.uint8)
    square[top : top + inner_h, left : left + inner_w] = image
    return square, scale, left, top


def resized(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Interpolates between the four nearest pixels with the arithmetic of OpenCV's INTER_LINEAR,
    with which detectors are trained. Pillow would smooth the image when it makes it smaller."""
    left, right, left_share, right_share = neighbours(image.shape[1], width)
    top, bottom, top_share, bottom_share = neighbours(image.shape[0], height)
    answer = np.empty((height, width, 3), dtype=np.uint8)
    for start in range(0, height, 16):  # what stays in the processor's cache is quick
        band = slice(start, start + 16)
        total: Any = 2
        for numbers, share in ((top, top_share), (bottom, bottom_share)):
            rows = image.take(numbers[band], axis=0)
            mixed = rows.take(left, axis=1) * left_share + rows.take(right, axis=1) * right_share
            total = total + ((mixed >> 4) * share[band, None] >> 16)
        answer[band] = total >> 2
    return answer


def neighbours(source: int, target: int) -> tuple[np.ndarray, ...]:
    """For each of ``target`` pixels: its two neighbours of ``source``, and their shares of 2048."""
    position = ((np.arange(target) + 0.5) * (source / target) - 0.5).clip(0, source - 1)
    first = position.astype(np.intp)
    share = (position - first)[:, None].astype(np.float32)
    shares = [np.rint(each * 2048).astype(np.int32) for each in (1 - share, share)]
    return first, np.minimum(first + 1, source - 1), *shares


class Picture:
    """Iterates over the one frame of a picture: upright, BGR, uint8."""

    fps, header_frames, share, is_damaged = None, 1, 1.0, False

    def __init__(self, image: Image.Image) -> None:
        self._image = image

    def __iter__(self) -> Iterator[np.ndarray]:
        try:
            with self._image:
                image = ImageOps.exif_transpose(self._image)
            if image.mode.startswith("I"):  # 16 bits, which Pillow would clip to 255
                image = Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
            yield np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
        except (OSError, ValueError, SyntaxError) as error:
            raise PredictError(f"the picture is damaged ({error}).") from error


class Video:
    """Iterates over the frames of a video: upright, BGR, uint8, all as large as the first one.

    Decodes with one thread: damaged files decode differently with several. Decoding goes on after
    damage, and ``is_damaged`` is true then; ``share`` is how much of the file was read, 0 to 1.
    """

    def __init__(self, source: Path) -> None:
        options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
        self._container = av.open(str(source), options=options, metadata_errors="ignore")
        streams = self._container.streams.video
        moving = [each for each in streams if not each.disposition & Disposition.attached_pic]
        if not moving:
            raise PredictError("it holds no video: only sound, text or a cover picture.")
        self._stream, self._size_bytes = moving[0], source.stat().st_size
        self._stream.codec_context.thread_type = "NONE"
        self._stream.codec_context.thread_count = 1
        rate = self._stream.average_rate or self._stream.guessed_rate or 25
        self.fps = Fraction(rate).limit_denominator(1001)
        self.header_frames, self.share, self.is_damaged = moving[0].frames, 0.0, False

    def __iter__(self) -> Iterator[np.ndarray]:
        reformatter, first = VideoReformatter(), None
        for frame in self.decoded():
            if first is None:
                first, (quarter_turns, mirrored) = frame, orientation(frame)
            # With "rgb24", FFmpeg would give some 10-bit videos other colours.
            image = reformatter.reformat(
                frame, width=first.width, height=first.height, format="bgr24", threads=2
            ).to_ndarray()
            image = image[:, ::-1] if mirrored else image
            yield np.ascontiguousarray(np.rot90(image, quarter_turns))
        if first is None:
            raise PredictError("it holds no frame that can be decoded.")

    def decoded(self) -> Iterator[Any]:
        """PyAV's frames, in the order in which they are shown."""
        try:
            for packet in self._container.demux(self._stream):
                self.share = max(self.share, (packet.pos or 0) / self._size_bytes)
                # AVI repeats a frame with an empty packet; the decoder would take it for the end.
                if packet.size or packet.dts is None:
                    yield from self._frames_of(packet if packet.size else None)
        except av.FFmpegError:
            self.is_damaged = True
            yield from self._frames_of(None)

    def _frames_of(self, packet: Any) -> Iterator[Any]:
        """The frames that a packet completes; without one, those that are left."""
        try:
            for frame in self._stream.codec_context.decode(packet):
                self.is_damaged |= frame.is_corrupt
                yield frame
        except av.FFmpegError as error:
            self.is_damaged |= not isinstance(error, av.error.EOFError)


def orientation(frame: Any) -> tuple[int, bool]:
    """Counter-clockwise quarter turns, and whether to mirror left to right before them, from the
    display matrix (ISO/IEC 14496-12, 8.3.2, and FFmpeg's libavutil/display.h)."""
    try:
        matrix = np.frombuffer(memoryview(frame.side_data[SideData.DISPLAYMATRIX]), np.int32)
    except KeyError:
        return 0, False
    except ValueError:  # Another entry has a type that PyAV does not know.
        return round(frame.rotation / 90) % 4, False
    a, b, c, d = matrix[[0, 1, 3, 4]].tolist()
    mirrored = a * d - b * c < 0
    sign = -1 if mirrored else 1
    return round(-math.atan2(sign * b, sign * a) / (math.pi / 2)) % 4, mirrored


def open_source(source: Path) -> Picture | Video:
    """Opens a picture or a video; reads only its beginning, however large it is."""
    try:
        image = Image.open(source, formats=PICTURES)
        if image.format in ("MPO", "TIFF") or not getattr(image, "is_animated", False):
            return Picture(image)  # the first page of several
        image.close()
        unread = f"animated {image.format} cannot be read. Convert it to MP4 or GIF."
    except FileNotFoundError as error:
        raise PredictError("there is no such file.") from error
    except (UnidentifiedImageError, ImportError):  # the latter where Ultralytics is loaded
        unread = "it is neither a picture nor a video that can be read, or its end is missing."
    except (Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise PredictError(f"the picture cannot be read ({error}).") from error
    try:
        return Video(source)
    except (av.FFmpegError, ValueError) as error:
        raise PredictError(unread) from error


class Progress:
    """Says how far the work is, on standard error: a terminal gets one line, rewritten."""

    def __init__(self, quiet: bool) -> None:
        self._quiet, self._is_terminal = quiet, sys.stderr.isatty()
        self._start = self._next = time.monotonic()

    def show(self, frames: int, share: float) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.2 if self._is_terminal else 5)
        left_s = round((now - self._start) * (1 / share - 1)) if share > 0.01 else 0
        left = f", about {left_s // 60}:{left_s % 60:02} left" if left_s else ""
        self.say(f"Frame {frames}, {share:.0%}{left}", end="" if self._is_terminal else "\n")

    def say(self, line: str, end: str = "\n") -> None:
        if not self._quiet:
            sys.stderr.write(f"\r{line:<60}{end}" if self._is_terminal else f"{line}{end}")
            sys.stderr.flush()


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A path beside ``target``, which takes its name only if the work ends well."""
    part = target.with_name(f"unfinished-{target.name}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def annotated_copy(target: Path, fps: Fraction | None, labels: list[str]) -> Iterator[Add]:
    """Draws what was found into the frames of a video or, without ``fps``, into one picture."""
    suffixes = VIDEO_SUFFIXES if fps else PICTURE_SUFFIXES
    if target.suffix.lower() not in suffixes:
        sys.exit(f"The name of the annotated copy must end in {', '.join(suffixes)}.")
    try:
        drawing = import_module("drawing")
    except ModuleNotFoundError:
        sys.exit("--annotated needs drawing.py, which lies beside predict.py in the zip.")
    sys.stderr.writelines(f"{line}\n" for line in drawing.legend(labels))

    def drawn(image_bgr: np.ndarray, found: list[Found]) -> Any:
        marks = []
        for each in found:
            text, color = f"{each['label']} {each['score']:.2f}", COLORS_RGB[each["class_id"] % 5]
            marks.append(drawing.Mark(tuple(each["box"]), text, color, each["label"]))
        return drawing.draw(np.ascontiguousarray(image_bgr[:, :, ::-1]), marks, labels)

    if not fps:
        yield lambda *frame: Image.fromarray(drawn(*frame)).save(target, quality=95)
        return
    with av.open(str(target), "w", options={"movflags": "+faststart"}) as file:
        stream = file.add_stream("libx264", rate=fps, options={"crf": "18", "preset": "veryfast"})
        stream.pix_fmt = "yuv420p"

        def add(*frame: Any) -> None:
            image = drawn(*frame)
            height, width = image.shape[:2]  # Halved chroma needs even sides.
            image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            if not stream.codec_context.is_open:
                stream.height, stream.width = image.shape[:2]
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))

        yield add
        file.mux(stream.encode(None))


def predict(arguments: argparse.Namespace) -> None:
    """Write everything found, frame by frame: long videos must not fill the memory."""
    source, detector = open_source(arguments.source), Detector()
    confidence = detector.confidence if arguments.confidence is None else arguments.confidence
    progress, frames, boxes = Progress(arguments.quiet), 0, 0
    with ExitStack() as files:
        output, add = sys.stdout, None
        if arguments.json:
            part = files.enter_context(whole_file(arguments.json))
            output = files.enter_context(part.open("w", encoding="utf-8"))
        if arguments.annotated:
            part = files.enter_context(whole_file(arguments.annotated))
            add = files.enter_context(annotated_copy(part, source.fps, detector.labels))
        for image in source:
            if frames == 0:
                head = {"source": arguments.source.name, "detector": detector.name}
                head["confidence"], (head["height"], head["width"]) = confidence, image.shape[:2]
                output.write(json.dumps(head)[:-1] + ', "frames": [')
            found = detector.detect(image, confidence)
            output.write(",\n" if frames else "\n")
            output.write(json.dumps({"frame": frames, "boxes": found}))
            if add:
                add(image, found)
            frames, boxes = frames + 1, boxes + len(found)
            progress.show(frames, source.share)
        output.write("\n]}\n")
    progress.say(f"{arguments.source}: frames {frames}, boxes {boxes}")
    if source.is_damaged:
        sys.stderr.write(f"Parts of {arguments.source} are damaged: what decodes was used.\n")
    if source.header_frames not in (0, frames):
        sys.stderr.write(f"{arguments.source} claims to have {source.header_frames} frames.\n")


def main() -> None:
    """Read the command line, predict, write the answer."""
    parser = argparse.ArgumentParser(description="Find objects in a picture or a video.")
    parser.add_argument("source", type=Path, help="a picture or a video")
    parser.add_argument("--json", type=Path, help="where to write the boxes (default: the screen)")
    parser.add_argument("--confidence", type=float, help="lowest score to report, 0 to 1")
    parser.add_argument("--annotated", type=Path, help="where to write a copy with boxes drawn")
    parser.add_argument("--quiet", action="store_true", help="say nothing about the progress")
    arguments = parser.parse_args()
    try:
        predict(arguments)
    except (PredictError, OSError, av.FFmpegError, *DAMAGED_MODEL) as error:
        sys.exit(f"{arguments.source}: {error}")


if __name__ == "__main__":
    main()

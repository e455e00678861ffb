"""The program in the zip, run as a person runs it: alone, on a picture and on a video."""

import ast
import json
import os
import pty
import struct
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import onnx
import pytest
from PIL import Image

from tests.detectors import ANSWER_IN_INPUT, constant_model
from tests.synthetic import make_video
from tests.training_sets import CUP_BOX
from tpod_core.exports import model_zip
from tpod_core.exports.model_zip import DetectorCard
from tpod_core.inference import predict

FRAME_WH = (160, 120)
FRAMES = 5
CARD = DetectorCard("Cups", "fake", 64, 0.5, ("cup",), "s", "h", None, {}, {}, "now")
METRICS = {"images": 4, "mAP50": 0.5, "mAP50-95": 0.25, "precision": 0.5, "recall": 0.5}


def unpack(directory: Path, answer: tuple[float, float, float, float]) -> Path:
    """An unpacked zip whose model finds the same cup in everything, with score 0.9."""
    directory.mkdir(exist_ok=True)
    model_zip.write_labels(directory, CARD.classes)
    model_zip.write_card(directory, CARD)
    model_zip.write_companions(directory, CARD, METRICS)
    onnx.save(constant_model(answer), directory / "model.onnx")
    return directory


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("unpacked"), ANSWER_IN_INPUT)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "tässe.png"
    path.write_bytes(cv2.imencode(".png", np.full((120, 160, 3), 90, np.uint8))[1].tobytes())
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", FRAMES, FRAME_WH, fps=10)


def command(unpacked: Path, *arguments: object) -> list[str]:
    """Without the variables and packages of a user: it must not lean on this repository."""
    return [sys.executable, "-E", "-s", str(unpacked / "predict.py"), *map(str, arguments)]


def run(unpacked: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(unpacked, *arguments), cwd="/", capture_output=True, text=True, check=False
    )


def refusal(unpacked: Path, *arguments: object) -> str:
    """The one sentence with which the program ends without success."""
    ended = run(unpacked, *arguments)
    assert ended.returncode == 1
    [sentence] = ended.stderr.splitlines()
    return sentence


def answer(unpacked: Path, tmp_path: Path, *arguments: object) -> dict[str, Any]:
    ended = run(unpacked, *arguments, "--json", tmp_path / "out.json")
    assert ended.returncode == 0, ended.stderr
    body: dict[str, Any] = json.loads((tmp_path / "out.json").read_text())
    return body


def test_program_needs_four_packages_alone() -> None:
    tree = ast.parse(Path(predict.__file__).read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    modules = {module for module, _, _ in predict.OLDEST.values()}
    assert imported - set(sys.stdlib_module_names) == modules


def test_readme_and_program_say_the_same_command(unpacked: Path) -> None:
    install = f"    pip install {' '.join(predict.OLDEST)}\n"
    assert install in (unpacked / "README.md").read_text()
    assert install in (unpacked / "predict.py").read_text()


def test_missing_packages_are_named_with_the_command_that_installs_them(unpacked: Path) -> None:
    bare = [sys.executable, "-I", "-S", str(unpacked / "predict.py"), "x.mp4"]
    ended = subprocess.run(bare, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    [sentence] = ended.stderr.splitlines()
    for package, (_, oldest, _) in predict.OLDEST.items():
        assert f"{package} is missing" in sentence
        assert f'"{package}>={oldest}"' in sentence.partition("pip install -U")[2]


@pytest.mark.parametrize(("version", "is_refused"), [("16.9", True), ("17.0.0rc1", False)])
def test_package_that_is_too_old_is_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, version: str, is_refused: bool
) -> None:
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: version if name == "av" else real(name))
    if not is_refused:
        predict.require_packages()
        return
    with pytest.raises(SystemExit, match=r"^av 16.9 is too old: 17.0 converts colours"):
        predict.require_packages()


def test_build_for_a_gpu_counts_as_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {module: [name] for name, (module, _, _) in predict.OLDEST.items()}
    installed["onnxruntime"] = ["onnxruntime-gpu"]
    monkeypatch.setattr(metadata, "packages_distributions", lambda: installed)
    monkeypatch.setattr(metadata, "version", lambda name: "99.0")
    predict.require_packages()


def test_image_gives_one_frame_with_boxes_in_its_own_pixels(
    unpacked: Path, image: Path, tmp_path: Path
) -> None:
    body = answer(unpacked, tmp_path, image)
    assert (body["width"], body["height"], body["detector"]) == (160, 120, "Cups")
    assert body["frames"] == [
        {
            "frame": 0,
            "boxes": [{"label": "cup", "class_id": 0, "score": 0.9, "box": list(CUP_BOX.xyxy)}],
        }
    ]


def test_video_gives_every_frame_and_an_annotated_copy(
    unpacked: Path, video: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "annotated.mp4"
    body = answer(unpacked, tmp_path, video, "--annotated", copy)
    assert [frame["frame"] for frame in body["frames"]] == list(range(FRAMES))
    assert all(len(frame["boxes"]) == 1 for frame in body["frames"])
    drawn, plain = frames_of(copy), frames_of(video)
    assert len(drawn) == FRAMES
    for one, other in zip(drawn, plain, strict=True):
        edge, outside = (slice(45, 75), 25), (slice(45, 75), 140)
        assert np.abs(one[edge].astype(int) - other[edge]).mean() > 30
        assert np.abs(one[outside].astype(int) - other[outside]).mean() < 10
    assert frame_rate(copy) == 10


def frames_of(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def frame_rate(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(container.streams.video[0].average_rate)


def test_annotated_copy_of_an_odd_size_repeats_the_last_pixels(
    unpacked: Path, tmp_path: Path
) -> None:
    source = odd_video(tmp_path / "odd.mp4")
    copy = tmp_path / "annotated.mp4"
    body = answer(unpacked, tmp_path, source, "--annotated", copy)
    assert (body["width"], body["height"]) == (161, 121)
    assert {image.shape for image in frames_of(copy)} == {(122, 162, 3)}


def odd_video(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 161, 121, "yuv444p"
        for number in range(3):
            image = np.full((121, 161, 3), 60 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_annotated_copy_of_a_picture_keeps_its_size(
    unpacked: Path, image: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "annotated.png"
    answer(unpacked, tmp_path, image, "--annotated", copy)
    with Image.open(copy) as drawn:
        assert drawn.size == (160, 120)
        assert np.asarray(drawn.convert("RGB")).std() > 1


def gif(path: Path) -> Path:
    pictures = [Image.new("RGB", FRAME_WH, (20 * number, 0, 0)) for number in range(FRAMES)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    return path


def test_animated_gif_gives_every_frame_and_a_video(unpacked: Path, tmp_path: Path) -> None:
    source = gif(tmp_path / "moving.gif")
    copy = tmp_path / "annotated.mp4"
    body = answer(unpacked, tmp_path, source, "--annotated", copy)
    assert len(body["frames"]) == len(frames_of(copy)) == FRAMES
    assert ".mp4" in refusal(unpacked, source, "--annotated", tmp_path / "annotated.gif")


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animation_that_would_lose_frames_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"moving.{kind.lower()}"
    pictures = [Image.new("RGB", FRAME_WH, (20 * number, 0, 0)) for number in range(FRAMES)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    with pytest.raises(predict.PredictError, match=f"animated {kind} cannot be read. Convert"):
        predict.open_source(path)


def test_video_is_opened_beside_ultralytics_too(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ultralytics makes Pillow look for a reader of HEIF wherever it reads no picture."""

    def look_for_heif(*args: Any, **options: Any) -> None:
        raise ModuleNotFoundError("No module named 'pi_heif'")

    monkeypatch.setattr(predict.Image, "open", look_for_heif)
    assert isinstance(predict.open_source(video), predict.Video)


def test_missing_drawing_program_is_a_sentence(tmp_path: Path, image: Path) -> None:
    directory = unpack(tmp_path / "unpacked", ANSWER_IN_INPUT)
    (directory / "drawing.py").unlink()
    assert "drawing.py" in refusal(directory, image, "--annotated", tmp_path / "annotated.png")
    assert run(directory, image).returncode == 0


def test_name_that_no_font_draws_is_explained_by_its_number(tmp_path: Path, image: Path) -> None:
    directory = unpack(tmp_path / "unpacked", ANSWER_IN_INPUT)
    (directory / "labels.txt").write_text("\U0010fffd cup\n", encoding="utf-8")
    ended = run(directory, image, "--quiet", "--annotated", tmp_path / "annotated.png")
    assert ended.returncode == 0
    assert ended.stderr.startswith("#1: ")


def test_box_outside_the_picture_is_left_out(tmp_path: Path, image: Path) -> None:
    """It lies in the grey padding above the picture alone."""
    directory = unpack(tmp_path / "unpacked", (10.0, 1.0, 30.0, 7.0))
    assert answer(directory, tmp_path, image)["frames"] == [{"frame": 0, "boxes": []}]


def test_confidence_hides_what_lies_below_it(unpacked: Path, image: Path, tmp_path: Path) -> None:
    assert answer(unpacked, tmp_path, image, "--confidence", 0.95)["frames"][0]["boxes"] == []


@pytest.mark.parametrize("content", [None, b"", b"no picture"], ids=["missing", "empty", "text"])
def test_unreadable_source_is_a_sentence(
    unpacked: Path, tmp_path: Path, content: bytes | None
) -> None:
    source, target = tmp_path / "source.mp4", tmp_path / "out.json"
    if content is not None:
        source.write_bytes(content)
    assert refusal(unpacked, source, "--json", target).startswith(f"{source}: ")
    assert not {path for path in tmp_path.iterdir() if path != source}


def test_video_of_which_no_frame_decodes_is_a_sentence(unpacked: Path, tmp_path: Path) -> None:
    """Only its packets are damaged, so it opens; nothing that looks like an answer is left."""
    source = make_video(tmp_path / "source.mp4", FRAMES)
    content = bytearray(source.read_bytes())
    start = content.index(b"mdat") + 4
    end = content.index(b"moov") - 4
    content[start:end] = bytes(end - start)
    source.write_bytes(content)
    assert "no frame" in refusal(unpacked, source, "--json", tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == [source]


def test_video_without_its_table_of_frames_is_a_sentence(tmp_path: Path) -> None:
    source = make_video(tmp_path / "source.mp4", FRAMES)
    content = source.read_bytes()
    source.write_bytes(content[: content.index(b"moov") - 4])
    with pytest.raises(predict.PredictError, match="its end is missing"):
        predict.open_source(source)


def test_damage_inside_a_video_is_told_of_and_the_rest_is_used(
    unpacked: Path, tmp_path: Path
) -> None:
    source = make_video(tmp_path / "source.mp4", 40)
    content = bytearray(source.read_bytes())
    middle = (content.index(b"mdat") + content.index(b"moov")) // 2
    content[middle : middle + 300] = bytes(300)
    source.write_bytes(content)
    ended = run(unpacked, source, "--quiet", "--json", tmp_path / "out.json")
    assert ended.returncode == 0
    assert f"Parts of {source} are damaged" in ended.stderr
    assert 10 < len(json.loads((tmp_path / "out.json").read_text())["frames"]) <= 40


def test_damaged_model_is_a_sentence(tmp_path: Path, image: Path) -> None:
    directory = unpack(tmp_path / "unpacked", ANSWER_IN_INPUT)
    for spoil in (lambda path: path.write_bytes(b"no model"), lambda path: path.unlink()):
        spoil(directory / "model.onnx")
        assert "model.onnx" in refusal(directory, image)


def test_quiet_run_says_nothing(unpacked: Path, video: Path) -> None:
    ended = run(unpacked, video, "--quiet")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(json.loads(ended.stdout)["frames"]) == FRAMES


def test_terminal_sees_one_line_that_is_rewritten(
    unpacked: Path, video: Path, tmp_path: Path
) -> None:
    ours, its = pty.openpty()
    arguments = command(unpacked, video, "--json", tmp_path / "out.json")
    subprocess.run(arguments, cwd="/", stderr=its, check=True)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(its)
    assert shown.count("\n") == 1
    assert shown.startswith("\rFrame 1, ")
    assert shown.rstrip().endswith(f"frames {FRAMES}, boxes {FRAMES}")


def test_progress_elsewhere_is_a_line_every_five_seconds_with_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 100.0
    monkeypatch.setattr(predict.time, "monotonic", lambda: now)
    progress = predict.Progress(quiet=False)
    for frame in range(1, 101):
        now += 1
        progress.show(frame, frame / 200)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 20
    assert lines[0] == "Frame 1, 0%"
    assert lines[-1] == "Frame 96, 48%, about 1:44 left"


def peak_bytes(unpacked: Path, source: Path, tmp_path: Path) -> int:
    """The most memory that the program took, counted from its start."""
    target = tmp_path / "out.json"
    measured = f"""
import resource, runpy, sys
sys.path.insert(0, {str(unpacked)!r})
sys.argv = ["predict.py", {str(source)!r}, "--quiet", "--json", {str(target)!r}]
runpy.run_path({str(unpacked / "predict.py")!r}, run_name="__main__")
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""
    ended = subprocess.run(
        [sys.executable, "-c", measured], capture_output=True, text=True, check=True
    )
    assert len(json.loads(target.read_text())["frames"]) == FRAMES
    return int(ended.stdout) * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_video_over_two_gibibytes_takes_no_more_memory_than_a_small_one(
    unpacked: Path, video: Path, tmp_path: Path
) -> None:
    """Its pictures and the table of them, with 2.2 GiB of nothing in between."""
    content = video.read_bytes()
    split = content.index(b"moov") - 4
    assert split > content.index(b"mdat")
    padding = 22 * 2**30 // 10
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.write(content[:split] + struct.pack(">I4sQ", 1, b"free", padding))
        file.seek(split + padding)
        file.write(content[split:])
    assert large.stat().st_size > 2**31
    taken = peak_bytes(unpacked, large, tmp_path)
    assert taken < 300e6
    assert taken < peak_bytes(unpacked, video, tmp_path) + 30e6

"""A detector that sees what a test says, to stand at the door of the model."""

from collections.abc import Callable, Sequence

import pytest

from tests.synthetic import number_in
from tpod_core.detectors.protocol import Detection
from tpod_core.inference import trained_model
from tpod_core.inference.trained_model import InferenceResult, TrainedModel
from tpod_core.video.orientation import Image

Script = Callable[[int], Sequence[Detection]]
"""What is seen on a frame, by its number; the frames are those of ``tests.synthetic``."""


def play(monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    """Let every trained detector see what ``script`` says."""

    def detect(
        model: TrainedModel, image: Image, confidence: float | None = None
    ) -> InferenceResult:
        lowest = model.recommended_confidence if confidence is None else confidence
        found = (each for each in script(number_in(image)) if each.score >= lowest)
        return InferenceResult(tuple(found), 1.0)

    monkeypatch.setattr(trained_model.TrainedModel, "detect", detect)

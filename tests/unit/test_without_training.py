"""A host without the extra ``train``: its own claims, and others that must hold there too."""

import os
import subprocess
from pathlib import Path

import onnx
import pytest

from tests.base_python import REPO, make_base_python
from tests.fake_provider import ANSWER_IN_INPUT, constant_model

ALSO_HOLD = (
    "tests/unit/test_video_import_job.py",
    "tests/unit/test_propagate_tracks_job.py",
    "tests/unit/test_training_sets_build.py",
    "tests/api/test_annotations.py",
)
"""Importing, propagating, building training sets and labelling."""

ASKS_ULTRALYTICS = (
    "tests/unit/test_training_sets_build.py::test_ultralytics_accepts_the_set_as_it_is_downloaded"
)


@pytest.mark.slow
def test_host_without_the_extra_labels_and_leaves_training_to_others(tmp_path: Path) -> None:
    python = make_base_python(tmp_path / "environment", "pytest", "httpx2")
    model = tmp_path / "model.onnx"
    onnx.save(constant_model(ANSWER_IN_INPUT), model)
    options = ("-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'claims'}")
    run = subprocess.run(
        [
            *(str(python), "-m", "pytest", *options, f"--deselect={ASKS_ULTRALYTICS}"),
            *("tests/without_training", *ALSO_HOLD),
        ],
        cwd=REPO,
        env=os.environ | {"PUBLISHED_MODEL": str(model)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]

"""A host without the extra ``train``: its own claims, and others that must hold there too."""

import os
import subprocess
from pathlib import Path

import onnx
import pytest

from tests.base_python import REPO, make_base_python
from tests.detectors import ANSWER_IN_INPUT, constant_model

ALSO_HOLD = (
    "tests/unit/test_video_import_job.py::test_imported_video_is_ready_with_its_numbers",
    "tests/unit/test_video_import_job.py::test_damaged_video_is_rewritten_and_says_so",
    "tests/unit/test_propagate_tracks_job.py::test_the_job_fills_every_gap_and_ends_well",
    "tests/unit/test_training_sets_build.py"
    "::test_a_set_is_built_on_propagated_boxes_whether_a_job_had_run_or_not",
    "tests/unit/test_training_sets_build.py"
    "::test_contact_sheet_draws_the_boxes_in_the_colours_of_their_labels",
    "tests/api/test_annotations.py::test_patch_does_every_kind_of_edit",
)
"""Importing, propagating, building training sets and labelling, each from its start to its end."""


@pytest.mark.slow
def test_host_without_the_extra_labels_and_leaves_training_to_others(tmp_path: Path) -> None:
    python = make_base_python(tmp_path / "environment", "pytest", "httpx2")
    model = tmp_path / "model.onnx"
    onnx.save(constant_model(ANSWER_IN_INPUT), model)
    options = ("-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'claims'}")
    run = subprocess.run(
        [
            *(str(python), "-m", "pytest", *options),
            *("tests/without_training", *ALSO_HOLD),
        ],
        cwd=REPO,
        env=os.environ | {"PUBLISHED_MODEL": str(model)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]

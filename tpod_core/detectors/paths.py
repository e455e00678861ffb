"""Storage keys of a detector's files."""

CHECKPOINT_NAME = "model.pt"
ONNX_NAME = "model.onnx"


def directory_key(detector_id: int) -> str:
    """Returns the directory of a detector: its published model and its training attempts."""
    return f"detectors/{detector_id}"


def model_key(detector_id: int) -> str:
    """Returns the published directory, which appears by rename after all its files are checked."""
    return f"{directory_key(detector_id)}/model"


def export_key(detector_id: int, export_format: str) -> str:
    """Returns the zip of the model in a format other than ONNX."""
    return f"{directory_key(detector_id)}/exports/{export_format}.zip"


def events_key(detector_id: int) -> str:
    """Returns the directory from which TensorBoard reads the training curves."""
    return f"{directory_key(detector_id)}/events"

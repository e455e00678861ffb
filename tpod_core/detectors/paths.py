"""Where the files of a detector lie in the storage."""

CHECKPOINT_NAME = "model.pt"
ONNX_NAME = "model.onnx"


def directory_key(detector_id: int) -> str:
    """Everything of a detector: its published model, and the runs of its training."""
    return f"detectors/{detector_id}"


def model_key(detector_id: int) -> str:
    """The published directory: it appears whole, when everything in it has been checked."""
    return f"{directory_key(detector_id)}/model"


def export_key(detector_id: int, wanted: str) -> str:
    """The zip of the model in another format than ONNX."""
    return f"{directory_key(detector_id)}/exports/{wanted}.zip"


def events_key(detector_id: int) -> str:
    """Where TensorBoard looks for the curves of the training."""
    return f"{directory_key(detector_id)}/events"

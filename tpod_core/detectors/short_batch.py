"""What a training does with a set of fewer pictures than one step takes."""

from tpod_core.detectors.config import SetSize, TrainConfig
from tpod_core.training_sets.doubts import pictures_text


def smallest_suggested_batch(train_images: int) -> int:
    """Returns the images per step that are suggested for a set of this many, by every family."""
    size = SetSize(train_images, classes=1, longest_side_px=640)
    return int(TrainConfig.suggested(size)["batch"])


def short_batch_warning(model: type[TrainConfig], train_images: int, batch: int) -> str:
    """Returns a warning if a set of ``train_images`` does not fill a step; else ``""``.

    Args:
        model: the configuration of the detector's family.
    """
    if train_images >= batch:
        return ""
    return (
        f"Training has only {pictures_text(train_images)}, and a step takes {batch}: each epoch is "
        f"then a single step {model.short_step}. Label more frames, or lower “Images per step”."
    )

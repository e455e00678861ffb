"""What a training does with a set of fewer pictures than one step takes."""

from tpod_core.detectors.config import SetSize, TrainConfig


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
    pictures = "1 picture" if train_images == 1 else f"{train_images} pictures"
    return (
        f"Training has only {pictures}, and a step takes {batch}: each epoch is then a single "
        f"step {model.short_step}. Label more frames, or lower “Images per step”."
    )

"""The training configuration of the Ultralytics families."""

from typing import Any, ClassVar

from pydantic import Field

from tpod_core.detectors.config import (
    SetSize,
    TrainConfig,
    learning_rate,
    mirroring,
    warm_up,
)

EPOCHS_WITHOUT_MOSAIC = 10
"""Last epochs, which train on plain frames; a training of no more epochs uses no mosaic at all.
On one easy object in 8 epochs, mosaic until the third last lowered mAP50 from 0.99 to 0.93."""


def mosaic_field(default: bool) -> Any:
    """Returns the field ``mosaic`` of a family, with the family's ``default``."""
    return Field(
        default,
        title="Mosaic",
        description="Train on collages of four frames, except in the last "
        f"{EPOCHS_WITHOUT_MOSAIC} epochs. Helps most where pictures are few and varied.",
        json_schema_extra={"advanced": True},
    )


class UltralyticsConfig(TrainConfig):
    """The keys common to the Ultralytics families, named as in Ultralytics' configuration."""

    lr0: float = learning_rate(0.002)
    warmup_epochs: float = warm_up()
    mosaic: bool = mosaic_field(default=False)
    fliplr: bool = mirroring()


class YoloConfig(UltralyticsConfig):
    """The YOLO families.

    On 158 unrelated photographs, from random weights, mosaic raised mAP50 from 0.44 to 0.53
    for a tenth more time; on the frames of one video it did no harm (0.99 both times).
    """

    mosaic: bool = mosaic_field(default=True)

    @classmethod
    def suggested(cls, size: SetSize) -> dict[str, Any]:
        return {
            **super().suggested(size),
            # Ultralytics' formula for the number of classes, clipped to the range in which small
            # sets learnt in our measurements.
            "lr0": min(0.002, max(0.001, round(0.01 / (4 + size.classes), 6))),
        }


class RtdetrConfig(UltralyticsConfig):
    """The RT-DETR families: a transformer needs small steps, and many of them.

    Source: the learning rate and the absence of mosaic are the RT-DETR paper's
    (arxiv.org/abs/2304.08069, section 5.1).
    """

    target_steps: ClassVar[int] = 4000
    max_epochs: ClassVar[int] = 150

    lr0: float = learning_rate(
        0.0001,
        maximum=0.01,
        hint="Transformers need a small one; halve it when the losses jump about.",
    )

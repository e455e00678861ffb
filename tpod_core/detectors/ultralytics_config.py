"""What a person may choose for the families that Ultralytics trains."""

from typing import Any, ClassVar

from pydantic import Field

from tpod_core.detectors.config import (
    SetSize,
    TrainConfig,
    learning_rate,
    mirroring,
    warm_up,
)

PLAIN_EPOCHS = 10
"""The last epochs, which see frames as they are; a training of no more sees no collage at all.
On one easy object in 8 epochs, collages up to the third last brought mAP50 from 0.99 to 0.93."""


def collages(default: bool) -> Any:
    """The field ``mosaic`` of a family, which knows its own ``default``."""
    return Field(
        default,
        title="Mosaic",
        description="Train on collages of four frames, but for the last "
        f"{PLAIN_EPOCHS} epochs. Helps most where pictures are few and varied.",
        json_schema_extra={"advanced": True},
    )


class UltralyticsConfig(TrainConfig):
    """The keys of all of them; names as in Ultralytics' own configuration."""

    lr0: float = learning_rate(0.002)
    warmup_epochs: float = warm_up()
    mosaic: bool = collages(default=False)
    fliplr: bool = mirroring()


class YoloConfig(UltralyticsConfig):
    """The YOLO families.

    On 158 unrelated photographs, from random weights, collages brought mAP50 from 0.44 to
    0.53 for a tenth more time; on the frames of one video they did no harm (0.99 both times).
    """

    mosaic: bool = collages(default=True)

    @classmethod
    def suggested(cls, size: SetSize) -> dict[str, Any]:
        return {
            **super().suggested(size),
            # Ultralytics' own fit of the rate to the number of classes, kept within the range
            # that small sets were measured to learn in.
            "lr0": min(0.002, max(0.001, round(0.01 / (4 + size.classes), 6))),
        }


class RtdetrConfig(UltralyticsConfig):
    """The RT-DETR families: a transformer takes small steps, and many of them.

    Source: the learning rate and the absence of mosaic are the RT-DETR paper's
    (arxiv.org/abs/2304.08069, section 5.1).
    """

    target_steps: ClassVar[int] = 4000
    most_epochs: ClassVar[int] = 150

    lr0: float = learning_rate(
        0.0001,
        most=0.01,
        hint="Transformers need a small one; halve it when the losses jump about.",
    )

"""What a person may choose for the families that Ultralytics trains."""

from typing import Any, ClassVar

from pydantic import Field

from tpod_core.detectors.config import (
    SMALL_SET_IMAGES,
    SetSize,
    TrainConfig,
    learning_rate,
    mirroring,
    warm_up,
)


class UltralyticsConfig(TrainConfig):
    """The keys of all of them; names as in Ultralytics' own configuration."""

    lr0: float = learning_rate(0.002)
    warmup_epochs: float = warm_up()
    mosaic: bool = Field(
        False,
        title="Mosaic",
        description="Train on collages of four frames. Helps large, varied sets.",
        json_schema_extra={"advanced": True},
    )
    fliplr: bool = mirroring()


class YoloConfig(UltralyticsConfig):
    """The YOLO families."""

    @classmethod
    def suggested(cls, size: SetSize) -> dict[str, Any]:
        return {
            **super().suggested(size),
            # Ultralytics' own fit of the rate to the number of classes, kept within the range
            # that small sets were measured to learn in.
            "lr0": min(0.002, max(0.001, round(0.01 / (4 + size.classes), 6))),
            "mosaic": size.train_images > SMALL_SET_IMAGES,
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

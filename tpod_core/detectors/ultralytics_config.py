"""What a person may choose for the families that Ultralytics trains."""

from typing import Any, ClassVar

from pydantic import Field

from tpod_core.detectors.config import SMALL_SET_IMAGES, SetSize, TrainConfig


class UltralyticsConfig(TrainConfig):
    """The keys of all of them; names as in Ultralytics' own configuration."""

    lr0: float = Field(
        0.002,
        gt=0,
        le=0.1,
        title="Learning rate",
        description="How far one step goes. Halve it when the losses jump about.",
        json_schema_extra={"advanced": True},
    )
    warmup_epochs: float = Field(
        1.0,
        ge=0,
        le=20,
        title="Warm-up epochs",
        description="Epochs in which the learning rate rises to its value.",
        json_schema_extra={"advanced": True},
    )
    mosaic: bool = Field(
        False,
        title="Mosaic",
        description="Train on collages of four frames. Helps large, varied sets.",
        json_schema_extra={"advanced": True},
    )
    fliplr: bool = Field(
        True,
        title="Mirror frames",
        description="Also train on mirrored frames. Turn off where left and right differ in "
        "meaning, as in text or arrows.",
        json_schema_extra={"advanced": True},
    )


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

    lr0: float = Field(
        0.0001,
        gt=0,
        le=0.01,
        title="Learning rate",
        description="How far one step goes. Transformers need a small one; halve it when the "
        "losses jump about.",
        json_schema_extra={"advanced": True},
    )

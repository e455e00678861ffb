"""The training configuration of the torchvision families."""

from typing import ClassVar

from pydantic import Field

from tpod_core.detectors.config import TrainConfig, learning_rate, mirroring, warm_up


class TorchvisionConfig(TrainConfig):
    """The keys common to the torchvision families."""

    short_step: ClassVar[str] = "in which pictures are shown more than once"

    batch: int = Field(
        8,
        ge=2,
        le=256,
        title="Images per step",
        description="A larger number needs more memory; a small set learns better with a few. "
        "This family uses batch normalisation, so it needs at least two.",
    )
    lr0: float = learning_rate(0.001)
    warmup_epochs: float = warm_up()
    zoom: float = Field(
        0.25,
        ge=0,
        le=0.9,
        title="Zoom frames",
        description="Also train on frames scaled up and down by up to this share. Helps where "
        "objects come close and move away.",
        json_schema_extra={"advanced": True},
    )
    fliplr: bool = mirroring()


class SsdliteConfig(TorchvisionConfig):
    """SSDlite, whose published weights were trained at 320 pixels."""

    usual_side_px: ClassVar[int] = 320


class FasterRcnnConfig(TorchvisionConfig):
    """Faster R-CNN: its second stage learns only once the first proposes good regions."""

    lr0: float = learning_rate(0.0003)


class FasterRcnn320Config(FasterRcnnConfig):
    """The small Faster R-CNN, whose published weights were trained at 320 pixels."""

    usual_side_px: ClassVar[int] = 320

"""The training configuration of each detector family.

One Pydantic model per family is the single source: the API validates requests with it,
``GET /detectors/training_configs/{type}`` lists it, and the page builds its form from it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, get_args

from pydantic import ConfigDict, Field, ValidationError

from tpod_core.errors import InvalidInput
from tpod_core.strict_json import StrictJson

Pretrained = Literal["auto", "random"]

MOST_EPOCHS = 2000


@dataclass(frozen=True)
class SetSize:
    """The properties of a training set that the suggested configuration depends on."""

    train_images: int
    classes: int
    longest_side_px: int


class TrainConfig(StrictJson):
    """The keys that every family understands.

    Attributes:
        target_steps: optimizer steps after which small sets stopped improving with our settings
            (about 200 reach an mAP50 of 0.9 from random weights on one easy object; harder
            scenes need several times that).
        max_epochs: epochs suggested for the smallest sets.
        usual_side_px: the image size suggested for large frames.
        short_step: how an epoch's only step looks if the set has fewer pictures than a batch.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target_steps: ClassVar[int] = 1500
    max_epochs: ClassVar[int] = 100
    usual_side_px: ClassVar[int] = 640
    short_step: ClassVar[str] = "with all of them"

    epochs: int = Field(
        50,
        ge=1,
        le=MOST_EPOCHS,
        title="Epochs",
        description="How many times the training goes through every image. More takes longer.",
    )
    imgsz: int = Field(
        640,
        ge=64,
        le=1920,
        multiple_of=32,
        title="Image size",
        description="Side in pixels to which frames are scaled. Small objects need a larger size, "
        "which takes longer.",
    )
    batch: int = Field(
        8,
        ge=1,
        le=256,
        title="Images per step",
        description="A larger number needs more memory; a small set learns better with a few.",
    )
    patience: int = Field(
        20,
        ge=0,
        le=MOST_EPOCHS,
        title="Patience",
        description="Stop after this many epochs without improvement. 0 never stops early.",
        json_schema_extra={"advanced": True},
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="The same seed gives the same random choices.",
        json_schema_extra={"advanced": True},
    )
    pretrained: Pretrained = Field(
        "auto",
        title="Start from",
        description="“auto” starts from published weights where they are available, “random” from "
        "random weights.",
        json_schema_extra={"advanced": True},
    )
    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|(cuda:)?\d{1,2})$",
        title="Device",
        description="“auto” takes the GPU with the most free memory, or the CPU if there is no "
        "GPU. Otherwise give “cpu” or the number of a GPU, counted from 0.",
        json_schema_extra={"advanced": True},
    )
    mix_parent_data: bool = Field(
        True,
        title="Also train on the parent's training set",
        description="Keeps a fine-tuned detector from forgetting what its parent "
        "knows. Matters only with a parent.",
        json_schema_extra={"advanced": True},
    )

    @classmethod
    def suggested(cls, size: SetSize) -> dict[str, Any]:
        """Returns the values that should differ from the defaults for a set of ``size``."""
        batch = 4 if size.train_images <= 200 else 8 if size.train_images <= 1000 else 16
        steps_per_epoch = max(1, math.ceil(size.train_images / batch))
        epochs = min(cls.max_epochs, max(20, math.ceil(cls.target_steps / steps_per_epoch)))
        return {
            "batch": batch,
            "epochs": epochs,
            # From random weights, a lucky early epoch stayed the best for a third of the training.
            "patience": max(10, epochs // 2),
            "imgsz": min(cls.usual_side_px, max(160, math.ceil(size.longest_side_px / 32) * 32)),
        }

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> Self:
        """Validate ``values``. Raises: InvalidInput that names ``train_config.<field>``."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise InvalidInput(
                f"{name}: {_reason(first['type'], first['msg'])}", f"train_config.{name}"
            ) from error


def learning_rate(
    default: float,
    maximum: float = 0.1,
    hint: str = "Halve it when the losses jump about.",
) -> Any:
    """Returns the field ``lr0`` of a family, with the family's ``default`` and ``hint``."""
    return Field(
        default,
        gt=0,
        le=maximum,
        title="Learning rate",
        description=f"How far each training step moves the weights. {hint}",
        json_schema_extra={"advanced": True},
    )


def warm_up() -> Any:
    """Returns the field ``warmup_epochs``."""
    return Field(
        1.0,
        ge=0,
        le=20,
        title="Warm-up epochs",
        description="Epochs during which the learning rate rises from near zero to its full value.",
        json_schema_extra={"advanced": True},
    )


def mirroring() -> Any:
    """Returns the field ``fliplr``."""
    return Field(
        True,
        title="Mirror frames",
        description="Also train on mirrored frames. Turn off where left and right differ in "
        "meaning, as in text or arrows.",
        json_schema_extra={"advanced": True},
    )


def _reason(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "this family has no such parameter."
    return f"{message[:1].lower()}{message[1:]}."


@dataclass(frozen=True)
class Parameter:
    """One key of a family's configuration, as the form and the API show it.

    ``type`` is one of integer, number, boolean, choice, text. ``range`` holds the inclusive
    bounds; an exclusive lower bound is given unchanged. ``step`` is the spacing of valid
    integers.
    """

    name: str
    title: str
    type: str
    default: Any
    range: tuple[float, float] | None
    step: int | None
    choices: tuple[str, ...] | None
    help: str
    advanced: bool


_TYPES = {int: "integer", float: "number", bool: "boolean", str: "text"}


def parameters(model: type[TrainConfig], size: SetSize | None = None) -> list[Parameter]:
    """Returns the keys of ``model`` in order, with the defaults suggested for ``size`` if given."""
    suggested = model.suggested(size) if size else {}
    return [_parameter(model, name, suggested) for name in model.model_fields]


def _parameter(model: type[TrainConfig], name: str, suggested: Mapping[str, Any]) -> Parameter:
    field = model.model_fields[name]
    bounds = {key: value for constraint in field.metadata for key, value in _bounds(constraint)}
    choices = get_args(field.annotation) or None
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le")
    return Parameter(
        name=name,
        title=field.title or name,
        type="choice" if choices else _TYPES[field.annotation],  # type: ignore[index]
        default=suggested.get(name, field.default),
        range=None if low is None or high is None else (low, high),
        step=bounds.get("multiple_of"),
        choices=choices,
        help=field.description or "",
        advanced=bool(extra.get("advanced")),
    )


def _bounds(constraint: object) -> list[tuple[str, Any]]:
    names = ("ge", "gt", "le", "multiple_of")
    return [(name, getattr(constraint, name)) for name in names if hasattr(constraint, name)]

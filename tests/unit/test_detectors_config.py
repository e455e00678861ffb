"""What a person may choose for a training, and what is chosen for them."""

import pytest

from tpod_core.detectors import registry
from tpod_core.detectors.config import SetSize, TrainConfig, parameters
from tpod_core.detectors.torchvision_config import FasterRcnnConfig, SsdliteConfig
from tpod_core.detectors.ultralytics_config import RtdetrConfig, YoloConfig
from tpod_core.errors import InvalidInput


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (SetSize(8, 1, 160), {"batch": 4, "epochs": 100, "imgsz": 160, "patience": 50}),
        (SetSize(100, 1, 350), {"batch": 4, "epochs": 60, "imgsz": 352, "patience": 30}),
        (SetSize(800, 2, 1920), {"batch": 8, "epochs": 20, "imgsz": 640, "patience": 10}),
        (SetSize(20_000, 2, 3840), {"batch": 16, "epochs": 20, "imgsz": 640, "patience": 10}),
    ],
    ids=["tiny", "small", "middling", "large"],
)
def test_suggested_configuration_adapts_to_the_set(
    size: SetSize, expected: dict[str, object]
) -> None:
    suggestion = YoloConfig.suggested(size)
    assert {key: suggestion[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (YoloConfig, {"imgsz": 640, "epochs": 60}),
        (RtdetrConfig, {"imgsz": 640, "epochs": 150}),
        (SsdliteConfig, {"imgsz": 320, "epochs": 60}),
        (FasterRcnnConfig, {"imgsz": 640, "epochs": 60}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_suggestion_suits_the_family(model: type[TrainConfig], expected: dict[str, object]) -> None:
    suggestion = model.suggested(SetSize(100, 1, 1920))
    assert {key: suggestion[key] for key in expected} == expected


def test_learning_rates_suit_the_family() -> None:
    rates = {
        known.type: {row.name: row.default for row in parameters(known.config)}["lr0"]
        for known in registry.list_types()
    }
    assert rates["rtdetr-l"] < rates["fasterrcnn_resnet50_fpn_v2"] < rates["yolo26n"]


def test_collages_are_for_yolo_not_for_transformers() -> None:
    mosaic = {
        known.type: row.default
        for known in registry.list_types()
        for row in parameters(known.config, SetSize(100, 1, 640))
        if row.name == "mosaic"
    }
    assert mosaic["yolo26n"] and mosaic["yolo11s"] and not mosaic["rtdetr-l"]


def test_family_that_normalises_over_a_step_takes_no_single_image() -> None:
    with pytest.raises(InvalidInput, match=r"^batch: "):
        SsdliteConfig.checked({"batch": 1})


@pytest.mark.parametrize("classes", [1, 3, 80])
def test_suggested_learning_rate_stays_where_small_sets_learn(classes: int) -> None:
    assert 0.001 <= YoloConfig.suggested(SetSize(100, classes, 640))["lr0"] <= 0.002


@pytest.mark.parametrize("known", registry.list_types(), ids=lambda known: known.type)
def test_every_suggestion_is_a_valid_configuration(known: registry.DetectorType) -> None:
    for images in (1, 199, 5000):
        known.config.checked(known.config.suggested(SetSize(images, 5, 1280)))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": "many"}, "epochs"),
        ({"imgsz": 100}, "imgsz"),
        ({"imgsz": 32}, "imgsz"),
        ({"batch": 1000}, "batch"),
        ({"patience": -1}, "patience"),
        ({"seed": -1}, "seed"),
        ({"pretrained": "coco"}, "pretrained"),
        ({"device": "gpu"}, "device"),
        ({"lr0": 0}, "lr0"),
        ({"momentum": 0.9}, "momentum"),
    ],
    ids=str,
)
def test_wrong_value_is_refused_by_its_field(values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{field}: ") as caught:
        YoloConfig.checked(values)
    assert caught.value.field == f"train_config.{field}"


@pytest.mark.parametrize("known", registry.list_types(), ids=lambda known: known.type)
def test_every_parameter_has_what_a_form_needs(known: registry.DetectorType) -> None:
    for row in parameters(known.config):
        assert row.title and row.help
        if row.type in ("integer", "number"):
            assert row.range is not None and row.range[0] <= row.default <= row.range[1]
        elif row.type == "choice":
            assert row.choices is not None and row.default in row.choices


@pytest.mark.parametrize("known", registry.list_types(), ids=lambda known: known.type)
def test_every_family_has_the_common_keys(known: registry.DetectorType) -> None:
    common = {"epochs", "imgsz", "batch", "patience", "seed", "pretrained", "device"}
    common |= {"mix_parent_data"}
    assert common <= {row.name for row in parameters(known.config)}


def test_parameters_for_a_set_carry_its_defaults() -> None:
    rows = {row.name: row.default for row in parameters(YoloConfig, SetSize(100, 1, 350))}
    assert (rows["epochs"], rows["imgsz"], rows["seed"]) == (60, 352, 0)


def test_unknown_family_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match="yolo26n, yolo26s") as caught:
        registry.get_type("yolo99x")
    assert caught.value.field == "dnn_type"


def test_fast_and_accurate_families_can_be_chosen() -> None:
    families: dict[str, set[str]] = {"fast": set(), "accurate": set()}
    for known in registry.list_types():
        families[known.family].add(known.type)
    assert families == {
        "fast": {"yolo26n", "yolo26s", "yolo11n", "yolo11s", "ssdlite320_mobilenet_v3_large"},
        "accurate": {
            "yolo26m",
            "yolo26l",
            "yolo26x",
            "rtdetr-l",
            "rtdetr-resnet50",
            "rtdetr-resnet101",
            "fasterrcnn_resnet50_fpn_v2",
            "fasterrcnn_mobilenet_v3_large_320_fpn",
        },
    }

"""Detectors over HTTP: the contract's bodies and codes, with a family that trains at once."""

import io
import zipfile
from email.message import Message
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import Api, add_user
from tests.detectors import TINY, FakeProvider, now, work
from tests.hostile_names import HOSTILE_NAMES
from tests.jobs import run_job
from tests.training_sets import measure_as
from tpod_core import db
from tpod_core.models import Detector, Role, TrainingSet, TrainingSetState
from tpod_core.services.training_sets import Leakage
from workers import measure_learning


@pytest.fixture
def client(api: TestClient, training_set: TrainingSet, provider: FakeProvider) -> TestClient:
    return api


def post(client: TestClient, **values: Any) -> Any:
    wish = {"name": "Cups", "dnn_type": "yolo26n", "train_set_id": 1, "train_config": TINY}
    return client.post("/detectors", json=wish | values)


def train(client: TestClient) -> int:
    """A trained detector's id."""
    detector_id: int = post(client).json()["id"]
    with db.read_session() as session:
        detector = session.get_one(Detector, detector_id)
    work(detector)
    return detector_id


def test_types_tell_family_and_description(client: TestClient) -> None:
    types = client.get("/detectors/types").json()
    assert {row["type"] for row in types} >= {"yolo26n", "yolo11n"}
    assert all(set(row) == {"type", "label", "family", "description"} for row in types)


def test_training_config_lists_every_parameter_with_its_range(client: TestClient) -> None:
    body = client.get("/detectors/training_configs/yolo26n").json()
    rows = {row["name"]: row for row in body["parameters"]}
    assert rows["epochs"]["type"] == "integer"
    assert rows["epochs"]["range"] == [1, 2000]
    assert rows["imgsz"]["step"] == 32
    assert rows["pretrained"]["choices"] == ["auto", "random"]
    assert all(row["help"] for row in rows.values())


def test_every_family_lists_its_parameters(client: TestClient) -> None:
    for row in client.get("/detectors/types").json():
        assert row["family"] in ("fast", "accurate") and row["description"]
        body = client.get(f"/detectors/training_configs/{row['type']}").json()
        assert {"epochs", "imgsz", "lr0"} <= {one["name"] for one in body["parameters"]}


def test_defaults_of_the_list_are_accepted_as_they_are(client: TestClient) -> None:
    body = client.get("/detectors/training_configs/yolo26n").json()
    defaults = {row["name"]: row["default"] for row in body["parameters"]}
    answer = post(client, train_config=defaults)
    assert answer.status_code == 202
    assert answer.json()["train_config"] == defaults


def test_training_config_for_a_set_suits_it(client: TestClient) -> None:
    path = "/detectors/training_configs/yolo26n"
    body = client.get(path, params={"train_set_id": 1}).json()
    assert {row["name"]: row["default"] for row in body["parameters"]}["imgsz"] == 160


def test_training_config_of_an_unknown_family_is_422(client: TestClient) -> None:
    answer = client.get("/detectors/training_configs/ssd")
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "dnn_type"


def test_post_answers_202_with_the_detector(client: TestClient) -> None:
    answer = post(client)
    assert answer.status_code == 202
    body = answer.json()
    assert set(body) >= {
        "id",
        "name",
        "dnn_type",
        "state",
        "progress",
        "epoch",
        "epochs",
        "message",
        "metrics",
        "train_config",
        "train_set_id",
        "parent_id",
        "job_id",
    }
    assert (body["state"], body["epochs"], body["progress"]) == ("queued", 3, 0)
    assert client.get(f"/detectors/{body['id']}").json() == body
    job = client.get(f"/jobs/{body['job_id']}").json()
    assert (job["kind"], job["subject"]) == ("train-detector", f"detector:{body['id']}")


def test_detector_warns_of_what_makes_its_score_doubtful(
    client: TestClient, training_set: TrainingSet
) -> None:
    assert post(client).json()["warnings"] == []
    measure_as(training_set, Leakage(0.75, 3, 30, 2))
    body = post(client, train_config=TINY | {"batch": 16}).json()
    assert [sentence.split(":")[0] for sentence in body["warnings"]] == [
        "3 of 4 validation pictures nearly equal a training picture",
        "Validation has only 4 pictures, so a single mistake changes the score a lot. "
        "Label more frames, or hold out another video.",
        "Training has only 8 pictures, and a step takes 16",
    ]
    assert client.get(f"/detectors/{body['id']}").json() == body
    train_detector_warning = "Memory ran out."
    with db.transaction() as session:
        row = session.get_one(Detector, body["id"])
        row.metrics = {"warnings": [train_detector_warning]}
    found = client.get(f"/detectors/{body['id']}").json()
    assert found["warnings"] == [train_detector_warning, *body["warnings"]]


@pytest.mark.parametrize(
    ("values", "status", "field"),
    [
        ({"train_config": {"epochs": -3}}, 422, "train_config.epochs"),
        ({"train_config": {"imgsz": "big"}}, 422, "train_config.imgsz"),
        ({"train_config": {"lr": 1}}, 422, "train_config.lr"),
        ({"dnn_type": "yolo99"}, 422, "dnn_type"),
        ({"name": ""}, 422, "name"),
        ({"name": None}, 422, "name"),
        ({"train_set_id": 99}, 404, None),
        ({"colour": "red"}, 422, "colour"),
        ({"parent_id": 99}, 404, None),
    ],
    ids=str,
)
def test_wrong_wish_is_refused_naming_the_field(
    client: TestClient, values: dict[str, Any], status: int, field: str | None
) -> None:
    answer = post(client, **values)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"].get("field") == field
    assert client.get("/detectors").json()["count"] == 0


def test_training_set_that_is_not_ready_is_409(
    client: TestClient, training_set: TrainingSet
) -> None:
    with db.transaction() as session:
        session.get_one(TrainingSet, training_set.id).state = TrainingSetState.BUILDING
    assert post(client).status_code == 409


def test_list_is_paged_searched_and_ordered(client: TestClient) -> None:
    for name in ("Cups", "Buses", "Small cups"):
        post(client, name=name)
    found = client.get("/detectors", params={"search": "cups", "ordering": "name"}).json()
    assert found["count"] == 2
    assert [row["name"] for row in found["results"]] == ["Cups", "Small cups"]
    page = client.get("/detectors", params={"page": 2, "page_size": 2}).json()
    assert (page["count"], [row["name"] for row in page["results"]]) == (3, ["Cups"])


def test_training_set_of_another_is_404(installation: Api, client: TestClient) -> None:
    add_user("stranger", Role.USER)
    assert post(installation.client("stranger")).status_code == 404


def test_metrics_hold_a_row_per_epoch_and_the_final_score(client: TestClient) -> None:
    detector_id = train(client)
    body = client.get(f"/detectors/{detector_id}/metrics").json()
    assert [row["epoch"] for row in body["epochs"]] == [1, 2, 3]
    assert body["epochs"][0]["mAP50"] == 0.1
    assert body["epochs"][0]["train_losses"]["box_loss"] == 1.0
    assert body["final"]["mAP50"] == pytest.approx(0.414, abs=0.001)
    assert body["final"]["classes"][0]["name"] == "cup"


def test_metrics_hold_what_lies_behind_the_score(client: TestClient) -> None:
    body = client.get(f"/detectors/{train(client)}/metrics").json()
    behind = body["evaluation"]
    assert behind["confusion"] == [[2, 0, 0], [2, 0, 0], [0, 0, 0]]
    assert behind["counts"] == {"correct": 2, "wrong": 2, "missed": 2}
    assert len(behind["confidences"]) == len(behind["mean"]["f1"]) == 101
    assert behind["curves"]["cup"]["recall"][50] == 1
    assert [image["frame_index"] for image in behind["worst"]] == [1]
    assert behind["parent"] is None


def test_metrics_before_the_first_epoch_are_empty(client: TestClient) -> None:
    detector_id = post(client).json()["id"]
    body = client.get(f"/detectors/{detector_id}/metrics").json()
    assert body == {"epochs": [], "final": None, "evaluation": None}


def test_learning_curve_is_asked_for_measured_and_read(client: TestClient) -> None:
    path = f"/detectors/{train(client)}/learning_curve"
    assert client.get(path).json() == {"points": [], "advice": None, "job": None}
    asked = client.post(path)
    assert (asked.status_code, asked.json()["kind"]) == (202, "measure-learning")
    assert client.get(path).json()["job"]["id"] == asked.json()["id"]
    run_job(asked.json()["id"], measure_learning.run)
    body = client.get(path).json()
    assert [point["share"] for point in body["points"]] == [25, 50, 100]
    assert body["points"][0]["AP50"].keys() == {"cup", "bus stop"}
    assert (body["advice"]["worth"], body["advice"]["label"]) == (False, "bus stop")
    assert body["job"] is None
    assert client.post(path).status_code == 409


def test_learning_curve_of_an_untrained_detector_is_409(client: TestClient) -> None:
    detector_id = post(client).json()["id"]
    assert client.post(f"/detectors/{detector_id}/learning_curve").status_code == 409


def test_log_shows_how_the_training_went(client: TestClient) -> None:
    detector_id = train(client)
    assert "train-detector" in client.get(f"/detectors/{detector_id}/log").json()["log"]


def test_cancel_of_a_waiting_training_ends_it(client: TestClient) -> None:
    detector_id = post(client).json()["id"]
    answer = client.post(f"/detectors/{detector_id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert client.post(f"/detectors/{detector_id}/cancel").status_code == 409


def test_resume_answers_202_with_the_job(client: TestClient) -> None:
    detector_id = post(client).json()["id"]
    assert client.post(f"/detectors/{detector_id}/resume").status_code == 409
    client.post(f"/detectors/{detector_id}/cancel")
    answer = client.post(f"/detectors/{detector_id}/resume")
    assert answer.status_code == 202
    assert (answer.json()["kind"], answer.json()["state"]) == ("train-detector", "queued")
    detector = client.get(f"/detectors/{detector_id}").json()
    assert (detector["state"], detector["job_id"]) == ("queued", answer.json()["id"])


def test_delete_is_409_while_it_trains_then_204(client: TestClient) -> None:
    detector_id = post(client).json()["id"]
    assert client.delete(f"/detectors/{detector_id}").status_code == 409
    client.post(f"/detectors/{detector_id}/cancel")
    assert client.delete(f"/detectors/{detector_id}").status_code == 204
    assert client.get(f"/detectors/{detector_id}").status_code == 404


def test_model_is_202_until_trained_and_then_the_zip(client: TestClient) -> None:
    waiting = post(client).json()
    before = client.get(f"/detectors/{waiting['id']}/model")
    assert (before.status_code, before.json()["id"]) == (202, waiting["job_id"])
    with db.read_session() as session:
        detector = session.get_one(Detector, waiting["id"])
    work(detector)
    after = client.get(f"/detectors/{waiting['id']}/model")
    assert after.status_code == 200
    assert after.headers["content-type"] == "application/zip"
    assert 'filename="Cups.zip"' in after.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(after.content)) as archive:
        assert {"model.pt", "model.onnx", "predict.py"} <= set(archive.namelist())


def test_model_is_downloaded_under_the_detector_s_name_whatever_that_is(
    client: TestClient,
) -> None:
    detector_id = train(client)
    for name in (*HOSTILE_NAMES, "two\nlines\r\nX-Injected: 1", "a/b; x=y"):
        with db.transaction() as session:
            session.get_one(Detector, detector_id).name = name
        answer = client.get(f"/detectors/{detector_id}/model")
        assert answer.status_code == 200, name
        assert "x-injected" not in answer.headers
        header = Message()
        header["Content-Disposition"] = answer.headers["content-disposition"]
        assert header.get_filename() == f"{name}.zip"


def test_export_answers_202_with_its_job(client: TestClient) -> None:
    detector_id = train(client)
    answer = client.post(f"/detectors/{detector_id}/model", params={"format": "zip"})
    assert (answer.status_code, answer.json()["kind"]) == (202, "export-model")
    assert client.delete(f"/detectors/{detector_id}").status_code == 409


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_format_is_422(client: TestClient, method: str) -> None:
    detector_id = train(client)
    answer = client.request(method, f"/detectors/{detector_id}/model", params={"format": "coreml"})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "format"


def test_model_of_a_cancelled_training_is_409(client: TestClient) -> None:
    detector_id = post(client).json()["id"]
    client.post(f"/detectors/{detector_id}/cancel")
    assert client.get(f"/detectors/{detector_id}/model").status_code == 409
    assert client.post(f"/detectors/{detector_id}/model").status_code == 409
    assert now_state(detector_id) == "cancelled"


def now_state(detector_id: int) -> str:
    with db.read_session() as session:
        return now(session.get_one(Detector, detector_id)).state

"""The detectors screen: list, form, live view, result."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from tests.detectors import FakeProvider, create_detector, now, work
from tests.jobs import run_job
from tests.training_sets import measure_as
from tests.ui.acting import press, sound
from tpod_core import access, db
from tpod_core.detectors.queries import list_exports
from tpod_core.exports import needs
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    JobState,
    TrainingSet,
    User,
    saved_id,
)
from tpod_core.services import detectors, model_files
from tpod_core.services.training_sets import Leakage
from workers import export_model

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "detectors.py")


@pytest.fixture
def detector(owner: User, training_set: TrainingSet) -> Detector:
    return create_detector(owner, training_set)


def page(**query: str) -> AppTest:
    test = AppTest.from_file(PAGE, default_timeout=20)
    for name, value in query.items():
        test.query_params[name] = value
    return sound(test.run())


def unmarked(words: str) -> str:
    """What the browser shows of text whose signs were kept from meaning something."""
    return words.replace("\\", "")


def kinds(block: Block) -> list[str]:
    """The types of all that is in ``block``, from top to bottom."""
    each = [(child, [child.type]) for child in block.children.values()]
    return [
        kind for child, own in each for kind in (kinds(child) if isinstance(child, Block) else own)
    ]


def texts(test: AppTest) -> str:
    return "\n".join(
        str(element.value) for kind in ("markdown", "caption") for element in test.get(kind)
    )


def test_list_without_detectors_says_what_to_do(user: User, training_set: TrainingSet) -> None:
    test = page()
    assert test.subheader[0].value == "No detectors yet"
    assert "New detector" in [button.label for button in test.button]


def test_form_offers_values_that_suit_the_set(user: User, training_set: TrainingSet) -> None:
    test = press(page(), "New detector")
    assert {box.label: box.value for box in test.number_input}["Image size"] == 160
    assert {box.label: box.value for box in test.number_input}["Epochs"] == 100
    assert {box.label: box.value for box in test.toggle} == {"Mosaic": True, "Mirror frames": True}


def test_form_offers_fast_and_accurate_families_with_their_cost(
    user: User, training_set: TrainingSet
) -> None:
    test = press(page(), "New detector")
    [family] = [box for box in test.selectbox if box.label == "Family"]
    assert "SSDlite MobileNet" in family.options and "RT-DETR large" not in family.options
    test.radio[0].set_value("accurate")
    test = press(test, "New detector")
    [family] = [box for box in test.selectbox if box.label == "Family"]
    assert "RT-DETR large" in family.options
    assert "nano's time" in texts(test)


def test_form_says_before_a_training_what_makes_it_doubtful(
    user: User, training_set: TrainingSet
) -> None:
    measure_as(training_set, Leakage(0, 0, 30, 0))
    test = press(page(), "New detector")
    [said] = [unmarked(each.value) for each in test.warning]
    assert said.startswith("Validation has only 4 pictures"), "eight fill the four of a step"
    [batch] = [box for box in test.number_input if box.label == "Images per step"]
    batch.set_value(16)
    [said] = [unmarked(each.value) for each in press(test, "New detector").warning]
    assert "Training has only 8 pictures, and a step takes 16" in said
    assert "a single step with all of them" in said


def test_form_counts_no_step_where_the_parent_s_pictures_come_in(
    user: User, detector: Detector, training_set: TrainingSet, provider: FakeProvider
) -> None:
    work(detector)
    measure_as(training_set, Leakage(0, 0, 30, 0))
    test = press(page(), "New detector")
    [start] = [box for box in test.selectbox if box.label == "Fine-tune"]
    start.set_value(start.options[1])
    [batch] = [box for box in test.number_input if box.label == "Images per step"]
    batch.set_value(16)
    [said] = [unmarked(each.value) for each in press(test, "New detector").warning]
    assert "a step takes" not in said


def test_form_asks_for_no_parent_where_there_is_none(user: User, training_set: TrainingSet) -> None:
    test = press(page(), "New detector")
    assert [box.label for box in test.selectbox if box.label == "Fine-tune"] == []


def test_form_queues_a_child_of_the_chosen_parent(
    user: User, detector: Detector, provider: FakeProvider
) -> None:
    work(detector)
    test = press(page(), "New detector")
    test.text_input[0].set_value("Child")
    [start] = [box for box in test.selectbox if box.label == "Fine-tune"]
    start.set_value(start.options[1])
    test = press(test, "New detector")
    [mix] = [box for box in test.toggle if "parent's training set" in box.label]
    assert mix.value
    mix.set_value(False)
    press(test, "New detector", "Train")
    with db.read_session() as session:
        made = access.newest(session, user, Detector, limit=9).rows[0]
    assert (made.name, made.parent_id) == ("Child", detector.id)
    assert made.train_config["mix_parent_data"] is False


def test_form_queues_what_was_chosen(user: User, training_set: TrainingSet) -> None:
    test = press(page(), "New detector")
    test.text_input[0].set_value("My cups")
    test.number_input[0].set_value(7)
    press(test, "New detector", "Train")
    with db.read_session() as session:
        [made] = access.newest(session, user, Detector, limit=9).rows
    assert (made.name, made.epochs, made.state) == ("My cups", 7, DetectorState.QUEUED)
    assert test.query_params["detector"] == str(made.id)


def test_form_shows_what_is_wrong_and_makes_nothing(user: User, training_set: TrainingSet) -> None:
    test = press(press(page(), "New detector"), "New detector", "Train")
    assert [unmarked(error.value) for error in test.error] == [
        "A detector needs a name of 1 to 200 characters."
    ]
    dialog = [kind for kind in kinds(test.get("dialog")[0]) if kind in ("error", "button")]
    assert dialog == ["error", "button"], "what is wrong stands above the button"
    with db.read_session() as session:
        assert access.newest(session, user, Detector, limit=9).rows == []


def test_card_shows_a_training_s_progress(detector: Detector) -> None:
    assert "Cups" in texts(page())


def test_waiting_training_can_be_cancelled_on_its_page(detector: Detector) -> None:
    press(page(detector=str(detector.id)), "Cancel training")
    assert now(detector).state is DetectorState.CANCELLED


def test_cancelled_training_can_be_resumed_on_its_page(detector: Detector) -> None:
    with db.transaction() as session:
        detectors.cancel(session, session.get_one(Detector, detector.id))
    press(page(detector=str(detector.id)), "Resume")
    assert now(detector).state is DetectorState.QUEUED


def test_trained_detector_explains_its_score(detector: Detector, provider: FakeProvider) -> None:
    work(detector)
    test = page(detector=str(detector.id))
    figures = {metric.label: metric.value for metric in test.metric}
    assert figures == {
        "mAP50": "0.41",
        "mAP50-95": "0.41",
        "Precision": "0.50",
        "Recall": "0.50",
        "Best confidence": "0.45",
    }
    assert "finds about **50**" in texts(test)
    assert "differ from the trained model's by less than 0.01 px" in texts(test)
    assert test.dataframe[0].value["name"].tolist() == ["cup", "bus stop"]


def test_download_is_a_link_to_the_route(detector: Detector, provider: FakeProvider) -> None:
    work(detector)
    [link] = page(detector=str(detector.id)).get("link_button")
    assert link.proto.url == f"/api/v1/detectors/{detector.id}/model"


def words(test: AppTest) -> str:
    """Everything that the page says, states of progress included."""
    shown = [str(element.value) for kind in ("error", "info") for element in test.get(kind)]
    return "\n".join([texts(test), *shown, *(bar.proto.text for bar in test.get("progress"))])


def test_waiting_training_tells_its_place_in_line(
    detector: Detector, user: User, training_set: TrainingSet
) -> None:
    second = create_detector(user, training_set, name="Second")
    assert "1st in line" in words(page(detector=str(detector.id)))
    assert "2nd in line" in words(page(detector=str(second.id)))
    with db.transaction() as session:
        detectors.cancel(session, session.get_one(Detector, detector.id))
    assert "1st in line" in words(page(detector=str(second.id)))


def test_running_training_tells_its_epoch_and_time_left(detector: Detector) -> None:
    with db.transaction() as session:
        row = session.get_one(Detector, detector.id)
        row.state, row.epoch, row.seconds_left = DetectorState.TRAINING, 2, 290.0
        session.get_one(Job, row.job_id).state = JobState.RUNNING
    figures = {metric.label: metric.value for metric in page(detector=str(detector.id)).metric}
    assert figures["Epoch"] == "2 of 3"
    assert figures["Time left"] == "about 5 min"


def test_training_that_is_tried_again_says_why_it_waits(
    detector: Detector, provider: FakeProvider
) -> None:
    def crash(epoch: int) -> None:
        raise RuntimeError("made of cheese")

    provider.before_batch = crash
    work(detector)
    said = unmarked(words(page(detector=str(detector.id))))
    assert "made of cheese" in said
    assert "Trying again. It is 1st in line" in said


def test_warning_of_a_running_training_is_shown_while_it_runs(detector: Detector) -> None:
    with db.transaction() as session:
        row = session.get_one(Detector, detector.id)
        row.state = DetectorState.TRAINING
        row.metrics = {"warnings": ["Memory ran out; the batch is now 2."]}
    [warning] = page(detector=str(detector.id)).warning
    assert unmarked(warning.value) == "Memory ran out; the batch is now 2."


def test_ending_training_says_so_and_takes_no_second_cancel(detector: Detector) -> None:
    with db.transaction() as session:
        row = session.get_one(Detector, detector.id)
        row.state = DetectorState.TRAINING
        job = session.get_one(Job, row.job_id)
        job.state, job.cancel_requested = JobState.RUNNING, True
    [button] = [b for b in page(detector=str(detector.id)).button if "Stopping" in b.label]
    assert button.disabled


def test_training_leads_to_its_tensorboard(detector: Detector, provider: FakeProvider) -> None:
    address = f"/api/v1/detectors/{detector.id}/visualization/"
    links = page(detector=str(detector.id)).get("link_button")
    assert [link.proto.url for link in links] == [address]
    work(detector)
    links = page(detector=str(detector.id), tab="Training").get("link_button")
    assert address in [link.proto.url for link in links]


def test_training_tab_keeps_the_log(detector: Detector, provider: FakeProvider) -> None:
    work(detector)
    [log] = page(detector=str(detector.id), tab="Training").code
    assert "train-detector 1, attempt 1" in log.value


def test_details_tell_where_a_detector_comes_from(
    detector: Detector, provider: FakeProvider
) -> None:
    work(detector)
    tables = page(detector=str(detector.id), tab="Details").table
    facts = "\n".join(table.value.to_string() for table in tables)
    assert "kitchen" in facts
    assert "c0ffee" in facts
    assert "Image size" in facts


def test_format_whose_package_is_missing_says_what_to_run(
    detector: Detector, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    work(detector)
    test = page(detector=str(detector.id), tab="Download")
    assert "Run “pip install -r requirements-export-openvino.txt”" in texts(test)
    disabled = {b.key: b.disabled for b in test.button if str(b.key).startswith("make-")}
    assert (disabled["make-openvino"], disabled["make-torchscript"]) == (True, False)


@pytest.mark.filterwarnings("ignore:::torch")
def test_format_is_made_on_request_and_offered_with_its_figure(
    detector: Detector, provider: FakeProvider
) -> None:
    work(detector)
    test = page(detector=str(detector.id), tab="Download")
    [button] = [button for button in test.button if button.key == "make-torchscript"]
    sound(button.click().run())
    assert "Waiting for a free worker" in words(page(detector=str(detector.id), tab="Download"))
    run_export(detector)
    test = page(detector=str(detector.id), tab="Download")
    assert "boxes within 0.01 px, scores within 0.001" in texts(test)
    urls = [link.proto.url for link in test.get("link_button")]
    assert f"/api/v1/detectors/{detector.id}/model?format=torchscript" in urls


def test_failed_export_shows_its_cause_and_can_be_tried_again(
    detector: Detector, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(detector)

    def fail(scene: object, target: object) -> None:
        raise RuntimeError("made of cheese")

    monkeypatch.setattr(provider, "export_torchscript", fail)
    with db.transaction() as session:
        row = session.get_one(Detector, detector.id)
        model_files.start_export(session, row, "torchscript")
    run_export(detector)
    test = page(detector=str(detector.id), tab="Download")
    assert "made of cheese" in words(test)
    assert "Try again" in [button.label for button in test.button]


def run_export(detector: Detector) -> None:
    with db.read_session() as session:
        [job] = list_exports(session, saved_id(detector))
    run_job(saved_id(job), export_model.run)


def test_deleting_asks_first_and_returns_to_the_list(
    detector: Detector, provider: FakeProvider
) -> None:
    work(detector)
    test = press(page(detector=str(detector.id)), "Delete this detector")
    assert "detector" not in test.query_params
    with db.read_session() as session:
        assert session.get(Detector, detector.id) is None


def test_failed_training_shows_its_cause(detector: Detector, provider: FakeProvider) -> None:
    def crash(epoch: int) -> None:
        raise RuntimeError("made of cheese")

    provider.before_batch = crash
    for _ in range(3):
        work(detector)
    [error] = page(detector=str(detector.id)).error
    assert "made of cheese" in error.value


def test_detector_that_is_not_there_is_a_sentence(user: User) -> None:
    [error] = page(detector="99").error
    assert unmarked(error.value) == "There is no detector 99, or it is not yours."

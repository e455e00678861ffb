"""The screens of a host that only labels: they work, and say what will wait."""

from pathlib import Path

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from pages._shared import guard
from tests.fake_queue import ListQueue
from tests.labelled import add_video, give_file
from tests.training_sets import CLASSES
from tests.ui.acting import accepted, press, sound
from tpod_core import db, training_packages
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    QueueName,
    TrainingSet,
    User,
    Video,
    saved_id,
)

PAGES = Path(__file__).resolve().parents[2] / "pages"
EVERY_PAGE = sorted(path.name for path in PAGES.glob("[a-z]*.py"))


@pytest.fixture
def user(admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch) -> User:
    """The administrator, in front of the screen."""
    monkeypatch.setattr(guard, "find_user", lambda: admin)
    return admin


@pytest.fixture
def owner(user: User) -> User:
    return user


@pytest.fixture
def video(user: User) -> Video:
    made = add_video(user, labels=CLASSES)
    give_file(made, 12)
    return made


@pytest.fixture
def detector(user: User) -> Detector:
    """Trained elsewhere."""
    with db.transaction() as session:
        row = Detector(
            owner_id=saved_id(user),
            name="Cups",
            dnn_type="yolo26n",
            state=DetectorState.TRAINED,
            labels=list(CLASSES),
            metrics={"recommended_confidence": 0.4},
        )
        session.add(row)
    return row


def page(name: str, **query: str) -> AppTest:
    test = AppTest.from_file(str(PAGES / name), default_timeout=30)
    for key, value in query.items():
        test.query_params[key] = value
    return sound(test.run())


def notices(test: AppTest) -> list[str]:
    return [str(info.value) for info in test.info]


def newest_job() -> Job:
    with db.read_session() as session:
        return list(session.exec(select(Job).order_by(Job.id)))[-1]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_page_opens(user: User, video: Video, name: str) -> None:
    assert not page(name).error


def test_training_is_accepted_and_its_form_says_that_it_waits(
    user: User, training_set: TrainingSet
) -> None:
    test = press(page("detectors.py"), "New detector")
    assert notices(test) == [training_packages.WAITS]
    test.text_input[0].set_value("Cups")
    made = accepted(test, "New detector", "Train")
    assert notices(made) == [training_packages.WAITS], "its page says so while it waits"
    assert newest_job().queue is QueueName.LOW


def test_prelabelling_is_accepted_and_says_that_it_waits(
    user: User, video: Video, detector: Detector
) -> None:
    test = page("try_it.py", detector=str(detector.id))
    test.button_group[0].set_value("Video")
    sound(test.run())
    assert notices(test) == [training_packages.WAITS]
    accepted(test, "Propose labels")
    assert newest_job().queue is QueueName.LOW


def test_home_does_not_offer_a_demo_that_cannot_be_made(user: User) -> None:
    assert "Load the demo project" not in [button.label for button in page("home.py").button]

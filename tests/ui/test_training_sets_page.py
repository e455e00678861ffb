"""The training sets screen: list, form with its live preview, detail."""

import copy
from pathlib import Path

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from pages._training_sets.form_values import TrainingSetForm, none_if_all, read_ranges
from tests.jobs import run_job
from tests.labelled import add_video, annotate, give_file, track
from tests.training_sets import add_finding
from tests.ui.acting import welcome
from tpod_core import db
from tpod_core.errors import InvalidInput
from tpod_core.models import Label, TrainingSet, TrainingSetState, User, Verdict, Video
from tpod_core.services import videos
from workers import build_training_set

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "training_sets.py")
BUILD = "Build the training set"


@pytest.fixture
def video(user: User) -> Video:
    made = add_video(user)
    give_file(made, 40)
    annotate(user, made, track("cup", 0, 30), track("bus", 5, 20, x=50), ranges=[(0, 40)])
    return made


def page(**query: str) -> AppTest:
    test = AppTest.from_file(PAGE, default_timeout=20)
    for name, value in query.items():
        test.query_params[name] = value
    return welcome(test.run())


def button(test: AppTest, label: str):  # type: ignore[no-untyped-def]
    [found] = [each for each in test.button if each.label == label]
    return found


def metrics(test: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in test.metric}


def build_one(test: AppTest, name: str) -> TrainingSet:
    test.text_input[0].set_value(name)
    welcome(button(test, BUILD).click().run())
    return sets()[0]


def sets() -> list[TrainingSet]:
    with db.read_session() as session:
        return list(session.exec(select(TrainingSet)))


def test_empty_list_says_what_to_do_next(user: User) -> None:
    assert "No training sets yet" in [each.value for each in page().subheader]


def test_preview_follows_the_form(user: User, video: Video) -> None:
    test = page(new="1")
    assert metrics(test) == {"Frames": "7", "Boxes": "9", "Without objects": "1"}
    test.number_input[0].set_value(1)  # every frame
    test.number_input[2].set_value(0)  # no gap
    welcome(test.run())
    assert metrics(test)["Boxes"] == "45"


def test_preview_counts_the_refused_detections_apart(user: User, video: Video) -> None:
    annotate(user, video, track("cup", 0, 30), track("bus", 5, 20, x=50), ranges=[(0, 36)])
    assert [each.value for each in page(new="1").caption if "refused" in each.value] == []
    add_finding(video, 38, Verdict.NEGATIVE)
    assert [each.value for each in page(new="1").caption if "refused" in each.value] == [
        "Plus 1 frame with only the detections refused in a review, the rest grey."
    ]


def test_preview_says_why_nothing_can_be_built(user: User, video: Video) -> None:
    test = page(new="1")
    test.text_input[1].set_value("0-500")
    welcome(test.run())
    assert "does not lie in a video of 40 frames" in test.info[0].value
    assert button(test, BUILD).disabled


def test_preview_lists_findings_with_a_link_to_each_frame(user: User, video: Video) -> None:
    test = page(new="1")
    kinds = [each.label for each in test.expander]
    assert "Classes with few boxes · 2" in kinds
    shown = "".join(each.value for each in test.markdown)
    assert f"[Open](/labeling?video={video.id}&frame=0)" in shown


def test_split_wears_a_badge_of_its_leakage(user: User, video: Video) -> None:
    annotate(user, video, track("cup", 0, 30), track("bus", 5, 20, x=50), ranges=[(0, 40)])
    assert badges(page(new="1"), "Probably 100% leakage"), "frames of the same second"
    with db.transaction() as session:
        session.get_one(Video, video.id).fps = 0.1
    test = page(new="1")
    assert badges(test, "No neighbours in validation"), "every fifth frame"
    test.number_input[0].set_value(1)  # every frame
    test.number_input[2].set_value(0)  # no gap
    assert badges(welcome(test.run()), "% leakage")


def badges(test: AppTest, words: str) -> list[str]:
    return [each.value for each in test.markdown if words in each.value]


def test_finished_set_wears_a_badge_of_its_measured_leakage(user: User, video: Video) -> None:
    made = build_one(page(new="1"), "Cups")
    assert made.job_id is not None
    run_job(made.job_id, build_training_set.run)
    assert badges(page(training_set=str(made.id)), "leakage")
    assert not badges(page(training_set=str(made.id)), "Probably")
    with db.transaction() as session:
        row = session.get_one(TrainingSet, made.id)
        statistics = copy.deepcopy(row.statistics)
        del statistics["split"]["leakage"]["alike"]
        row.statistics = statistics
    assert badges(page(training_set=str(made.id)), "likeness not measured")


def test_preview_says_what_will_make_the_score_doubtful(user: User, video: Video) -> None:
    annotate(user, video, track("cup", 0, 3), ranges=[(0, 3)])
    test = page(new="1")
    test.number_input[0].set_value(1)  # every frame
    [said] = [each.value.replace("\\", "") for each in welcome(test.run()).warning]
    assert "Validation has only 1 picture" in said
    assert "Training has only 2 pictures, fewer than the 4 of one training step" in said
    assert "has one box in validation: its score is all or nothing" in said


def test_leaving_out_alike_frames_makes_the_preview_an_upper_bound(
    user: User, video: Video
) -> None:
    test = page(new="1")
    [alike] = [each for each in test.toggle if each.label.startswith("Leave out frames")]
    alike.set_value(True)
    welcome(test.run())
    assert metrics(test)["Frames"] == "≤ 7"
    made = build_one(test, "Cups")
    assert made.spec["sampling"]["drop_near_duplicates"] is True


def test_locked_video_decides_about_the_split(user: User, video: Video) -> None:
    other = add_video(user, "Garden", ["cup"])
    annotate(user, other, track("cup", 0, 30), ranges=[(0, 40)])
    with db.transaction() as session:
        videos.hold_out(session, session.get_one(Video, other.id), True)
    test = page(new="1")
    [share] = [each for each in test.slider if each.label == "Share of validation"]
    assert share.disabled
    [lock] = [each for each in test.checkbox if "Garden" in each.label]
    assert ":material/lock:" in lock.label


def test_build_queues_the_set_and_opens_it(user: User, video: Video) -> None:
    test = page(new="1")
    made = build_one(test, "Cups")
    assert (made.name, made.state) == ("Cups", TrainingSetState.QUEUED)
    assert test.query_params["training_set"] == str(made.id)
    assert "Cups" in [title.value for title in test.title]
    assert button(test, "Cancel")


def test_build_without_a_name_says_so(user: User, video: Video) -> None:
    test = page(new="1")
    button(test, BUILD).click().run()
    assert "needs a name" in test.error[0].value
    assert sets() == []


def test_cancelled_set_shows_its_state_and_can_be_deleted(user: User, video: Video) -> None:
    test = page(new="1")
    build_one(test, "Cups")
    button(test, "Cancel").click().run()
    test.run()
    assert "Building was cancelled\\." in [error.value for error in test.error]
    button(test, "Delete this training set").click().run()
    assert sets() == []


def test_finished_set_shows_its_numbers_and_pictures(user: User, video: Video) -> None:
    made = build_one(page(new="1"), "Cups")
    assert made.job_id is not None
    run_job(made.job_id, build_training_set.run)
    with db.transaction() as session:
        session.exec(select(Label).where(Label.name == "bus")).one().color = "#123456"
    test = page(training_set=str(made.id))
    assert metrics(test)["Boxes"]
    assert len(test.get("image")) == 7
    legend = "".join(each.proto.body for each in test.get("html"))
    assert "background:#123456'></i>bus" in legend, "the colour of the label itself"
    assert "Cups" in "".join(each.value for each in page().markdown)


def test_finished_set_is_compared_with_another(user: User, video: Video) -> None:
    for name in ("Old", "New"):
        build_one(page(new="1"), name)
        job_id = sets()[-1].job_id
        assert job_id is not None
        run_job(job_id, build_training_set.run)
        annotate(user, video, track("cup", 0, 30), ranges=[(0, 40)])
    test = page(training_set=str(sets()[1].id))
    [choice] = [each for each in test.selectbox if each.label == "Compare with"]
    welcome(choice.select_index(0).run())
    assert int(metrics(test)["With changed boxes"]) > 0
    assert any("revision 1 became 2" in each.value for each in test.markdown)


def test_finished_set_is_offered_in_every_format(user: User, video: Video) -> None:
    made = build_one(page(new="1"), "Cups")
    assert made.job_id is not None
    run_job(made.job_id, build_training_set.run)
    links = page(training_set=str(made.id)).get("link_button")
    assert [link.proto.url.rpartition("=")[2] for link in links] == ["yolo", "coco", "voc"]


def test_set_of_someone_else_is_not_shown(user: User, video: Video, admin: User) -> None:
    with db.transaction() as session:
        session.add(TrainingSet(id=55, owner_id=admin.id or 0, name="Secret"))
    test = AppTest.from_file(PAGE, default_timeout=20)
    test.query_params["training_set"] = "55"
    test.run()
    assert "no training set 55" in test.error[0].value


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("", None),
        ("0-99", ((0, 100),)),
        ("0 - 9, 50, 20–29", ((0, 10), (50, 51), (20, 30))),
        ("5 to 7", ((5, 8),)),
    ],
)
def test_ranges_are_read_with_their_last_frame(
    text: str, ranges: tuple[tuple[int, int], ...] | None
) -> None:
    assert read_ranges(text) == ranges


@pytest.mark.parametrize("text", ["a", "1-", "9-1", "-5", "1-2-3", "1;2"])
def test_ranges_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        TrainingSetForm(videos={1: text}).spec()


def test_all_classes_chosen_leave_the_order_to_the_list() -> None:
    assert none_if_all(["b", "a"], ["a", "b"]) is None
    assert none_if_all(["b"], ["a", "b"]) == ("b",)

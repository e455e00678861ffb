"""The list of tracks, a detector's proposals, and what is copied, hidden, locked and marked."""

import pytest
from playwright.sync_api import expect

from tests.browser.annotator import DEADLINE_S, Annotator, near, track

pytestmark = pytest.mark.browser

LEFT, RIGHT = [100.0, 80.0, 220.0, 200.0], [400.0, 80.0, 520.0, 200.0]
SURE = track("cup", (0, LEFT), proposed=True, score=0.9)
UNSURE = track("cup", (0, RIGHT), proposed=True, score=0.3)


def proposed_in(screen: Annotator) -> list[int]:
    return [each["id"] for each in screen.document()["tracks"] if each["proposed"]]


def ids_in(screen: Annotator) -> list[int]:
    return [each["id"] for each in screen.document()["tracks"]]


def test_list_tells_label_span_and_kind_of_every_track(annotator: Annotator):
    here, there = annotator.put_tracks(
        track("cup", (0, LEFT), (20, LEFT), (30, None)), track("black cat", (40, RIGHT))
    )
    annotator.open(10)
    for number, words in (
        (here, f"cup {here} between · 0–29"),
        (there, f"black cat {there} 40–59"),
    ):
        row = annotator.page.locator(f'.annotator .box[data-track="{number}"]')
        expect(row).to_have_text(words, use_inner_text=True, timeout=DEADLINE_S * 1000)


def test_click_on_a_track_elsewhere_goes_to_it(annotator: Annotator):
    (_, there) = annotator.put_tracks(track("cup", (0, LEFT)), track("black cat", (40, RIGHT)))
    annotator.open(10)
    annotator.select(there)
    annotator.wait_ready(40)


def test_click_on_a_row_that_changes_under_the_pointer_still_counts(annotator: Annotator):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT)))
    annotator.open()
    row = annotator.page.locator(f'.annotator .box[data-track="{cup}"] .row')
    row.hover()
    annotator.page.mouse.down()
    relabel = {"op": "relabel_track", "track_id": cup, "label": "black cat"}
    body = {"revision": annotator.document()["revision"], "ops": [relabel]}
    annotator.api.patch(f"/videos/{annotator.video_id}/annotations", json=body).raise_for_status()
    # The picture tells that the screen has heard of it.
    annotator.wait_color(150, 79, 170, 81, color=annotator.color_of("black cat"), least=0.3)
    annotator.page.mouse.up()
    chosen = annotator.page.locator(f'.annotator .box.chosen[data-track="{cup}"]')
    expect(chosen).to_contain_text("black cat", timeout=DEADLINE_S * 1000)


def test_filter_shows_the_tracks_of_one_label(annotator: Annotator):
    (cup, cat) = annotator.put_tracks(track("cup", (0, LEFT)), track("black cat", (0, RIGHT)))
    annotator.open()
    annotator.wait_listed(cup, cat)
    annotator.page.get_by_label("Filter by label").select_option("black cat")
    annotator.wait_listed(cat)


@pytest.mark.parametrize("act", ["key", "button"])
def test_join_makes_one_track_of_two(annotator: Annotator, act: str):
    first, second = annotator.put_tracks(
        track("cup", (0, LEFT), (10, None)), track("cup", (20, LEFT))
    )
    annotator.open()
    annotator.select(first)
    if act == "key":
        annotator.press("j")
    else:
        annotator.press_button("Then choose the other track")
    annotator.select(second)
    annotator.wait_document(lambda document: len(document["tracks"]) == 1)
    assert [len(annotator.boxes(frame)) for frame in (5, 15, 25)] == [1, 0, 1]


def test_track_to_join_can_be_chosen_on_the_picture(annotator: Annotator):
    first, _ = annotator.put_tracks(track("cup", (0, LEFT), (10, None)), track("cup", (20, LEFT)))
    annotator.open()
    annotator.select(first)
    annotator.press("j")
    annotator.go(20)
    annotator.click((160, 140))
    annotator.wait_document(lambda document: len(document["tracks"]) == 1)


def test_track_joined_with_itself_is_explained(annotator: Annotator):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT)))
    annotator.open()
    annotator.select(cup)
    annotator.press("j")
    annotator.select(cup)
    assert "itself" in annotator.toast()


def test_join_of_tracks_that_clash_is_explained_and_changes_nothing(annotator: Annotator):
    first, second = annotator.put_tracks(track("cup", (0, LEFT)), track("cup", (0, RIGHT)))
    annotator.open()
    annotator.select(first)
    annotator.press("j")
    annotator.select(second)
    annotator.page.locator(".annotator .toast", has_text="one object has one box").wait_for()
    assert ids_in(annotator) == [first, second]


def test_split_makes_another_track_from_here_on(annotator: Annotator):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT)))
    annotator.open(20)
    annotator.press("s")
    annotator.wait_document(lambda document: len(document["tracks"]) == 2)
    (before,), (after,) = annotator.boxes(19), annotator.boxes(20)
    assert before["track_id"] == cup != after["track_id"]


@pytest.mark.parametrize("act", ["key", "button"])
def test_accepted_proposal_is_a_track_like_others(annotator: Annotator, act: str):
    (sure,) = annotator.put_tracks(SURE)
    annotator.open()
    annotator.select(sure)
    if act == "key":
        annotator.press("a")
    else:
        annotator.press_button("Accept this track")
    annotator.wait_document(lambda document: not document["tracks"][0]["proposed"])
    assert ids_in(annotator) == [sure]


@pytest.mark.parametrize("act", ["key", "button"])
def test_rejected_proposal_is_gone_and_comes_back_by_undo(annotator: Annotator, act: str):
    (sure,) = annotator.put_tracks(SURE)
    annotator.open()
    annotator.select(sure)
    if act == "key":
        annotator.press("x")
    else:
        annotator.press_button("Reject this track")
    annotator.wait_document(lambda document: not document["tracks"])
    annotator.wait_ready(0)
    annotator.press("Control+z")
    annotator.wait_document(lambda document: document["tracks"])
    assert proposed_in(annotator) == [sure]


def test_proposals_above_a_confidence_are_accepted_together(annotator: Annotator):
    _, sure, unsure = annotator.put_tracks(track("cup", (5, LEFT)), SURE, UNSURE)
    annotator.open()
    annotator.page.get_by_label("Minimum confidence in percent").fill("60")
    annotator.page.get_by_role("button", name="Accept 1").click()
    annotator.wait_document(lambda document: proposed_in(annotator) == [unsure])
    assert sure in ids_in(annotator)


def test_proposals_below_a_confidence_are_rejected_in_one_step(annotator: Annotator):
    by_hand, sure, _, _ = annotator.put_tracks(track("cup", (5, LEFT)), SURE, UNSURE, UNSURE)
    annotator.open()
    annotator.page.get_by_role("button", name="Reject 2").click()
    annotator.wait_document(lambda document: ids_in(annotator) == [by_hand, sure])
    annotator.wait_ready(0)
    annotator.press_button("Undo")
    annotator.wait_document(lambda document: len(document["tracks"]) == 4)


def test_moving_a_proposed_box_accepts_its_track(annotator: Annotator):
    annotator.put_tracks(SURE)
    annotator.open()
    annotator.drag((160, 140), (200, 160))
    annotator.wait_document(lambda document: not document["tracks"][0]["proposed"])


# Out of reach


def test_locked_box_stays_while_one_draws_over_it(annotator: Annotator):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT)))
    annotator.open()
    annotator.press_button("Lock this track")
    annotator.wait_ready(0)
    annotator.drag((130, 110), (200, 180))
    boxes = annotator.wait_boxes(0, lambda boxes: len(boxes) == 2)
    assert boxes[0]["track_id"] == cup
    assert boxes[0]["box"] == LEFT
    assert near(boxes[1], 130, 110, 200, 180)


def test_locked_track_refuses_edits_with_a_word(annotator: Annotator):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT)))
    annotator.open()
    annotator.select(cup)
    annotator.press("l")
    annotator.wait_ready(0)
    annotator.press("e")
    assert "is locked" in annotator.toast()
    assert len(annotator.boxes(0)) == 1


def test_hidden_box_is_not_seen_and_not_touched_also_after_a_reload(annotator: Annotator):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT)))
    annotator.open()
    color = annotator.color_of("cup")
    annotator.wait_color(100, 90, 100, 190, color=color)
    annotator.press_button("Hide this track")
    annotator.wait_ready(0)
    annotator.page.reload()
    annotator.wait_ready(0)
    annotator.page.locator('.annotator button[title^="Show this track"]').wait_for()
    assert annotator.color_share(100, 90, 100, 190, color) < 0.1
    annotator.wait_ready(0)
    annotator.drag((130, 110), (200, 180))
    boxes = annotator.wait_boxes(0, lambda boxes: len(boxes) == 2)
    assert (boxes[0]["track_id"], boxes[0]["box"]) == (cup, LEFT)


def test_small_box_in_a_larger_one_is_the_one_that_moves(annotator: Annotator):
    small = [140.0, 120.0, 180.0, 160.0]
    annotator.put_tracks(track("cup", (0, small)), track("black cat", (0, LEFT)))
    annotator.open()
    annotator.drag((160, 140), (170, 145))
    boxes = annotator.wait_boxes(0, lambda boxes: boxes[0]["box"] != small)
    assert near(boxes[0], 150, 125, 190, 165)
    assert boxes[1]["box"] == LEFT


# Copying, marking, going back


def test_copy_previous_of_the_selected_track_makes_a_key_frame(annotator: Annotator):
    (cup, cat) = annotator.put_tracks(
        track("cup", (0, LEFT), (20, RIGHT)), track("black cat", (0, RIGHT))
    )
    annotator.open(10)
    (before,) = [box for box in annotator.boxes(9) if box["track_id"] == cup]
    annotator.select(cup)
    annotator.press("p")
    boxes = annotator.wait_boxes(10, lambda boxes: boxes[0]["source"] == "manual")
    assert [box["track_id"] for box in boxes] == [cup, cat]
    assert boxes[0]["box"] == before["box"]
    assert boxes[1]["source"] != "manual"


def test_copy_previous_brings_every_box_that_is_missing_here(annotator: Annotator):
    annotator.put_tracks(
        track("cup", (0, LEFT), (10, None)),
        track("black cat", (0, RIGHT), (10, None)),
        track("cup", (0, [0.0, 0.0, 50.0, 50.0]), proposed=True, score=0.5),
    )
    annotator.open(10)
    annotator.press_button("Copy from the previous frame")
    boxes = annotator.wait_boxes(10, lambda boxes: len(boxes) == 3)
    # Where they were seen there: propagation may have moved them by a hair.
    assert boxes[0]["box"] == pytest.approx(LEFT, abs=1.5)
    assert boxes[1]["box"] == pytest.approx(RIGHT, abs=1.5)
    assert {box["source"] for box in boxes[:2]} == {"manual"}
    assert len(proposed_in(annotator)) == 1


@pytest.mark.parametrize("act", ["key", "button"])
def test_partly_hidden_is_toggled(annotator: Annotator, act: str):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT)))
    annotator.open()
    annotator.select(cup)
    for wanted in (True, False):
        if act == "key":
            annotator.press("o")
        else:
            annotator.press_button("Whether something covers")
        annotator.wait_boxes(0, lambda boxes, wanted=wanted: boxes[0]["occluded"] == wanted)
        annotator.wait_ready(0)


@pytest.mark.parametrize("act", ["key", "button"])
def test_range_is_marked_from_one_frame_to_another(screen: Annotator, act: str):
    for frame in (8, 20):
        screen.go(frame)
        if act == "key":
            screen.press("r")
        else:
            screen.press_button("Start the range here")
    document = screen.wait_document(lambda document: document["ranges"])
    assert document["ranges"] == [[8, 21]]
    screen.page.locator(".annotator .progress-words", has_text="13 of 60 frames · 22%").wait_for()


def test_steps_are_undone_and_redone_after_a_reload(screen: Annotator):
    screen.draw_and_wait(0, *LEFT)
    screen.draw_and_wait(0, *RIGHT)
    screen.page.reload()
    screen.wait_ready(0)
    for left in (1, 0):
        screen.press("Control+z")
        screen.wait_boxes(0, lambda boxes, left=left: len(boxes) == left)
        screen.wait_ready(0)
    screen.page.reload()
    screen.wait_ready(0)
    screen.press("Control+Shift+Z")
    screen.wait_boxes(0, lambda boxes: len(boxes) == 1)

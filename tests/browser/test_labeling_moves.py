"""Where the keys and buttons of the labelling screen lead, and what is seen there."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.browser.annotator import Annotator, near, track
from tests.browser.conftest import NUMBERS_FRAMES

pytestmark = pytest.mark.browser

BOX = [100.0, 80.0, 220.0, 200.0]
CUP = track("cup", (0, BOX), (10, BOX), (40, BOX), (45, None))
MOVES = [
    ("ArrowRight", "Next frame (", 21),
    ("f", "Next frame (", 21),
    ("ArrowLeft", "Previous frame (", 19),
    ("d", "Previous frame (", 19),
    ("Shift+ArrowRight", "10 frames on", 30),
    ("Shift+ArrowLeft", "10 frames back", 10),
    ("Home", "First frame (", 0),
    ("End", "Last frame (", NUMBERS_FRAMES - 1),
    ("[", "Previous key frame", 10),
    ("]", "Next key frame", 40),
    ("m", "Midpoint", 25),
    ("u", "Next frame without labels", 45),
    ("Shift+Home", "First frame of the track", 0),
    ("Shift+End", "Last frame of the track", 44),
]


def tell_uncertainty(page: Page, *tracks: dict[str, Any]) -> None:
    """Stand in for propagation: it is as sure of the boxes as ``tracks`` say."""

    def answer(route: Route) -> None:
        route.fulfill(json={"revision": 0, "pending": False, "tracks": list(tracks)})

    page.route("**/propagation", answer)


def test_every_move_has_a_key_and_a_button(annotator: Annotator):
    (cup,) = annotator.put_tracks(CUP)
    annotator.open(20)
    annotator.select(cup)
    for key, button, frame in MOVES:
        for move in (lambda: annotator.press(key), lambda: annotator.press_button(button)):  # noqa: B023
            annotator.go(20)
            move()
            annotator.wait_ready(frame)


def test_midpoint_after_the_last_key_frame_is_halfway_to_the_end(annotator: Annotator):
    annotator.put_tracks(track("cup", (0, BOX)))
    annotator.open(0)
    annotator.step("m", (NUMBERS_FRAMES - 1) // 2)


def test_next_unlabelled_frame_passes_over_fully_labelled_ranges(annotator: Annotator):
    annotator.put_tracks(CUP)
    document = annotator.document() | {"ranges": [[45, 50]]}
    annotator.api.put(f"/videos/{annotator.video_id}/annotations", json=document)
    annotator.open(0)
    annotator.step("u", 50)


def segment(
    start: int, doubts: list[float], correction: tuple[int, float] | None = None
) -> dict[str, Any]:
    best = correction and dict(zip(("frame", "weight"), correction, strict=True))
    stop = start + len(doubts)
    return {"start": start, "stop": stop, "uncertainty": doubts, "correction": best}


def test_worst_frame_is_the_weightiest_correction_then_the_next_then_the_least_certain(
    annotator: Annotator,
):
    (cup, _) = annotator.put_tracks(CUP, track("black cat", (0, BOX), (30, BOX)))
    doubts = [0.1] * 29
    doubts[19] = 1.0
    segments = [segment(1, [0.2] * 9, (5, 2.0)), segment(11, doubts, (26, 3.9))]
    tell_uncertainty(annotator.page, {"track_id": cup, "segments": segments, "ends_at": None})
    annotator.open(0)
    annotator.step("w", 26)
    annotator.page.locator('.annotator button[title^="Worst frame"]').click()
    annotator.wait_ready(5)
    annotator.step("w", 30)


def test_worst_frame_of_the_selected_track_comes_before_that_of_the_video(annotator: Annotator):
    cup, cat = annotator.put_tracks(CUP, track("black cat", (0, BOX), (30, BOX)))
    found = ((cup, segment(5, [0.3, 0.2], (5, 1.0))), (cat, segment(5, [0.1, 0.9], (6, 2.0))))
    tell_uncertainty(
        annotator.page,
        *({"track_id": n, "segments": [one], "ends_at": None} for n, one in found),
    )
    annotator.open(0)
    annotator.step("w", 6)
    annotator.open(0)
    annotator.select(cup)
    annotator.step("w", 5)


def test_box_that_is_doubted_says_so_where_it_is(annotator: Annotator):
    (cup,) = annotator.put_tracks(CUP)
    segments = [segment(11, [0.0] * 10 + [0.9] * 19)]
    tell_uncertainty(annotator.page, {"track_id": cup, "segments": segments, "ends_at": None})
    row = annotator.page.locator(f'.annotator .box.here[data-track="{cup}"]')
    annotator.open(20)
    row.filter(has_text="between").wait_for()
    annotator.step("ArrowRight", 21)
    row.filter(has_text="unsure").wait_for()


def test_click_on_the_uncertainty_goes_there(screen: Annotator):
    strip = screen.page.locator(".annotator .spark").bounding_box()
    assert strip
    screen.page.mouse.click(strip["x"] + 116 + (strip["width"] - 124) / 2, strip["y"] + 10)
    screen.wait_ready(NUMBERS_FRAMES // 2)


def test_proposed_end_is_ended_there_with_one_key(annotator: Annotator):
    (cup,) = annotator.put_tracks(track("cup", (0, BOX)))
    tell_uncertainty(annotator.page, {"track_id": cup, "segments": [], "ends_at": 30})
    annotator.open(30)
    annotator.page.locator(".annotator .ending", has_text=f"cup {cup}").wait_for()
    annotator.press("e")
    annotator.wait_boxes(30, lambda boxes: not boxes)
    assert [len(annotator.boxes(frame)) for frame in (29, 50)] == [1, 0]


def test_proposed_end_is_accepted_from_afar_by_its_button(annotator: Annotator):
    (cup,) = annotator.put_tracks(track("cup", (0, BOX)))
    tell_uncertainty(annotator.page, {"track_id": cup, "segments": [], "ends_at": 30})
    annotator.open(0)
    annotator.select(cup)
    annotator.page.get_by_role("button", name="Ends at 30? End it there").click()
    annotator.wait_boxes(30, lambda boxes: not boxes)
    assert len(annotator.boxes(29)) == 1


# Zoom


def zoom_in(screen: Annotator, at: tuple[float, float]) -> None:
    """Turn the wheel over a point of the frame until the picture is more than twice as large."""
    before = screen.frame_scale()
    screen.page.mouse.move(*screen.on_screen(at))
    screen.page.keyboard.down("Control")
    screen.page.mouse.wheel(0, -240)
    screen.page.keyboard.up("Control")
    screen.wait_scale_over(2 * before)


def test_wheel_zooms_around_the_pointer(screen: Annotator):
    before = screen.on_screen((400, 200))
    zoom_in(screen, (400, 200))
    after = screen.on_screen((400, 200))
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= 2


def test_box_drawn_zoomed_lands_on_the_pixels_aimed_at(screen: Annotator):
    zoom_in(screen, (400, 200))
    scale = screen.frame_scale()
    screen.draw_and_wait(0, 371, 183, 437, 231)
    (box,) = screen.boxes(0)
    off = [abs(a - b) for a, b in zip(box["box"], (371, 183, 437, 231), strict=True)]
    assert max(off) <= max(0.5, 1 / scale)


def test_box_moved_and_resized_zoomed_follows_the_pointer(screen: Annotator):
    screen.draw_and_wait(0, 371, 183, 437, 231)
    zoom_in(screen, (400, 200))
    screen.drag((404, 207), (414, 217))
    screen.wait_boxes(0, lambda boxes: near(boxes[0], 381, 193, 447, 241))
    screen.wait_ready(0)
    screen.drag((447, 241), (437, 251))
    screen.wait_boxes(0, lambda boxes: near(boxes[0], 381, 193, 437, 251))


def test_zoom_and_place_stay_when_the_frame_changes(screen: Annotator):
    zoom_in(screen, (400, 200))
    before = screen.on_screen((400, 200))
    screen.step("ArrowRight", 1)
    assert screen.on_screen((400, 200)) == before
    track_id = screen.draw_and_wait(1, 371, 183, 437, 231)
    assert [box["track_id"] for box in screen.boxes(1)] == [track_id]


def test_middle_button_and_alt_drag_move_the_picture_and_draw_nothing(screen: Annotator):
    zoom_in(screen, (400, 200))
    mouse, keyboard = screen.page.mouse, screen.page.keyboard
    for down, up in (
        (lambda: mouse.down(button="middle"), lambda: mouse.up(button="middle")),
        (lambda: (keyboard.down("Alt"), mouse.down()), lambda: (mouse.up(), keyboard.up("Alt"))),
    ):
        x, y = screen.on_screen((400, 200))
        mouse.move(x, y)
        down()
        mouse.move(x + 40, y + 20)
        up()
        screen.wait_moved((400, 200), (x + 40, y + 20))
    assert screen.boxes(0) == []


def test_zoom_keys_and_buttons(screen: Annotator):
    before = screen.frame_scale()
    screen.press("+")
    screen.wait_scale_over(before * 1.2)
    screen.press("-")
    screen.wait_scale(before)
    screen.press_button("Zoom in")
    screen.wait_scale_over(before * 1.2)
    screen.press("0")
    screen.wait_scale(before)


def test_zoom_to_the_selected_box(screen: Annotator):
    before = screen.frame_scale()
    screen.draw_and_wait(0, 371, 183, 437, 231)
    screen.press("z")
    screen.wait_scale_over(before * 3)


def test_zoomed_canvas_takes_no_click_beside_the_picture(screen: Annotator):
    zoom_in(screen, (400, 200))
    screen.press_button("Next frame (")
    screen.wait_ready(1)
    screen.page.get_by_label("New label").click()
    assert screen.boxes(1) == []


# Beyond the probable end of a track


def lose_from(page: Page, lost_from: int) -> None:
    """Stand in for tracking that lost every object before frame ``lost_from``."""

    def answer(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        for each in body["frames"]:
            for box in each["boxes"]:
                if each["frame"] >= lost_from and box["source"] in ("linear", "visual"):
                    box.update(source="linear", uncertainty=1, lost=True)
        route.fulfill(response=response, json=body)

    page.route("**/boxes?*", answer)


def test_lost_box_is_told_from_others_and_confirmed_with_one_key(annotator: Annotator):
    (cup,) = annotator.put_tracks(track("cup", (0, BOX)))
    lose_from(annotator.page, 30)
    row = annotator.page.locator(f".annotator .box[data-track='{cup}']")
    annotator.open(35)
    row.filter(has_text="lost").wait_for()
    annotator.go(29)
    row.filter(has_text="between").wait_for()
    annotator.go(35)
    annotator.select(cup)
    annotator.press("k")
    row.filter(has_text="key").wait_for()
    document = annotator.wait_document(lambda found: len(found["tracks"][0]["keyframes"]) == 2)
    confirmed = document["tracks"][0]["keyframes"][1]
    assert (confirmed["frame"], confirmed["source"]) == (35, "manual")
    assert near(confirmed, *BOX)
    annotator.press("k")
    row.filter(has_text="lost").wait_for()
    annotator.wait_document(lambda found: len(found["tracks"][0]["keyframes"]) == 1)

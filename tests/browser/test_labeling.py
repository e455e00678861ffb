"""The labelling screen in a real browser. The test video is 640x360, 60 frames."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, WebSocket, WebSocketRoute, expect

from tests.browser.annotator import Annotator, import_video, near, track
from tests.browser.conftest import NUMBERS_FRAMES
from tests.synthetic import make_video

pytestmark = pytest.mark.browser

DELAYS_MS = (0, 0, 20, 40, 80, 120, 160, 200, 250, 300)


def test_drawn_box_is_there_when_one_comes_back(screen: Annotator):
    track = screen.draw_and_wait(0, 100, 80, 220, 200)
    screen.step("ArrowRight", 1)
    screen.step("ArrowLeft", 0)
    screen.wait_listed(track)
    assert near(screen.boxes(0)[0], 100, 80, 220, 200)
    screen.wait_color(100, 90, 100, 190, color=screen.color_of("cup"))


def test_drawing_before_there_is_a_label_asks_for_one(
    page: Page, api: httpx.Client, tmp_path: Path
):
    path = make_video(tmp_path / "unnamed.mp4", 5, (320, 180))
    annotator = Annotator(page, api, import_video(api, path, []))
    page.goto(f"/labeling?video={annotator.video_id}")
    page.locator('.annotator[data-painted="0"]').wait_for()
    page.locator(".annotator .picture").click(position={"x": 200, "y": 150})
    assert "Add a label first" in annotator.toast()


def test_every_button_is_reached_without_a_mouse(screen: Annotator):
    page, focused = screen.page, ".annotator :focus-visible"
    screen.press("Tab")  # on this frame is no box to select, so the key is the browser's
    expect(page.locator(":focus")).not_to_have_count(0)
    screen.press("F6")
    expect(page.locator(focused)).to_have_attribute("title", 'New boxes are "cup"')
    screen.press("Tab")
    expect(page.locator(focused)).to_have_attribute("title", 'New boxes are "black cat"')
    screen.press("F6")
    expect(page.locator(focused)).to_have_attribute("title", "First frame (Home)")
    screen.press("F6")
    expect(page.locator(focused)).to_have_attribute("title", "Back to the videos")
    screen.press("Escape")
    expect(page.locator(focused)).to_have_count(0)


def test_draw_then_next_at_once_loses_none_and_misfiles_none(screen: Annotator):
    for frame, delay in enumerate(DELAYS_MS):
        screen.draw(20 + 50 * frame, 100, 60 + 50 * frame, 200)
        if delay:
            screen.page.wait_for_timeout(delay)
        screen.step("ArrowRight", frame + 1)
    last = len(DELAYS_MS) - 1
    screen.wait_boxes(last, lambda boxes: len(boxes) == len(DELAYS_MS))
    for frame in range(len(DELAYS_MS)):
        (new,) = [box for box in screen.boxes(frame) if box["source"] == "manual"]
        assert near(new, 20 + 50 * frame, 100, 60 + 50 * frame, 200)


def test_room_that_the_server_did_not_hear_of_is_told_again(annotator: Annotator):
    lost: list[str | bytes] = []

    def lose_the_first(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            if not lost and b"toldAt" in (
                message.encode() if isinstance(message, str) else message
            ):
                lost.append(message)
            else:
                server.send(message)

        socket.on_message(pass_on)

    annotator.page.route_web_socket("**/_stcore/stream", lose_the_first)
    annotator.open()
    assert lost


def test_news_that_the_browser_missed_come_again(annotator: Annotator):
    annotator.page.add_init_script(
        """addEventListener("tpod-feed", (event) => {
          if (window.missed || !event.detail.canvas) return
          window.missed = true
          event.stopImmediatePropagation()
        }, true)"""
    )
    annotator.open()
    assert annotator.page.evaluate("window.missed")


def test_reload_shows_the_same(screen: Annotator):
    track = screen.draw_and_wait(0, 100, 80, 220, 200)
    screen.step("Shift+ArrowRight", 10)
    screen.page.reload()
    screen.wait_ready(10)
    screen.wait_listed(track)


def test_key_frames_are_solid_and_derived_boxes_dashed(screen: Annotator):
    screen.draw_and_wait(0, 100, 80, 220, 200)
    color = screen.color_of("cup")
    side = 100, 90, 100, 190
    screen.wait_color(*side, color=color, least=0.99)
    screen.step("ArrowRight", 1)
    screen.wait_color(*side, color=color, least=0.3, most=0.9)
    screen.step("ArrowLeft", 0)
    screen.wait_color(*side, color=color, least=0.99)


def test_moving_a_derived_box_makes_a_key_frame_of_the_same_track(screen: Annotator):
    track = screen.draw_and_wait(0, 100, 80, 220, 200)
    screen.step("Shift+ArrowRight", 10)
    screen.drag((160, 140), (200, 160))
    (box,) = screen.wait_boxes(10, lambda boxes: boxes[0]["source"] == "manual")
    assert box["track_id"] == track
    assert near(box, 140, 100, 260, 220)
    assert near(screen.boxes(5)[0], 120, 90, 240, 210)


def test_corner_drag_changes_width_and_height_freely(screen: Annotator):
    screen.draw_and_wait(0, 100, 80, 220, 200)
    screen.step("ArrowRight", 1)
    screen.drag((220, 200), (320, 180))
    (box,) = screen.wait_boxes(1, lambda boxes: boxes[0]["source"] == "manual")
    assert near(box, 100, 80, 320, 180)


def test_box_just_drawn_can_be_moved_at_once(screen: Annotator):
    screen.draw(100, 80, 220, 200)
    screen.drag((160, 140), (200, 160))
    screen.wait_boxes(0, lambda boxes: len(boxes) == 1 and near(boxes[0], 140, 100, 260, 220))


def test_drag_beyond_the_border_ends_at_the_border(screen: Annotator):
    screen.drag((500, 200), (900, 500))
    screen.wait_boxes(0, lambda boxes: len(boxes) == 1 and near(boxes[0], 500, 200, 640, 360))
    assert screen.boxes(0)[0]["box"][2:] == [640, 360]


def test_click_draws_nothing(screen: Annotator):
    screen.click((300, 200))
    track = screen.draw_and_wait(0, 100, 80, 220, 200)
    assert [box["track_id"] for box in screen.boxes(0)] == [track]


def test_tiny_box_is_refused_with_a_word(screen: Annotator):
    screen.drag((300, 200), (380, 203))
    assert "at least 5 pixels" in screen.toast()
    track = screen.draw_and_wait(0, 100, 80, 220, 200)
    assert [box["track_id"] for box in screen.boxes(0)] == [track]


def test_number_key_labels_the_next_box(screen: Annotator):
    screen.press("2")
    screen.page.locator('.annotator .label.chosen:has-text("black cat")').wait_for()
    screen.wait_ready(0)
    screen.draw_and_wait(0, 100, 80, 220, 200)
    assert screen.boxes(0)[0]["label"] == "black cat"


def test_label_added_on_the_screen_labels_the_next_box(screen: Annotator):
    screen.page.get_by_label("New label").fill("blue bus")
    screen.page.get_by_label("New label").press("Enter")
    screen.page.locator('.annotator .label.chosen:has-text("blue bus")').wait_for()
    screen.wait_ready(0)
    screen.draw_and_wait(0, 100, 80, 220, 200)
    assert screen.boxes(0)[0]["label"] == "blue bus"


def test_relabel_holds_on_every_frame(screen: Annotator):
    track = screen.draw_and_wait(0, 100, 80, 220, 200)
    screen.select(track)
    screen.page.locator(".annotator .actions select").select_option("black cat")
    screen.wait_boxes(0, lambda boxes: boxes[0]["label"] == "black cat")
    assert screen.boxes(30)[0]["label"] == "black cat"


def test_delete_here_takes_the_box_from_this_frame_only(screen: Annotator):
    screen.draw_and_wait(0, 100, 80, 220, 200)
    screen.step("Shift+ArrowRight", 10)
    screen.press("Delete")
    screen.wait_boxes(10, lambda boxes: not boxes)
    assert [len(screen.boxes(frame)) for frame in (9, 11)] == [1, 1]


def test_delete_of_the_only_key_frame_asks_about_the_track(screen: Annotator):
    track = screen.draw_and_wait(0, 100, 80, 220, 200)
    screen.select(track)
    screen.press("Delete")
    confirmation = screen.page.locator(".annotator .confirm")
    confirmation.wait_for()
    assert len(screen.boxes(0)) == 1
    confirmation.get_by_role("button", name="Delete track").click()
    screen.wait_boxes(0, lambda boxes: not boxes)


def test_ended_track_is_gone_from_there_on(screen: Annotator):
    screen.draw_and_wait(0, 100, 80, 220, 200)
    screen.step("Shift+ArrowRight", 10)
    screen.press("e")
    screen.wait_boxes(10, lambda boxes: not boxes)
    assert [len(screen.boxes(frame)) for frame in (9, 40)] == [1, 0]


def test_undo_takes_the_last_step_back_and_redo_does_it_again(screen: Annotator):
    screen.draw_and_wait(0, 100, 80, 220, 200)
    screen.press("Control+z")
    screen.wait_boxes(0, lambda boxes: not boxes)
    screen.wait_ready(0)
    screen.press("Control+Shift+Z")
    screen.wait_boxes(0, lambda boxes: len(boxes) == 1)


def test_range_marked_on_the_screen_is_saved(screen: Annotator, api: httpx.Client):
    screen.page.get_by_label("From frame").fill("5")
    screen.page.get_by_label("To frame").fill("9")
    screen.page.get_by_role("button", name="Mark").click()
    screen.page.locator('.annotator .range:has-text("5 – 9")').wait_for()
    document = api.get(f"/videos/{screen.video_id}/annotations").json()
    assert document["ranges"] == [[5, 10]]


def test_edit_on_top_of_someone_elses_is_explained_and_overwrites_nothing(
    screen: Annotator, api: httpx.Client
):
    path = f"/videos/{screen.video_id}/annotations"
    revision = api.get(path).json()["revision"]
    theirs = {"op": "put_box", "frame": 0, "box": [300, 100, 400, 200], "label": "cup"}
    api.patch(path, json={"revision": revision, "ops": [theirs]}).raise_for_status()
    screen.draw(100, 80, 220, 200)
    assert "newest" in screen.toast()
    (kept,) = screen.boxes(0)
    assert kept["box"] == [300, 100, 400, 200]
    screen.wait_ready(0)
    screen.wait_listed(kept["track_id"])


def test_box_that_came_second_is_drawn_again_on_demand(screen: Annotator):
    screen.put_tracks(track("cup", (0, [300.0, 100.0, 400.0, 200.0])))
    screen.draw(100, 80, 220, 200)
    screen.page.locator(".annotator .toast").get_by_role("button", name="Do it again").click()
    theirs, again = screen.wait_boxes(0, lambda boxes: len(boxes) == 2)
    assert theirs["box"] == [300, 100, 400, 200]
    assert near(again, 100, 80, 220, 200)


def test_offer_stays_while_something_else_is_said(screen: Annotator):
    screen.put_tracks(track("cup", (0, [300.0, 100.0, 400.0, 200.0])))
    screen.draw(100, 80, 220, 200)
    offer = screen.page.locator(".annotator .toast").get_by_role("button", name="Do it again")
    offer.wait_for()
    screen.press("[")
    screen.page.locator(".annotator .toast", has_text="No key frame on that side").wait_for()
    offer.click()
    screen.wait_boxes(0, lambda boxes: len(boxes) == 2)


def test_held_key_shows_every_frame_and_the_canvas_follows(screen: Annotator):
    for _ in range(12):
        screen.page.keyboard.down("ArrowRight")
    screen.page.keyboard.up("ArrowRight")
    screen.wait_ready(12)
    track = screen.draw_and_wait(12, 100, 80, 220, 200)
    assert [box["track_id"] for box in screen.boxes(12)] == [track]
    assert screen.boxes(11) == []


def test_play_ends_on_the_frame_where_it_was_stopped(screen: Annotator):
    screen.press("Space")
    screen.wait_shown_from(5)
    screen.press("Space")
    stopped = screen.wait_ready_anywhere()
    assert stopped == screen.shown() >= 5
    track = screen.draw_and_wait(stopped, 100, 80, 220, 200)
    assert [box["track_id"] for box in screen.boxes(stopped)] == [track]
    assert screen.boxes(stopped - 1) == []


def test_timeline_click_goes_there(screen: Annotator):
    strip = screen.page.locator(".annotator .timeline").bounding_box()
    assert strip
    screen.page.mouse.click(strip["x"] + 116 + (strip["width"] - 124) / 2, strip["y"] + 10)
    screen.wait_ready(NUMBERS_FRAMES // 2)


def test_frame_that_does_not_exist_is_explained(screen: Annotator):
    field = screen.page.get_by_label("Frame", exact=True)
    field.fill("900")
    field.press("Enter")
    assert "0 to 59" in screen.toast()


def test_keys_are_letters_while_one_types(screen: Annotator):
    name = screen.page.get_by_label("New label")
    name.click()
    name.press_sequentially("dev 12")
    assert name.input_value() == "dev 12"
    screen.wait_ready(0)


def test_help_lists_the_keys(screen: Annotator):
    screen.press("?")
    screen.page.get_by_role("heading", name="Keys").wait_for()
    screen.press("Escape")
    screen.page.get_by_role("heading", name="Keys").wait_for(state="hidden")


def test_scripts_do_not_pass_through_the_websocket(annotator: Annotator):
    received: list[int] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: received.append(len(data)))

    annotator.page.on("websocket", listen)
    annotator.open()
    annotator.step("ArrowRight", 1)
    annotator.step("ArrowRight", 2)
    assert 0 < sum(received) < 30_000


def test_scripts_and_styles_come_from_the_network_once(screen: Annotator):
    screen.page.reload()
    screen.wait_ready(0)
    sizes: dict[str, int] = screen.page.evaluate(
        """() => Object.fromEntries(performance.getEntriesByType("resource")
          .filter(({ name }) => name.includes("/assets/"))
          .map(({ name, transferSize }) => [name.split("/").at(-1), transferSize]))"""
    )
    assert {"annotator.js", "annotator.css", "page.css", "api.js"} <= set(sizes)
    assert set(sizes.values()) == {0}, "a browser keeps what it has"

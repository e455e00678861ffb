"""Videos arrive by drag and drop, and every bad file gets a sentence."""

from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.live import Server
from tests.synthetic import make_video

pytestmark = pytest.mark.browser

DEADLINE_MS = 60_000


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "kitchen door.mp4", 48, (192, 96), 24)


def open_videos(page: Page) -> None:
    page.goto("/videos")
    expect(page.get_by_text("Drop videos here")).to_be_visible(timeout=DEADLINE_MS)


def card(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.locator(".tpod-card").filter(has_text=name)


def drop(page: Page, path: Path) -> None:
    """Drop a file on the field as a person does with the mouse."""
    transfer = page.evaluate_handle(
        """([name, bytes]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name));
            return transfer;
        }""",
        [path.name, list(path.read_bytes())],
    )
    page.locator(".uploader .zone").dispatch_event("drop", {"dataTransfer": transfer})


def test_dropped_video_becomes_a_card_with_picture_length_and_labels(
    page: Page, server: Server, clip: Path
) -> None:
    open_videos(page)
    drop(page, clip)
    expect(page.get_by_text("uploaded", exact=True)).to_be_visible(timeout=DEADLINE_MS)
    made = card(page, "kitchen door")
    expect(made.locator("img[src*=preview]")).to_be_visible(timeout=DEADLINE_MS)
    expect(made).to_contain_text("192×96 · 48 frames")
    expect(made).to_contain_text("0:02")
    stored = [path.read_bytes() for path in server.home.glob("videos/*/source-*.mp4")]
    assert stored.count(clip.read_bytes()) == 1
    page.get_by_role("button", name="Labels …").first.click()
    page.get_by_label("New labels").fill("cup, traffic light")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("traffic light", timeout=DEADLINE_MS)
    page.get_by_role("button", name="Done").click()
    expect(made).to_contain_text("traffic light", timeout=DEADLINE_MS)


def test_file_that_is_no_video_gets_a_sentence_and_no_card(page: Page, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear Sir, this is no film.\n" * 40)
    open_videos(page)
    page.locator(".uploader input").set_input_files(letter)
    row = page.locator(".uploader li.failed")
    expect(row).to_contain_text("not a video", timeout=DEADLINE_MS)
    expect(card(page, "letter")).to_have_count(0)
    row.get_by_role("button").click()
    expect(row).to_have_count(0)


def test_empty_file_gets_a_sentence_of_its_own(page: Page, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.mp4"
    nothing.write_bytes(b"")
    open_videos(page)
    page.locator(".uploader input").set_input_files(nothing)
    expect(page.locator(".uploader li.failed")).to_contain_text("The file is empty.")
    expect(card(page, "nothing")).to_have_count(0)


def test_upload_goes_on_where_the_connection_was_cut(page: Page, clip: Path) -> None:
    sent = break_first_patch(page, clip, arriving=clip.stat().st_size // 2)
    open_videos(page)
    page.locator(".uploader input").set_input_files(clip)
    expect(page.get_by_text("uploaded", exact=True)).to_be_visible(timeout=DEADLINE_MS)
    assert sent == [0, clip.stat().st_size // 2]


def test_upload_goes_on_when_its_file_is_chosen_again_after_a_reload(
    page: Page, server: Server, clip: Path
) -> None:
    sent = break_first_patch(page, clip, arriving=clip.stat().st_size // 2)
    with closing(server.api()) as client:
        before = client.get("/videos").json()["count"]
        leave_half_way(page, clip)
        open_videos(page)
        page.locator(".uploader input").set_input_files(clip)
        expect(page.get_by_text("uploaded", exact=True)).to_be_visible(timeout=DEADLINE_MS)
        assert client.get("/videos").json()["count"] == before + 1
    assert sent == [0, clip.stat().st_size // 2]


def test_upload_whose_last_answer_is_lost_has_arrived(
    page: Page, server: Server, clip: Path
) -> None:
    sent = break_first_patch(page, clip, arriving=clip.stat().st_size)
    upload_adds_one_video(page, server, clip)
    assert sent == [0]


@pytest.mark.parametrize("status", [500, 504])
def test_upload_whose_last_answer_was_an_error_stays(
    page: Page, server: Server, clip: Path, status: int
) -> None:
    """The server is still checking the file when the page asks again: 409, twice."""
    methods: list[str] = []

    def answer_badly(route: Route) -> None:
        method = route.request.method
        methods.append(method)
        if method == "PATCH":
            route.fetch()
            route.fulfill(status=status)
        elif method == "HEAD" and methods.count("HEAD") < 3:
            route.fulfill(status=409, headers={"Tus-Resumable": "1.0.0"})
        else:
            route.continue_()

    page.route("**/api/v1/uploads/**", answer_badly)
    deleted = watch_deletions(page)
    upload_adds_one_video(page, server, clip)
    assert methods == ["PATCH", "HEAD", "HEAD", "HEAD"]
    assert deleted == []


def test_refusal_of_what_the_server_has_deletes_nothing(page: Page, clip: Path) -> None:
    def refuse(route: Route) -> None:
        if route.request.method == "PATCH":
            route.fetch()
            route.fulfill(status=400)
        else:
            route.continue_()

    page.route("**/api/v1/uploads/**", refuse)
    deleted = watch_deletions(page)
    open_videos(page)
    with page.expect_response("**/api/v1/videos/*/status"):
        page.locator(".uploader input").set_input_files(clip)
    expect(page.locator(".uploader li.failed")).to_be_visible(timeout=DEADLINE_MS)
    page.wait_for_timeout(500)
    assert deleted == []


def test_upload_that_the_server_has_given_up_begins_again(
    page: Page, server: Server, clip: Path
) -> None:
    sent = break_first_patch(page, clip, arriving=clip.stat().st_size // 2)
    leave_half_way(page, clip)
    with closing(server.api()) as client:
        [half] = [v for v in client.get("/videos").json()["results"] if v["state"] == "uploading"]
        assert client.delete(f"/videos/{half['id']}").status_code == 204
    open_videos(page)
    page.locator(".uploader input").set_input_files(clip)
    expect(page.get_by_text("uploaded", exact=True)).to_be_visible(timeout=DEADLINE_MS)
    assert sent == [0, 0]


def upload_adds_one_video(page: Page, server: Server, clip: Path) -> None:
    with closing(server.api()) as client:
        before = client.get("/videos").json()["count"]
        open_videos(page)
        page.locator(".uploader input").set_input_files(clip)
        expect(page.get_by_text("uploaded", exact=True)).to_be_visible(timeout=DEADLINE_MS)
        assert client.get("/videos").json()["count"] == before + 1


def watch_deletions(page: Page) -> list[str]:
    """What the page asks to delete, in a list that grows."""
    deleted: list[str] = []
    page.on("request", lambda sent: sent.method == "DELETE" and deleted.append(sent.url))
    return deleted


def leave_half_way(page: Page, clip: Path) -> None:
    """Choose a file, and leave the page while its broken connection does not come back."""

    def break_head(route: Route) -> None:
        if route.request.method == "HEAD":
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route("**/api/v1/uploads/**", break_head)
    page.on("dialog", lambda dialog: dialog.accept())  # "Leave the page?"
    open_videos(page)
    page.locator(".uploader input").set_input_files(clip)
    expect(page.get_by_text("connection lost")).to_be_visible(timeout=DEADLINE_MS)
    page.goto("/jobs")
    page.unroute("**/api/v1/uploads/**", break_head)


def break_first_patch(page: Page, clip: Path, arriving: int) -> list[int]:
    """``arriving`` bytes of the first PATCH get through, then the line breaks; the rest passes.

    Returns: the offset of every PATCH, in a list that grows.
    """
    sent: list[int] = []

    def cut_once(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        sent.append(int(route.request.headers["upload-offset"]))
        if len(sent) > 1:
            route.continue_()
            return
        body = route.request.post_data_buffer or clip.read_bytes()
        route.fetch(post_data=body[:arriving])
        route.abort("connectionreset")

    page.route("**/api/v1/uploads/**", cut_once)
    return sent


def test_cancelled_upload_leaves_no_card(page: Page, server: Server, clip: Path) -> None:
    page.route("**/api/v1/uploads/**", lambda route: None)  # bytes that never arrive
    with closing(server.api()) as client:
        before = client.get("/videos").json()["count"]
    open_videos(page)
    with page.expect_request("**/api/v1/uploads/**"):
        page.locator(".uploader input").set_input_files(clip)
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        page.locator(".uploader li button").click()
    assert deleted.value.status == 204
    with closing(server.api()) as client:
        assert client.get("/videos").json()["count"] == before

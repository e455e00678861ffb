"""Through the door, as the first visitor and as everybody after."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live import Server, start_server, stop_server

pytestmark = pytest.mark.browser

DEADLINE_MS = 60_000
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An installation that nobody has set up."""
    running = start_server(tmp_path_factory.mktemp("untouched"), TPOD_ADMIN_USERNAME="")
    yield running
    stop_server(running)


def send(page: Page, username: str, password: str, button: str) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name=button).click()


def test_first_visitor_creates_the_administrator_who_lets_others_in(
    browser: Browser, untouched: Server
) -> None:
    chief = browser.new_page(base_url=untouched.url)
    chief.goto("/")
    expect(chief.get_by_text("Welcome to TPOD")).to_be_visible(timeout=DEADLINE_MS)
    send(chief, "chief", "short", "Create administrator")
    expect(chief.get_by_role("alert")).to_contain_text("at least 8", timeout=DEADLINE_MS)
    send(chief, "chief", PASSWORD, "Create administrator")
    expect(chief.get_by_text("Hello, chief")).to_be_visible(timeout=DEADLINE_MS)

    other = browser.new_page(base_url=untouched.url)
    other.goto("/")
    other.get_by_role("link", name="Ask for an account").click()
    expect(other.get_by_role("button", name="Create account")).to_be_visible(timeout=DEADLINE_MS)
    send(other, "ann", PASSWORD, "Create account")
    expect(other.get_by_text("no access yet")).to_be_visible(timeout=DEADLINE_MS)

    chief.goto("/admin")
    expect(chief.get_by_text("1 waiting for access")).to_be_visible(timeout=DEADLINE_MS)
    chief.get_by_role("combobox").first.click()  # Ann comes before Chief
    chief.get_by_role("option", name="user", exact=True).click()
    expect(chief.get_by_text("1 waiting for access")).to_have_count(0, timeout=DEADLINE_MS)
    # The page that waits goes on by itself.
    expect(other.get_by_text("Hello, ann")).to_be_visible(timeout=DEADLINE_MS)

    other.goto("/account")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("button", name="Sign in")).to_be_visible(timeout=DEADLINE_MS)
    send(other, "ann", "not the password", "Sign in")
    expect(other.get_by_role("alert")).to_contain_text("wrong", timeout=DEADLINE_MS)
    expect(other.get_by_label("User name")).to_have_value("ann")
    send(other, "ann", PASSWORD, "Sign in")
    expect(other.get_by_text("Hello, ann")).to_be_visible(timeout=DEADLINE_MS)
    other.close()
    chief.close()


def test_deep_link_survives_signing_in(browser: Browser, server: Server) -> None:
    page = browser.new_page(base_url=server.url)
    page.goto("/jobs?kind=import-video")
    send(page, server.username, server.password, "Sign in")
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible(timeout=DEADLINE_MS)
    assert page.url == f"{server.url}/jobs?kind=import-video"
    page.close()


def test_person_signed_out_elsewhere_is_led_back_to_their_page(
    browser: Browser, server: Server
) -> None:
    page = browser.new_page(base_url=server.url)
    page.goto("/account")
    send(page, server.username, server.password, "Sign in")
    create = page.get_by_role("button", name="Create token")
    expect(create).to_be_visible(timeout=DEADLINE_MS)
    assert page.request.post("/sign-out").ok  # another tab of this browser
    page.get_by_label("What is the token for?").fill("late")
    create.click()
    page.get_by_role("link", name="Sign in again").click(timeout=DEADLINE_MS)
    send(page, server.username, server.password, "Sign in")
    expect(create).to_be_visible(timeout=DEADLINE_MS)
    assert page.url == f"{server.url}/account"
    assert page.get_by_text("late").count() == 0
    page.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_stcore/stream"),
        ("PUT", "/_stcore/upload_file/session/file"),
        ("GET", "/media/0123.png"),
    ],
)
def test_streamlit_answers_no_stranger(server: Server, method: str, path: str) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    headers = upgrade if path.endswith("stream") else {}
    answer = httpx.request(method, f"{server.url}{path}", headers=headers)
    assert answer.status_code == 401


def test_no_screen_asks_the_internet_for_anything(page: Page, server: Server) -> None:
    """A team may sit behind a firewall; the app must be whole without the world."""
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    for path in ("/", "/videos", "/training_sets", "/detectors", "/jobs", "/account", "/admin"):
        page.goto(path)
        expect(page.locator("h1")).to_be_visible(timeout=DEADLINE_MS)
    strange = {url for url in asked if not re.match(f"(data|blob):|{re.escape(server.url)}/", url)}
    assert not strange


def test_screens_fit_a_small_window(page: Page) -> None:
    for path in ("/", "/videos", "/jobs", "/account", "/admin"):
        page.goto(path)
        expect(page.locator("h1")).to_be_visible(timeout=DEADLINE_MS)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, f"{path} is {wider} px wider than the window"


def test_running_app_believes_nothing_that_a_peer_on_its_host_says_of_others(
    untouched: Server,
) -> None:
    sent = {"username": "nobody", "password": "not the password"}
    with httpx.Client(base_url=f"{untouched.url}/api/v1", timeout=60) as peer:
        codes = [
            peer.post(
                "/auth/login", json=sent, headers={"X-Forwarded-For": f"1.2.3.{n}"}
            ).status_code
            for n in range(11)
        ]
        assert codes == [401] * 10 + [429]
        # A redirect shows which scheme the server believes.
        moved = peer.get("/healthz/", headers={"X-Forwarded-Proto": "https"})
        assert moved.status_code == 307 and moved.headers["location"].startswith("http://")

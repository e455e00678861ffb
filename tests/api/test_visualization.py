"""TensorBoard through the API's own door."""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from tests.conftest import Api, add_user
from tests.detectors import TINY, create_detector, work
from tpod_core.models import Role, TrainingSet, User
from tpod_core.tensorboard import TensorBoards
from tpod_core.tensorboard.pool import Address
from tpod_core.web import visualization

DEADLINE_S = 60


@pytest.fixture
def boards(monkeypatch: pytest.MonkeyPatch) -> Iterator[TensorBoards]:
    made = TensorBoards()
    monkeypatch.setattr(visualization, "get_tensorboards", lambda: made)
    yield made
    made.close()


@pytest.fixture
def path(
    owner: User, api: TestClient, boards: TensorBoards, training_set: TrainingSet, provider: object
) -> str:
    """Of the TensorBoard of a detector that was trained for three epochs."""
    detector = work(create_detector(owner, training_set))
    return f"/detectors/{detector.id}/visualization"


def curve(api: TestClient, path: str) -> list[tuple[int, float]]:
    """The scores of every epoch: TensorBoard reads the events in the background."""
    query = {"tag": "score/mAP50", "run": "training"}
    deadline = time.monotonic() + DEADLINE_S
    rows: list[Any] = []
    while len(rows) < TINY["epochs"]:
        assert time.monotonic() < deadline, f"only {rows} so far"
        answer = api.get(f"{path}/data/plugin/scalars/scalars", params=query)
        rows = answer.json() if answer.status_code == 200 else []
    return [(step, round(value, 4)) for _, step, value in rows]


@pytest.mark.slow
def test_page_and_curves_come_through(api: TestClient, path: str, boards: TensorBoards) -> None:
    page = api.get(f"{path}/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "<title>TensorBoard</title>" in page.text
    assert curve(api, path) == [(1, 0.1), (2, 0.2), (3, 0.3)]
    assert boards.count() == 1


@pytest.mark.slow
@pytest.mark.slow
def test_page_of_tensorboard_is_framed_by_no_other_site(api: TestClient, path: str) -> None:
    """Its own policy lets every site frame it; a browser obeys each of the two."""
    policies = api.get(f"{path}/").headers["Content-Security-Policy"].split(", ")
    assert len(policies) == 2
    assert "script-src 'self'" in policies[0]
    assert "frame-ancestors 'self'" in policies[1]


def test_what_tensorboard_asks_by_post_comes_through(api: TestClient, path: str) -> None:
    answer = api.post(
        f"{path}/data/plugin/timeseries/timeSeries",
        data={"requests": '[{"plugin": "scalars", "tag": "score/mAP50"}]'},
    )
    assert answer.status_code == 200
    assert answer.json()[0]["tag"] == "score/mAP50"


@pytest.mark.slow
def test_paths_stay_below_the_detector_s_own(api: TestClient, path: str) -> None:
    for outside in ("nothing/here", "%2e%2e/%2e%2e/data/runs", "//etc/passwd"):
        assert api.get(f"{path}/{outside}").status_code == 404


def test_address_without_its_slash_leads_to_the_page(api: TestClient, path: str) -> None:
    answer = api.get(path, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"].endswith(f"{path}/")


def test_others_find_nothing_and_strangers_sign_in_first(
    installation: Api, path: str, boards: TensorBoards
) -> None:
    add_user("stranger", Role.USER)
    for address in (f"{path}/", f"{path}/data/runs"):
        assert installation.client("stranger").get(address).status_code == 404
        assert installation.client().get(address).status_code == 401
        assert installation.client().post(address).status_code == 401
    assert boards.count() == 0, "nothing was started for them"


def test_post_from_another_site_is_refused(api: TestClient, path: str) -> None:
    answer = api.post(f"{path}/data/runs", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


class Board:
    """Stands where TensorBoard does, and remembers what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[httpx.Request] = []
        self.error: Exception | None = None
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        monkeypatch.setattr(visualization, "_client", lambda: client)
        address = Address("http://127.0.0.1:9/key/")
        monkeypatch.setattr(TensorBoards, "open", lambda boards, directory: address)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.error:
            raise self.error
        headers = {"set-cookie": "a=b", "etag": '"1"'}
        return httpx.Response(200, headers=headers, content=self._content())

    async def _content(self) -> AsyncIterator[bytes]:
        yield b"curves"


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    return Board(monkeypatch)


def test_cookie_and_token_stay_with_us(api: TestClient, path: str, board: Board) -> None:
    answer = api.get(f"{path}/data/runs?a=b%20c", headers={"Accept-Encoding": "gzip"})
    [asked] = board.asked
    assert str(asked.url) == "http://127.0.0.1:9/key/data/runs?a=b%20c"
    assert asked.headers["accept-encoding"] == "gzip"
    assert not {"cookie", "authorization"} & set(asked.headers)
    assert answer.headers["etag"] == '"1"'
    assert "set-cookie" not in answer.headers
    assert answer.content == b"curves"


def test_process_that_died_is_503_with_a_sentence(api: TestClient, path: str, board: Board) -> None:
    board.error = httpx.ConnectError("refused")
    answer = api.get(f"{path}/")
    assert answer.status_code == 503
    assert "Load the page again" in answer.json()["error"]["message"]

"""The long poll of a video's news: what it waits for, and what it costs."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any, TypeVar

import pytest
from sqlmodel import Session
from starlette.testclient import TestClient

from tests import statements
from tests.api.test_annotation_batches import put_box
from tests.api.test_annotations import error, patch, url
from tests.conftest import add_user
from tests.labelled import add_video
from tpod_core import db
from tpod_core.boxes_revision import bump_boxes_revision
from tpod_core.errors import NotFound, Unavailable
from tpod_core.models import Role, User, Video, saved_id
from tpod_core.services import annotations, labeling, videos
from tpod_core.services.annotations import MarkRange
from tpod_core.services.labeling import VideoNews
from tpod_core.web import change_feed
from tpod_core.web.change_feed import ChangeFeed, KnownRevisions, end_polls_on_signals

Result = TypeVar("Result")
DEADLINE_S = 20.0
NOW = VideoNews(0, 0, 100, {})
SEEN = KnownRevisions(0, 0)


@pytest.fixture
def video(admin: User) -> Video:
    return add_video(admin)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_feed, "INTERVAL_S", 0.01)


@pytest.fixture
def going_on() -> Iterator[None]:
    """After the test the process does not stop any more."""
    yield
    change_feed._stopping.clear()


def run(work: Callable[[ChangeFeed], Awaitable[Result]]) -> Result:
    """What ``work`` gives in an event loop of its own; fails rather than waits for ever."""

    async def main() -> Result:
        return await asyncio.wait_for(work(ChangeFeed()), DEADLINE_S)

    return asyncio.run(main())


def mark(user: User, video: Video) -> None:
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        annotations.apply_edits(session, user, row, [MarkRange(0, 5)], row.revision)


def find_boxes(user: User, video: Video) -> None:
    with db.transaction() as session:
        bump_boxes_revision(session, saved_id(video))


def come_in(user: User, video: Video) -> None:
    ann = add_user("ann", Role.ADMIN)
    with db.transaction() as session:
        labeling.note_presence(session, ann, session.get_one(Video, video.id), 0)


def import_more(user: User, video: Video) -> None:
    with db.transaction() as session:
        session.get_one(Video, video.id).frame_count += 10


async def waiting(feed: ChangeFeed, video: Video) -> "asyncio.Task[VideoNews]":
    """A request that is known to wait."""
    task = asyncio.ensure_future(feed.wait(saved_id(video), NOW, SEEN))
    while not feed._waiters:
        await asyncio.sleep(0)
    return task


def test_first_call_is_answered_at_once(api: TestClient, video: Video) -> None:
    patch(api, video, 0, put_box(3, label="cup"))
    news = api.get(url(video, "changes")).json()
    assert {name: news[name] for name in ("revision", "frames", "people")} == {
        "revision": 1,
        "frames": 100,
        "people": [],
    }
    assert news["boxes_revision"] >= 0


@pytest.mark.parametrize("known", [{"since": 0, "boxes_since": 0}, {"since": 0}], ids=str)
def test_what_is_news_already_is_answered_at_once(
    api: TestClient, video: Video, known: dict[str, int]
) -> None:
    patch(api, video, 0, put_box(3, label="cup"))
    assert api.get(url(video, "changes"), params=known).json()["revision"] == 1


@pytest.mark.parametrize(
    "act", [mark, find_boxes, come_in, import_more], ids=lambda act: act.__name__
)
def test_wait_ends_with_each_kind_of_news(
    admin: User, video: Video, act: Callable[[User, Video], None]
) -> None:
    async def work(feed: ChangeFeed) -> Any:
        task = await waiting(feed, video)
        await asyncio.to_thread(act, admin, video)
        return await task

    news = run(work)
    told = (news.revision, news.boxes_revision, news.frames, len(news.people))
    assert told != (0, 0, 100, 0)


def test_wait_without_news_ends_and_says_so(video: Video) -> None:
    news = run(lambda feed: feed.wait(saved_id(video), NOW, SEEN, wait_s=0.05))
    assert (news.revision, news.boxes_revision) == (0, 0)


def test_wait_for_a_video_that_is_deleted_ends(admin: User, video: Video) -> None:
    async def work(feed: ChangeFeed) -> None:
        task = await waiting(feed, video)
        with db.transaction() as session:
            videos.delete(session, session.get_one(Video, video.id))
        with pytest.raises(NotFound):
            await task

    run(work)


def test_database_that_cannot_be_asked_ends_the_wait(
    video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise Unavailable("The database cannot be reached right now.")

    async def work(feed: ChangeFeed) -> None:
        task = await waiting(feed, video)
        monkeypatch.setattr(labeling, "news_of_each", away)
        with pytest.raises(Unavailable):
            await task

    run(work)


def test_many_waiting_requests_share_one_query(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = [video, *(add_video(admin, f"Video {number}") for number in range(9))]
    looks: list[set[int]] = []
    ask = labeling.news_of_each

    def noted(session: Session, video_ids: Collection[int]) -> dict[int, VideoNews]:
        looks.append(set(video_ids))
        return ask(session, video_ids)

    async def work(feed: ChangeFeed) -> list[str]:
        tasks = [
            asyncio.ensure_future(feed.wait(saved_id(each), NOW, SEEN)) for each in watched * 2
        ]
        while len(feed._waiters) < len(tasks):
            await asyncio.sleep(0)
        monkeypatch.setattr(labeling, "news_of_each", noted)
        with statements.listed() as ran:
            while len(looks) < 3:
                await asyncio.sleep(0.005)
            monkeypatch.setattr(labeling, "news_of_each", ask)
        for task in tasks:
            task.cancel()
        return [statement for statement in ran if statement.startswith("SELECT")]

    asked = run(work)
    assert all(look == {saved_id(each) for each in watched} for look in looks)
    assert len(asked) <= len(looks) + 1


def test_nobody_waiting_asks_nothing(video: Video) -> None:
    async def work(feed: ChangeFeed) -> bool:
        await feed.wait(saved_id(video), NOW, SEEN, wait_s=0.05)
        while feed._task and not feed._task.done():
            await asyncio.sleep(0.005)
        return not feed._waiters

    assert run(work)


def test_signal_to_stop_ends_every_wait(video: Video, going_on: None) -> None:
    async def work(feed: ChangeFeed) -> VideoNews:
        task = await waiting(feed, video)
        change_feed._stopping.set()
        return await task

    assert run(work).revision == 0


def test_handler_of_a_signal_is_called_after_ours_and_comes_back(going_on: None) -> None:
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))
    try:
        with end_polls_on_signals():
            signal.raise_signal(signal.SIGTERM)
            assert (told, change_feed._stopping.is_set()) == ([signal.SIGTERM], True)
        signal.raise_signal(signal.SIGTERM)
        assert told == [signal.SIGTERM] * 2
    finally:
        signal.signal(signal.SIGTERM, before)


def test_one_is_not_told_of_oneself(api: TestClient, admin: User, video: Video) -> None:
    api.post(url(video, "presence"), json={"active_s": 0})
    come_in(admin, video)
    people = api.get(url(video, "changes")).json()["people"]
    assert [person["username"] for person in people] == ["ann"]


def test_video_that_is_not_there_is_not_found(api: TestClient, video: Video) -> None:
    assert error(api.get("/videos/4711/changes"), 404)["code"] == "not_found"


@pytest.mark.parametrize("known", [{"since": -1}, {"boxes_since": "x"}, {"since": 2**70}], ids=str)
def test_revision_that_is_none_is_refused(
    api: TestClient, video: Video, known: dict[str, Any]
) -> None:
    assert error(api.get(url(video, "changes"), params=known), 422)["field"] == next(iter(known))

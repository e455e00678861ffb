"""Attempts are counted in the database, exactly and for a while."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from tests.conftest import add_user
from tpod_core import attempts, sign_in_limits
from tpod_core.attempts import Limit, attempt, count
from tpod_core.db import execute_if_free, read_session, transaction
from tpod_core.errors import InvalidInput, TooManyAttempts, Unavailable
from tpod_core.models import Attempt, KnownClient, Role, User, utc_now
from tpod_core.sign_in_limits import Client

TWO = Limit("two", 2, timedelta(minutes=5))

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    began = utc_now()

    def move(after: timedelta) -> None:
        def moved() -> datetime:
            return began + after

        for module in (attempts, sign_in_limits):
            monkeypatch.setattr(module, "utc_now", moved)

    return move


def fail(*, on: str) -> None:
    with pytest.raises(InvalidInput), attempt(TWO.on(on)):
        raise InvalidInput("wrong")


def list_attempts() -> list[Attempt]:
    with read_session() as session:
        return list(session.exec(select(Attempt)))


def test_limit_refuses_one_subject_only() -> None:
    fail(on="ann")
    fail(on="ann")
    with pytest.raises(TooManyAttempts), attempt(TWO.on("ann")):
        pytest.fail("The attempt was made.")
    fail(on="bob")


def test_attempt_is_free_again_when_the_oldest_no_longer_counts(
    at: Callable[[timedelta], None],
) -> None:
    for minute in (0, 2):
        at(timedelta(minutes=minute))
        fail(on="ann")
    with pytest.raises(TooManyAttempts, match="in 3 minutes") as refused:
        fail(on="ann")
    assert refused.value.retry_after_s == 180
    at(timedelta(minutes=5))
    fail(on="ann")


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (90, "90 seconds"), (91, "2 minutes")]
)
def test_refusal_names_the_wait(at: Callable[[timedelta], None], seconds: int, words: str) -> None:
    at(timedelta())
    fail(on="ann")
    fail(on="ann")
    at(TWO.window - timedelta(seconds=seconds))
    with pytest.raises(TooManyAttempts, match=f"in {words}\\."):
        fail(on="ann")


def test_success_takes_back_what_the_first_counter_has() -> None:
    fail(on="ann")
    with attempt(TWO.on("ann"), TWO.on("everybody")):
        pass
    assert list_attempts() == []


def test_success_leaves_what_others_did_under_a_shared_limit() -> None:
    fail(on="everybody")
    with attempt(TWO.on("ann"), TWO.on("everybody")):
        pass
    assert len(list_attempts()) == 1


def test_what_could_not_be_carried_out_is_taken_back_alone() -> None:
    fail(on="ann")
    with pytest.raises(Unavailable), attempt(TWO.on("ann")):
        raise Unavailable("later")
    assert len(list_attempts()) == 1


def test_nobody_waits_while_an_attempt_is_made(member: User) -> None:
    with attempt(TWO.on("ann")):
        assert execute_if_free(Attempt.__table__.delete())  # type: ignore[attr-defined]


def test_refusing_takes_no_write_lock(member: User) -> None:
    count(TWO.on("ann"))
    count(TWO.on("ann"))
    with transaction() as session:
        session.get_one(User, member.id)  # the first statement takes the lock
        with pytest.raises(TooManyAttempts):
            count(TWO.on("ann"))


def test_old_attempts_are_removed(at: Callable[[timedelta], None]) -> None:
    at(timedelta())
    for number in range(20):
        fail(on=f"name {number}")
    at(TWO.window + timedelta(seconds=1))
    fail(on="ann")
    assert len(list_attempts()) == 1


def test_table_holds_no_name_and_no_address() -> None:
    fail(on="ann")
    assert "ann" not in list_attempts()[0].key


def list_known(user: User) -> list[KnownClient]:
    with read_session() as session:
        return list(session.exec(select(KnownClient).where(KnownClient.user_id == user.id)))


def remember(user: User, client: Client) -> str | None:
    with transaction() as session:
        return sign_in_limits.remember(session, user, client)


def test_programs_get_no_cookie_and_a_known_browser_keeps_its_own(member: User) -> None:
    assert remember(member, Client("1.1.1.1")) is None
    secret = remember(member, Client("1.1.1.1", ""))
    assert secret
    assert remember(member, Client("1.1.1.1", secret)) == secret
    assert len(list_known(member)) == 2


def test_known_clients_are_as_many_as_people_use(
    member: User, at: Callable[[timedelta], None]
) -> None:
    for number in range(60):
        at(timedelta(seconds=number))
        remember(member, Client(f"10.0.0.{number}"))
    kept = {row.key for row in list_known(member)}
    assert kept == {Client(f"10.0.0.{number}").place_key for number in range(10, 60)}


def test_known_client_is_forgotten_after_a_while(
    member: User, at: Callable[[timedelta], None]
) -> None:
    other = add_user("ann", Role.USER)
    at(timedelta())
    remember(member, Client("1.1.1.1"))
    remember(other, Client("1.1.1.1"))
    at(sign_in_limits.KNOWN_FOR + timedelta(seconds=1))
    with read_session() as session:
        counters = sign_in_limits.of_sign_in(session, "member", member, Client("1.1.1.1"))
    assert len(counters) == 3, "a stranger's"
    remember(member, Client("2.2.2.2"))
    assert [row.key for row in list_known(member)] == [Client("2.2.2.2").place_key]

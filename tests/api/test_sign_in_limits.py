"""The limits on guessing passwords, over HTTP: nobody guesses on, and nobody locks others out."""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient

from tests.conftest import PASSWORD, Api, add_user
from tpod_core import attempts, sign_in_limits
from tpod_core.config import get_settings
from tpod_core.models import Role, User, utc_now
from tpod_core.services import users

OFFICE = "198.51.100.7"
BROWSER = {"Origin": "http://testserver"}
ANSWERED_WITHIN_S = 60


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock of the limits on."""

    def move(by: timedelta) -> None:
        def moved() -> datetime:
            return utc_now() + by

        for module in (attempts, sign_in_limits):
            monkeypatch.setattr(module, "utc_now", moved)

    return move


def client_at(installation: Api, address: str = OFFICE, **headers: str) -> TestClient:
    url = "http://testserver/api/v1"
    return TestClient(installation.app, base_url=url, client=(address, 50_000), headers=headers)


def sign_in(client: TestClient, name: str = "member", password: str = PASSWORD) -> int:
    sent = {"username": name, "password": password}
    return client.post("/auth/login", json=sent).status_code


def guess(client: TestClient, name: str = "member", times: int = 10) -> list[int]:
    return [sign_in(client, name, f"wrong password {number}") for number in range(times)]


def test_of_forty_guesses_at_once_ten_are_verified(
    installation: Api, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = threading.Semaphore(0)
    others_answered = threading.Event()

    def slowly(password_hash: str | None, password: str) -> bool:
        verified.release()
        assert others_answered.wait(ANSWERED_WITHIN_S)
        return False

    monkeypatch.setattr(users, "password_matches", slowly)
    clients = [client_at(installation) for _ in range(40)]
    with ThreadPoolExecutor(len(clients)) as threads:
        guesses = {threads.submit(guess, client, times=1) for client in clients}
        answered = 0
        waiting = guesses
        while answered < 30:
            done, waiting = wait(waiting, ANSWERED_WITHIN_S, FIRST_COMPLETED)
            answered += len(done)
            if not done:
                break
        others_answered.set()
    codes = [each.result()[0] for each in guesses]
    assert (codes.count(401), codes.count(429)) == (10, 30)
    assert [verified.acquire(blocking=False) for _ in range(11)] == [True] * 10 + [False]


def test_refusal_says_in_how_many_seconds_to_try_again(
    installation: Api, member: User, later: Callable[[timedelta], None]
) -> None:
    client = client_at(installation)
    assert guess(client) == [401] * 10
    later(timedelta(minutes=4, seconds=10))
    refused = client.post("/auth/login", json={"username": "member", "password": PASSWORD})
    assert refused.status_code == 429
    assert 40 <= int(refused.headers["Retry-After"]) <= 50
    error = refused.json()["error"]
    assert error["code"] == "too_many_attempts"
    assert error["message"] == (
        f"Too many attempts. Try again in {refused.headers['Retry-After']} seconds."
    )
    later(timedelta(minutes=5))
    assert sign_in(client) == 200


def test_right_password_starts_the_count_anew(installation: Api, member: User) -> None:
    client = client_at(installation)
    for _ in range(2):
        assert guess(client, times=9) == [401] * 9
        assert sign_in(client) == 200


def test_guess_that_could_not_be_verified_does_not_count(
    installation: Api, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_at(installation)
    full = threading.BoundedSemaphore(1)
    full.acquire()
    with monkeypatch.context() as patch:
        patch.setattr("tpod_core.auth._admitted", full)
        assert guess(client, times=12) == [503] * 12
    assert sign_in(client) == 200


def test_name_that_nobody_has_is_limited_as_any_other(installation: Api, member: User) -> None:
    assert guess(client_at(installation), "nobody", 11) == [401] * 10 + [429]


# Nobody locks a colleague out.


def test_stranger_s_guesses_do_not_reach_a_colleague_elsewhere(
    installation: Api, member: User
) -> None:
    guess(client_at(installation, "203.0.113.9"), times=11)
    assert sign_in(client_at(installation)) == 200


def test_guesses_in_the_same_office_do_not_reach_a_browser_that_is_known(
    installation: Api, member: User
) -> None:
    browser = client_at(installation, **BROWSER)
    assert sign_in(browser) == 200
    assert browser.post("/auth/logout").status_code == 200
    assert guess(client_at(installation), times=11)[-1] == 429
    assert sign_in(client_at(installation, **BROWSER)) == 429
    assert sign_in(browser) == 200


def test_known_browser_has_ten_guesses_as_well(installation: Api, member: User) -> None:
    browser = client_at(installation, **BROWSER)
    sign_in(browser)
    assert guess(browser, times=11) == [401] * 10 + [429]
    assert sign_in(client_at(installation)) == 200


def test_browser_of_another_person_is_a_stranger_s(installation: Api, member: User) -> None:
    add_user("mallory", Role.USER)
    theirs = client_at(installation, "203.0.113.9", **BROWSER)
    sign_in(theirs, "mallory")
    guess(theirs, times=10)
    without_cookies = client_at(installation, "203.0.113.9", **BROWSER)
    assert sign_in(without_cookies) == 429


def test_cookie_that_somebody_made_up_makes_no_browser_known(
    installation: Api, member: User
) -> None:
    planted = BROWSER | {"Cookie": "tpod_browser=chosen-by-another"}
    assert sign_in(client_at(installation, **planted)) == 200
    guess(client_at(installation))
    assert sign_in(client_at(installation, **planted)) == 429


def test_hundred_failures_of_an_address_stop_strangers_but_not_those_who_work_there(
    installation: Api, member: User
) -> None:
    add_user("ann", Role.USER)
    assert sign_in(client_at(installation)) == 200
    stranger = client_at(installation)
    codes = [code for number in range(11) for code in guess(stranger, f"name {number}")]
    assert codes == [401] * 100 + [429] * 10
    assert sign_in(client_at(installation), "ann") == 429
    assert sign_in(client_at(installation)) == 200
    assert sign_in(client_at(installation, "203.0.113.9"), "ann") == 200


def test_guesses_from_many_addresses_become_slow_and_reach_no_known_address(
    installation: Api, member: User, later: Callable[[timedelta], None]
) -> None:
    assert sign_in(client_at(installation)) == 200
    addresses = (f"203.0.113.{number}" for number in range(1, 200))
    codes = [guess(client_at(installation, next(addresses)), times=1)[0] for _ in range(25)]
    assert codes == [401] * 20 + [429] * 5
    waited = timedelta()
    for seconds in (1, 2, 4, 8, 16, 32, 60, 60):
        waited += timedelta(seconds=seconds - 0.5)
        later(waited)
        assert guess(client_at(installation, next(addresses)), times=1) == [429]
        waited += timedelta(seconds=0.5)
        later(waited)
        assert guess(client_at(installation, next(addresses)), times=1) == [401]
    assert sign_in(client_at(installation)) == 200


def test_right_password_in_a_new_place_waits_at_most_a_minute(
    installation: Api, member: User, later: Callable[[timedelta], None]
) -> None:
    for number in range(1, 21):
        guess(client_at(installation, f"203.0.113.{number}"), times=1)
    assert sign_in(client_at(installation)) == 429
    later(timedelta(minutes=1))
    assert sign_in(client_at(installation)) == 200


def test_network_of_one_household_is_one_address(installation: Api, member: User) -> None:
    codes = [
        guess(client_at(installation, f"2001:db8:1:2::{number:x}"), times=1)[0]
        for number in range(11)
    ]
    assert codes == [401] * 10 + [429]
    assert guess(client_at(installation, "2001:db8:1:3::1"), times=1) == [401]


# Registering, and behind a proxy.


def test_registering_is_limited_per_address_and_in_total(
    installation: Api, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_in_all = replace(sign_in_limits._REGISTER, most=2)
    monkeypatch.setattr(sign_in_limits, "_REGISTER", two_in_all)
    one_each = replace(sign_in_limits._REGISTER_ADDRESS, most=1)
    monkeypatch.setattr(sign_in_limits, "_REGISTER_ADDRESS", one_each)

    def register(address: str, name: str) -> int:
        sent = {"username": name, "password": PASSWORD}
        client = client_at(installation, address)
        return client.post("/auth/register", json=sent).status_code

    assert [register(OFFICE, name) for name in ("ann", "bob")] == [201, 429]
    assert [register(f"203.0.113.{n}", f"person{n}") for n in (1, 2)] == [201, 429]


@pytest.mark.parametrize("peer", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_behind_a_trusted_proxy_a_stranger_s_failures_are_theirs_alone(
    installation: Api, member: User, monkeypatch: pytest.MonkeyPatch, peer: str
) -> None:
    monkeypatch.setenv("TPOD_TRUSTED_PROXIES", "127.0.0.1")
    get_settings.cache_clear()

    def behind(address: str) -> TestClient:
        return client_at(installation, peer, **{"X-Forwarded-For": f"10.9.9.9, {address}"})

    assert guess(behind("203.0.113.9"), times=11)[-1] == 429
    assert sign_in(behind(OFFICE)) == 200


def test_forged_address_of_an_untrusted_peer_makes_no_new_guesses(
    installation: Api, member: User
) -> None:
    codes = [
        guess(client_at(installation, "127.0.0.1", **{"X-Forwarded-For": f"1.2.3.{n}"}), times=1)[0]
        for n in range(11)
    ]
    assert codes == [401] * 10 + [429]


@pytest.mark.parametrize("peer", ["127.0.0.1", "203.0.113.9"])
def test_cookies_are_secure_where_a_trusted_proxy_took_https(
    installation: Api, member: User, monkeypatch: pytest.MonkeyPatch, peer: str
) -> None:
    monkeypatch.setenv("TPOD_TRUSTED_PROXIES", "127.0.0.1")
    get_settings.cache_clear()
    headers = {"X-Forwarded-Proto": "https", "Origin": "https://testserver"}
    client = client_at(installation, peer, **headers)
    sent = {"username": "member", "password": PASSWORD}
    cookies = client.post("/auth/login", json=sent).headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all(("Secure" in cookie) is (peer == "127.0.0.1") for cookie in cookies)

"""The limits on guessing passwords, and on registering.

Who guesses must be slowed down, but nobody must be able to lock a colleague out. So an attempt
counts differently by where it comes from. An address means its IPv4 address, or the /64 network of
its IPv6 address, of which one person has 2^64.

1. From a *known browser*, in which this person has signed in before (it has a cookie of its own,
   which outlives signing out): 10 wrong passwords in 5 minutes. Nothing that anybody does
   elsewhere counts here, so whoever has signed in somewhere before can always sign in there.
2. From a *known address*, from which this person has signed in before, in an unknown browser: 10
   wrong passwords in 5 minutes for this name from this address. A stranger in the same office can
   use them up, but the known browsers of the office (rule 1), and its other people, go on.
3. From *anywhere else*, the same 10, and moreover
   - 100 wrong passwords in 5 minutes from this address, whatever the names: one password is not
     tried on everybody;
   - 20 wrong passwords in an hour for this name, whatever the addresses; each further one waits
     longer, up to a minute. So a name can be guessed at some 80 times an hour from all the
     addresses of the world, and never stops being usable, even in a new browser at a new address.
4. At the form for a new password, which asks for the present one: 10 wrong ones in 5 minutes for
   this account. Only its own sessions reach the form.
5. Registering: 20 attempts an hour from an address and 200 in all, as each costs the processor the
   hash of a password.

Attempts are counted before the password is verified, and taken back if it is right (then rule 1 or
2 starts anew). A known client is forgotten after 90 days without a sign-in, or when 50 newer ones
are known. Source: OWASP, "Slow down online guessing attacks with device cookies".
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete
from sqlmodel import Session, col, select

from tpod_core.attempts import Counter, Limit
from tpod_core.auth import new_token
from tpod_core.models import KnownClient, User, saved_id, utc_now

KNOWN_FOR = timedelta(days=90)
_MAX_KNOWN = 50
_FIVE_MINUTES = timedelta(minutes=5)
_HOUR = timedelta(hours=1)
_BROWSER = Limit("browser", 10, _FIVE_MINUTES)
_NAME_AT_ADDRESS = Limit("name-at-address", 10, _FIVE_MINUTES)
_ADDRESS = Limit("address", 100, _FIVE_MINUTES)
_NAME = Limit("name", 20, _HOUR, longest_wait=timedelta(minutes=1))
_PRESENT_PASSWORD = Limit("present", 10, _FIVE_MINUTES)
_REGISTER_ADDRESS = Limit("register-here", 20, _HOUR)
_REGISTER = Limit("register", 200, _HOUR)
_NETWORK_BITS = 64


@dataclass(frozen=True)
class Client:
    """Where an attempt comes from.

    Attributes:
        address: as ``forwarded.client_address`` returns it.
        browser: the secret of the browser's own cookie, empty if it has none; ``None`` for a
            program, which keeps no cookies.
    """

    address: str
    browser: str | None = None

    @property
    def place(self) -> str:
        """The address, or the network of it that one person has."""
        try:
            address = ipaddress.ip_address(self.address)
        except ValueError:
            return self.address
        if address.version == 4:
            return str(address)
        return str(ipaddress.ip_network((address, _NETWORK_BITS), strict=False))

    @property
    def place_key(self) -> str:
        return f"address:{_digest(self.place)}"

    @property
    def browser_key(self) -> str | None:
        return f"browser:{_digest(self.browser)}" if self.browser else None


def of_sign_in(
    session: Session, name_key: str, user: User | None, client: Client
) -> tuple[Counter, ...]:
    """Returns the counters of an attempt to sign in (rules 1 to 3).

    Args:
        user: the person of that name, if there is one.
    """
    known = _known_keys(session, user, client)
    if client.browser and client.browser_key in known:
        return (_BROWSER.on(name_key, client.browser),)
    at_address = _NAME_AT_ADDRESS.on(name_key, client.place)
    if client.place_key in known:
        return (at_address,)
    return (at_address, _ADDRESS.on(client.place), _NAME.on(name_key))


def of_present_password(user: User) -> Counter:
    """Returns the counter of a change of a password (rule 4)."""
    return _PRESENT_PASSWORD.on(str(user.id))


def of_registering(client: Client) -> tuple[Counter, ...]:
    """Returns the counters of an attempt to register (rule 5)."""
    return (_REGISTER_ADDRESS.on(client.place), _REGISTER.on())


def remember(session: Session, user: User, client: Client) -> str | None:
    """Make ``client`` a known one of ``user``; returns the secret for the cookie of its browser.

    A browser that was unknown gets a new secret: somebody else may have chosen the one it sent.
    """
    session.get_one(User, user.id, with_for_update=True)  # one sign-in of a person at a time
    now = utc_now()
    session.execute(delete(KnownClient).where(_is_of(user), ~_is_recent(now)))
    known = {row.key: row for row in session.exec(select(KnownClient).where(_is_of(user)))}
    if client.browser is not None and client.browser_key not in known:
        client = Client(client.address, new_token())
    for key in (client.place_key, client.browser_key):
        if key is not None:
            row = known.setdefault(
                key, KnownClient(user_id=saved_id(user), key=key, last_used_at=now)
            )
            row.last_used_at = now
            session.add(row)
    for row in sorted(known.values(), key=lambda row: row.last_used_at)[:-_MAX_KNOWN]:
        session.delete(row)
    return client.browser


def _known_keys(session: Session, user: User | None, client: Client) -> set[str]:
    if user is None:
        return set()
    asked = (client.place_key, client.browser_key)
    query = select(KnownClient.key).where(
        _is_of(user), _is_recent(utc_now()), col(KnownClient.key).in_(asked)
    )
    return set(session.exec(query))


def _is_of(user: User) -> ColumnElement[bool]:
    return col(KnownClient.user_id) == user.id


def _is_recent(now: datetime) -> ColumnElement[bool]:
    return col(KnownClient.last_used_at) > now - KNOWN_FOR


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

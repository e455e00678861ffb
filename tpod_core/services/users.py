"""Accounts: registering, signing in, tokens, passwords and roles.

Hashing a password takes a tenth of a second or more. So what hashes has transactions of its own,
before and after: nobody else's save waits for it.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, update
from sqlmodel import Session, col, select

from tpod_core import sign_in_limits
from tpod_core.attempts import attempt
from tpod_core.auth import hash_password, new_token, password_matches, token_hash
from tpod_core.config import Settings, get_settings
from tpod_core.db import execute_if_free, find, read_session, transaction
from tpod_core.errors import CannotStart, Conflict, InvalidInput, NotFound, NotSignedIn
from tpod_core.events import log_after_commit
from tpod_core.listing import Listing, read_listing, search
from tpod_core.log import get_logger
from tpod_core.models import ApiToken, AuthSession, Role, User, saved_id, utc_now
from tpod_core.names import clean_name, clean_username, username_key
from tpod_core.passwords import require_acceptable

MAX_TOKEN_NAME_LENGTH = 100
_TOKEN_HINT_LENGTH = 6
_LAST_USED_PRECISION = timedelta(minutes=1)
_log = get_logger(__name__)


def has_any(session: Session) -> bool:
    """Whether the first administrator has been created."""
    return session.exec(select(User.id).limit(1)).first() is not None


def register(username: str, password: str) -> User:
    """Create an account. The first one of an installation becomes its administrator; every other
    has no access until an administrator grants a role."""
    return _add(username, password, may_be_later=True)


def create_first_administrator(username: str, password: str) -> User:
    """Create the first account. Raises: Conflict if there already is one."""
    return _add(username, password, may_be_later=False)


def ensure_first_administrator(settings: Settings) -> None:
    """Create the administrator that the settings name, if there is no account yet.

    Raises: CannotStart if the name or the password is not accepted.
    """
    if not settings.admin_username:
        return
    with read_session() as session:
        if has_any(session):
            return
    password = settings.admin_password.get_secret_value()
    try:
        create_first_administrator(settings.admin_username, password)
    except InvalidInput as error:
        name = "TPOD_ADMIN_PASSWORD" if error.field == "password" else "TPOD_ADMIN_USERNAME"
        raise CannotStart(f"{name} is not accepted. {error.message}") from None
    _log.info("created the administrator %s from the settings", settings.admin_username)


def _add(username: str, password: str, *, may_be_later: bool) -> User:
    name = clean_username(username)
    with read_session() as session:
        _role_of_next(session, name, may_be_later)  # refuses before the slow part
    require_acceptable(password, name)
    password_hash = hash_password(password)
    with transaction() as session:
        user = User(
            username=name,
            username_key=username_key(name),
            password_hash=password_hash,
            role=_role_of_next(session, name, may_be_later),
        )
        session.add(user)
        log_after_commit(session, "account created", name=name, role=user.role)
    return user


def _role_of_next(session: Session, name: str, may_be_later: bool) -> Role:
    """The role of the account to be created. Raises: Conflict, InvalidInput if it cannot be."""
    if not has_any(session):
        return Role.ADMIN
    if not may_be_later:
        raise Conflict("TPOD is already set up. Sign in, or ask an administrator for access.")
    if find_by_username(session, name):
        raise InvalidInput(f"The user name {name!r} is taken. Choose another.", "username")
    return Role.NONE


def find_by_username(session: Session, username: str) -> User | None:
    """Returns the account of this name, in any case and in any of Unicode's spellings.

    Names from before they were normalised may only differ by the spelling: then the exact one.
    """
    keys = (username.strip().casefold(), username_key(username))
    found = session.exec(select(User).where(col(User.username_key).in_(keys)))
    by_key = {user.username_key: user for user in found}
    return next((by_key[key] for key in keys if key in by_key), None)


def sign_in(username: str, password: str) -> tuple[User, str]:
    """Returns the user and the secret for the cookie.

    Raises: NotSignedIn, without telling whether the name or the password was wrong.
    """
    refusal = NotSignedIn("The user name or the password is wrong.")
    with read_session() as session:
        known = find_by_username(session, username)
    matches = password_matches(known.password_hash if known else None, password)
    if known is None or not matches:
        raise refusal
    with transaction() as session:
        # The account may have changed while the password was being verified.
        user = session.get(User, known.id, with_for_update=True)
        if user is None or not user.active or user.password_hash != known.password_hash:
            raise refusal
        return user, _open_session(session, user)


def _open_session(session: Session, user: User) -> str:
    """Sign ``user`` in; returns the secret for the cookie."""
    secret = new_token()
    expires_at = utc_now() + timedelta(days=get_settings().session_days)
    session.execute(delete(AuthSession).where(col(AuthSession.expires_at) < utc_now()))
    session.add(
        AuthSession(user_id=saved_id(user), token_hash=token_hash(secret), expires_at=expires_at)
    )
    return secret


def sign_out(session: Session, secret: str) -> None:
    """Delete a browser's session, if it still exists."""
    session.execute(delete(AuthSession).where(col(AuthSession.token_hash) == token_hash(secret)))


def find_by_session(session: Session, secret: str) -> User | None:
    """Returns the active user of an unexpired cookie."""
    query = (
        select(User)
        .join(AuthSession, col(AuthSession.user_id) == User.id)
        .where(
            AuthSession.token_hash == token_hash(secret), col(AuthSession.expires_at) > utc_now()
        )
    )
    user = session.exec(query).first()
    return user if user and user.active else None


def find_by_api_token(session: Session, token: str) -> tuple[User, ApiToken] | None:
    """Returns the active user of a personal token, and the token's row."""
    query = (
        select(User, ApiToken)
        .join(ApiToken, col(ApiToken.user_id) == User.id)
        .where(ApiToken.token_hash == token_hash(token), col(User.active))
    )
    return session.exec(query).first()


def user_of_token(token: str) -> User | None:
    """As ``find_by_api_token``; records the use at most once a minute, unless the database is
    busy: a request that only reads must neither wait for writers nor fail with them."""
    with read_session() as session:
        found = find_by_api_token(session, token)
    if found is None:
        return None
    user, row = found
    if row.last_used_at is None or utc_now() - row.last_used_at > _LAST_USED_PRECISION:
        execute_if_free(
            update(ApiToken).where(col(ApiToken.id) == row.id).values(last_used_at=utc_now())
        )
    return user


def create_token(session: Session, user: User, name: str) -> tuple[ApiToken, str]:
    """Create a personal token; returns its row and the secret, which is not stored.

    Raises: InvalidInput; NotSignedIn if ``user``'s password was changed, or their account
    deactivated, since ``user`` was read: the token would outlive what ended all others.
    """
    name = clean_name(name, "A token", MAX_TOKEN_NAME_LENGTH)
    now = session.get(User, user.id, with_for_update=True, populate_existing=True)
    if now is None or not now.active or now.password_hash != user.password_hash:
        raise NotSignedIn("You were signed out meanwhile. Sign in again.")
    secret = new_token()
    row = ApiToken(
        user_id=saved_id(user),
        name=name,
        token_hash=token_hash(secret),
        hint=secret[:_TOKEN_HINT_LENGTH],
    )
    session.add(row)
    session.flush()
    log_after_commit(session, "token created", token=row.id, name=name, owner=user.username)
    return row, secret


def list_tokens(session: Session, user: User) -> list[ApiToken]:
    query = select(ApiToken).where(ApiToken.user_id == user.id).order_by(col(ApiToken.id))
    return list(session.exec(query))


def delete_token(session: Session, user: User, token_id: int) -> None:
    row = find(session, ApiToken, token_id)
    if row is None or row.user_id != user.id:
        raise NotFound(f"There is no token {token_id}, or it is not yours.")
    session.delete(row)
    log_after_commit(session, "token deleted", token=row.id, name=row.name, owner=user.username)


def change_password(user: User, old: str, new: str) -> None:
    """Set a new password, sign the user out of every browser and delete their API tokens.

    Raises: TooManyAttempts, before the present password is checked; InvalidInput.
    """
    refusal = InvalidInput("The present password is wrong.", "old_password")
    with read_session() as session:
        known_hash = session.get_one(User, user.id).password_hash
    require_acceptable(new, user.username)
    with attempt(sign_in_limits.of_present_password(user)):
        if not password_matches(known_hash, old):
            raise refusal
    new_hash = hash_password(new)
    with transaction() as session:
        row = session.get_one(User, user.id, with_for_update=True)
        if row.password_hash != known_hash:
            raise refusal
        row.password_hash = new_hash
        _end_access(session, row)
        log_after_commit(session, "password changed", account=user.username)


def _end_access(session: Session, user: User) -> None:
    """Delete the sessions and the API tokens of ``user``."""
    for table in (AuthSession, ApiToken):
        session.execute(delete(table).where(col(table.user_id) == user.id))


def list_users(session: Session, name: str = "", *, offset: int = 0, limit: int) -> Listing[User]:
    """Returns a part of the users whose name contains ``name``; for administrators.

    Those who wait for access come first, then all by name.
    """
    query = search(select(User), username_key(name), col(User.username_key))
    in_order = query.order_by(~_waiting_for_access(), col(User.username_key))
    return read_listing(session, in_order, offset=offset, limit=limit)


def count_waiting(session: Session) -> int:
    """Returns the number of users who wait for access."""
    return session.exec(select(func.count()).select_from(User).where(_waiting_for_access())).one()


def _waiting_for_access() -> ColumnElement[bool]:
    return (col(User.role) == Role.NONE) & col(User.active)


def change_user(
    session: Session, user_id: int, role: Role | None = None, active: bool | None = None
) -> User:
    """Grant a role or (de)activate; deactivating also deletes the user's API tokens.

    Raises: NotFound; Conflict if no administrator would remain.
    """
    user = find(session, User, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}.")
    user.role = role if role is not None else user.role
    user.active = active if active is not None else user.active
    session.flush()
    if not user.active:
        _end_access(session, user)
    if _administrators(session) == 0:
        raise Conflict("This is the last administrator. Make someone else administrator first.")
    log_after_commit(
        session, "account changed", name=user.username, role=user.role, active=user.active
    )
    return user


def _administrators(session: Session) -> int:
    query = select(func.count()).where(User.role == Role.ADMIN, col(User.active))
    return session.exec(query).one()

"""Dependencies of the routes: the signed-in user, and the page of a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request
from pydantic import BaseModel
from sqlmodel import Session, col
from sqlmodel.sql.expression import SelectOfScalar

from tpod_core.auth import COOKIE_NAME
from tpod_core.db import read_session
from tpod_core.errors import InvalidInput, NotAllowed, NotSignedIn
from tpod_core.listing import read_listing, search
from tpod_core.log_context import set_user
from tpod_core.models import MAX_ROW_ID, Role, User
from tpod_core.services import users
from tpod_core.web import forwarded
from tpod_core.web.bodies import SearchText, Text
from tpod_core.web.openapi import signs_in

MAX_PAGE_SIZE = 1000
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Item = TypeVar("Item")
Row = TypeVar("Row")


@signs_in
def known_user(request: Request) -> User:
    """Returns the user of the Bearer token or session cookie, of any role."""
    with read_session() as session:
        return _find_user(session, request)


# The next two only check a value; as coroutines they need no thread of the pool.


async def signed_in_user(user: Annotated[User, Depends(known_user)]) -> User:
    """Returns the user. Raises: NotAllowed without a role."""
    return _require_access(user)


async def administrator(user: Annotated[User, Depends(signed_in_user)]) -> User:
    if user.role is not Role.ADMIN:
        raise NotAllowed("Only an administrator may do this.")
    return user


def signed_in_within(session: Session, request: Request) -> User:
    """As ``SignedIn``, for a frequently called route that has a thread and session of its own."""
    return _require_access(_find_user(session, request))


def _find_user(session: Session, request: Request) -> User:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    secret = request.cookies.get(COOKIE_NAME)
    user = None
    if scheme.lower() == "bearer" and token:
        user = users.user_of_token(token.strip())
    elif secret:
        require_same_origin(request)
        user = users.find_by_session(session, secret)
    if user is None:
        raise NotSignedIn("Sign in first, or send a valid token.")
    set_user(user.username)
    return user


def _require_access(user: User) -> User:
    if user.role is Role.NONE:
        raise NotAllowed("Your account has no access yet. Ask an administrator for a role.")
    return user


KnownUser = Annotated[User, Depends(known_user)]
SignedIn = Annotated[User, Depends(signed_in_user)]
Administrator = Annotated[User, Depends(administrator)]


def require_same_origin(request: Request) -> None:
    """Refuse a change that a page of another site sends with our cookie.

    Browsers send the origin of a request in ``Sec-Fetch-Site``, over plain HTTP only in
    ``Origin``; programs send neither. Source: OWASP's cheat sheet on cross-site request forgery.
    """
    if request.method in _SAFE_METHODS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        foreign = origin is not None and not _is_our_origin(request, origin)
    if foreign:
        raise NotAllowed("This request came from another site.")


def _is_our_origin(request: Request, origin: str) -> bool:
    # A proxy that is not named as trusted may take HTTPS and call us by HTTP, but not vice versa.
    parts = urlsplit(origin)
    schemes = ("https",) if forwarded.is_https(request.scope) else ("https", "http")
    return parts.scheme in schemes and parts.netloc == forwarded.host(request.scope)


class Page(BaseModel, Generic[Item]):
    """One page of a list; ``count`` is the length of the whole list."""

    count: int
    results: list[Item]


@dataclass(frozen=True)
class PageRequest:
    """``page`` counts from 1; ``ordering`` is a field name, with ``-`` for descending."""

    page: int
    page_size: int
    search: str
    ordering: str

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size

    def rows(
        self,
        session: Session,
        query: SelectOfScalar[Row],
        search_in: Any,
        orderings: dict[str, Any],
    ) -> tuple[int, Sequence[Row]]:
        """Returns the number of rows that match the search, and the rows of this page.

        Args:
            search_in: the text column or expression that is searched.
            orderings: the columns that ``ordering`` may name; the first is the default.
        """
        query = search(query, self.search, search_in)
        name = self.ordering.removeprefix("-") or next(iter(orderings))
        if name not in orderings:
            raise InvalidInput(
                f"Lists are ordered by {', '.join(orderings)}, not {name!r}.", "ordering"
            )
        descending = self.ordering.startswith("-") or not self.ordering
        column = col(orderings[name])
        # Rows that compare equal must have the same order on every page.
        table = query.column_descriptions[0]["entity"]
        ordered = query.order_by(column.desc() if descending else column.asc(), table.id)
        found = read_listing(session, ordered, offset=self.offset, limit=self.page_size)
        return found.count, found.rows


def page_request(
    page: Annotated[int, Query(ge=1, le=MAX_ROW_ID // MAX_PAGE_SIZE)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 100,
    search: Annotated[SearchText, Query()] = "",
    ordering: Text = "",
) -> PageRequest:
    return PageRequest(page, page_size, search, ordering)


Paging = Annotated[PageRequest, Depends(page_request)]

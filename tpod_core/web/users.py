"""Routes for accounts, for administrators."""

from fastapi import APIRouter
from pydantic import StrictBool

from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict
from tpod_core.models import Role
from tpod_core.services import users
from tpod_core.web.auth import UserBody
from tpod_core.web.bodies import Body
from tpod_core.web.dependencies import Administrator, Page, Paging
from tpod_core.web.openapi import may_raise

router = APIRouter(tags=["users"])


class UserChange(Body):
    role: Role | None = None
    active: StrictBool | None = None


@router.get("/users")
def list_users(_: Administrator, paging: Paging) -> Page[UserBody]:
    with read_session() as session:
        found = users.list_users(
            session, paging.search, offset=paging.offset, limit=paging.page_size
        )
    return Page(count=found.count, results=[UserBody.of(user) for user in found.rows])


@router.patch("/users/{user_id}")
@may_raise(Conflict)
def change_user(user_id: int, body: UserChange, _: Administrator) -> UserBody:
    """Grant a role, or deactivate an account."""
    with transaction() as session:
        return UserBody.of(users.change_user(session, user_id, body.role, body.active))

"""What Alembic runs: our tables as the target, the connection from ``upgrade``."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from sqlmodel import AutoString, SQLModel

import tpod_core.models  # noqa: F401 - fills the metadata
from tpod_core.db import make_engine
from tpod_core.models import UtcDateTime


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Plain column types: a migration must not change when ``models`` does."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    if isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


url = context.config.get_main_option("sqlalchemy.url")
connection = context.config.attributes.get("connection") or make_engine(url or "").connect()
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()

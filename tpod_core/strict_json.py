"""Models of JSON in which a number is a number and a flag is a flag."""

from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler

_COERCED = frozenset({"int", "float", "bool"})
"""Types for which Pydantic would otherwise take ``"5"`` for 5 and 1 for true."""


def _strict(part: Any) -> Any:
    if isinstance(part, list):
        return [_strict(each) for each in part]
    if isinstance(part, tuple):
        return tuple(_strict(each) for each in part)
    if not isinstance(part, dict):
        return part
    inside = {
        key: value if key in ("metadata", "serialization") else _strict(value)
        for key, value in part.items()
    }
    return inside | {"strict": True} if part.get("type") in _COERCED else inside


class StrictJson(BaseModel):
    """A model whose numbers and flags are never converted from another type, nor those in lists.

    Pydantic's own ``strict`` would also refuse what JSON can only write as a text or a list:
    choices and tuples.
    """

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> Any:
        return _strict(handler(source))

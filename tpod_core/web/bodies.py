"""What the bodies and the query parameters of all routes have in common."""

from typing import Annotated

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tpod_core.listing import MAX_SEARCH_LENGTH
from tpod_core.strict_json import StrictJson


class Body(StrictJson):
    """Refuses unknown keys, so that a misspelt key or a box's rotation is not lost silently."""

    model_config = ConfigDict(extra="forbid")


class Parameters(BaseModel):
    """Query parameters that belong together. As in ``Body``, unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


def _true_or_false(value: object) -> object:
    if value not in (True, False, "true", "false"):
        raise ValueError("This is either true or false")
    return value


Flag = Annotated[bool, BeforeValidator(_true_or_false)]
"""A flag among the query parameters. Pydantic alone would also take ``on``, ``y`` and others."""


def _storable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("A text cannot contain the character NUL or half of a surrogate pair")
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""Text that a database and UTF-8 can hold: JSON can name characters that neither has."""

SearchText = Annotated[str, Field(max_length=MAX_SEARCH_LENGTH), AfterValidator(_storable)]


async def refuse_unknown_query(request: Request) -> None:
    """Refuse query parameters that the route does not have, as ``Body`` refuses keys.

    Raises: RequestValidationError naming the first one.
    """
    route = request.scope["route"]
    if not request.query_params or "{path:path}" in route.path:  # which passes all of them on
        return
    parameters = get_flat_params(route.dependant)
    elsewhere = (params.Path, params.Header, params.Cookie)
    known = {each.alias for each in parameters if not isinstance(each.field_info, elsewhere)}
    for name in request.query_params:
        if name not in known:
            raise RequestValidationError(
                [{"loc": ("query", name), "msg": "There is no such parameter", "type": "extra"}]
            )

"""Builds the HTTP API and the routes that the app mounts."""

from fastapi import Depends, FastAPI
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from tpod_core import __version__
from tpod_core.errors import NotFound
from tpod_core.web import (
    annotations,
    auth,
    dashboard,
    detectors,
    findings,
    frames,
    inference,
    jobs,
    labeling,
    prelabels,
    scores,
    training_sets,
    tus,
    uploads,
    users,
    videos,
    visualization,
)
from tpod_core.web.api_docs import docs_endpoint
from tpod_core.web.bodies import refuse_unknown_query
from tpod_core.web.errors import error_response, install_error_handlers
from tpod_core.web.openapi import DocumentedApi
from tpod_core.web.request_body import RequestBody

API_PATH = "/api/v1"
ROUTERS = (
    auth,
    users,
    dashboard,
    videos,
    uploads,
    frames,
    inference,
    annotations,
    labeling,
    training_sets,
    tus,
    detectors,
    scores,
    findings,
    visualization,
    jobs,
    prelabels,
)


def create_api() -> FastAPI:
    """Create the API with every router, its OpenAPI document and its documentation pages."""
    api = DocumentedApi(
        title="TPOD",
        version=__version__,
        description="Videos in, object detectors out. Sign in with a cookie or a Bearer token.",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(refuse_unknown_query)],
    )
    install_error_handlers(api)
    api.add_middleware(RequestBody)
    for module in ROUTERS:
        api.include_router(module.router)
    api.add_route("/docs", docs_endpoint(api, API_PATH), include_in_schema=False)
    return api


def routes() -> list[BaseRoute]:
    """Returns the routes that the app mounts beside the screens."""
    # Streamlit answers unknown paths with its page, but a program needs a 404.
    return [Mount(API_PATH, app=create_api()), Mount("/api", app=_unknown)]


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    answer = error_response(404, NotFound.code, f"There is nothing at {scope['path']}.")
    await answer(scope, receive, send)

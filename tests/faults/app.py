"""A real ASGI server with only the app's lifespan, on any free port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from tpod_core.embedded import embedded_services, lifespan


@asynccontextmanager
async def services(app: Starlette) -> AsyncIterator[None]:
    async with embedded_services():
        yield


if __name__ == "__main__":
    lifespan.SUPERVISOR_MODULE = "tests.faults.supervisor"
    uvicorn.run(Starlette(lifespan=services), port=0, log_level="warning")

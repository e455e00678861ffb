"""TPOD in one process: the screens, the HTTP API, and the embedded services.

Started by ``streamlit run app.py``, which finds ``app`` below.
"""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from pages._shared.assets import assets_route
from pages._sign_in.gate import MIDDLEWARE
from pages._sign_in.page import sign_in_routes
from tpod_core.config import get_settings
from tpod_core.embedded import embedded_services
from tpod_core.jobs import Reconciler
from tpod_core.propagation.immediate_process import immediate_propagation
from tpod_core.services import users
from tpod_core.startup import start_or_exit, upgrade_database
from tpod_core.tensorboard import get_tensorboards
from tpod_core.video.server import get_frame_server
from tpod_core.web.app import routes
from tpod_core.web.change_feed import end_polls_on_signals
from tpod_core.web.connections import prepare_server
from tpod_core.web.upload_receiver import delete_abandoned_uploads

# Not in the lifespan, where Starlette answers an error with its traceback.
start_or_exit(
    upgrade_database,
    lambda: users.ensure_first_administrator(get_settings()),
    delete_abandoned_uploads,
)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Run the embedded services, and stop them at the end."""
    prepare_server()
    async with embedded_services():
        # Garbage collection blocks the interpreter. Everything loaded by now stays for good, so
        # it is frozen and not scanned at each collection.
        gc.collect()
        gc.freeze()
        try:
            with Reconciler(), immediate_propagation(), end_polls_on_signals():
                yield
        finally:
            get_tensorboards().close()
            get_frame_server().close()


app = st.App(
    "pages/main.py",
    routes=[assets_route(), *sign_in_routes(), *routes()],
    middleware=MIDDLEWARE,
    lifespan=lifespan,
)

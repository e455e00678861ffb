"""Counts, queues, disk space and versions of the installation."""

import platform
import shutil
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter
from pydantic import BaseModel

from tpod_core import __version__
from tpod_core.db import read_session
from tpod_core.services import overview
from tpod_core.storage import get_storage
from tpod_core.web.dependencies import SignedIn

router = APIRouter(tags=["dashboard"])

_SHOWN_PACKAGES = ("streamlit", "ultralytics", "torch", "opencv-python", "av", "rq")


class DiskBody(BaseModel):
    total_bytes: int
    free_bytes: int


class MetaBody(BaseModel):
    """``counts`` per kind of object, ``queues`` with the queued and running jobs of each queue,
    ``versions`` of the installed packages."""

    counts: dict[str, int]
    queues: dict[str, dict[str, int]]
    disk: DiskBody
    versions: dict[str, str]


@router.get("/dashboard/meta")
def meta(user: SignedIn) -> MetaBody:
    with read_session() as session:
        counts = overview.counts(session, user)
        queues = overview.queues(session)
    storage = get_storage()
    usage = shutil.disk_usage(storage.root)
    return MetaBody(
        counts=counts,
        queues=queues,
        disk=DiskBody(total_bytes=usage.total, free_bytes=storage.free_bytes()),
        versions={"tpod": __version__, "python": platform.python_version()}
        | {name: found for name in _SHOWN_PACKAGES if (found := _find_version(name))},
    )


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # a host used only for labelling
        return None

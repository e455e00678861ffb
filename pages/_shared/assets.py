"""The scripts and styles of the screens, served below ``/assets/<version>/``.

The version is a hash of all of them: another file makes another address, so a browser keeps
what it has for a year, and never mixes scripts of two releases.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_PAGES = Path(__file__).parents[1]
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_VERSION_DIGITS = 16
_ALWAYS = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    body: bytes
    media_type: str
    etag: str


@dataclass(frozen=True)
class Assets:
    """``files`` are all that is served, by their path below ``pages/``."""

    version: str
    files: Mapping[str, Asset]


@cache
def assets() -> Assets:
    """Read once: an upgrade on disk must not change what the running version serves."""
    return read_assets(_PAGES)


def read_assets(root: Path) -> Assets:
    """All scripts, styles and drawings below ``root``."""
    paths = sorted(path for path in root.rglob("*") if path.suffix in _MEDIA_TYPES)
    files = {path.relative_to(root).as_posix(): _read(path) for path in paths}
    contents = "\n".join(f"{name} {asset.etag}" for name, asset in files.items())
    return Assets(_digest(contents.encode()), files)


def asset_url(path: str) -> str:
    """The address of a file below ``pages/``, as ``"_labeling/annotator.js"``.

    Raises: KeyError if there is no such file.
    """
    known = assets()
    if path not in known.files:
        raise KeyError(path)
    return f"/assets/{known.version}/{path}"


def assets_route() -> Route:
    """Open to everybody: the sign-in screen needs styles too, and nothing here is secret."""
    return Route("/assets/{version}/{path:path}", _serve, methods=["GET"])


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, _MEDIA_TYPES[path.suffix], f'"{_digest(body)}"')


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:_VERSION_DIGITS]


async def _serve(request: Request) -> Response:
    known, path = assets(), request.path_params["path"]
    # Looked up, never opened: no path leads out of the folder.
    asset = known.files.get(path)
    if asset is None or request.path_params["version"] != known.version:
        return PlainTextResponse("There is no such file.", 404, {"Cache-Control": "no-store"})
    headers = {
        "Cache-Control": _ALWAYS,
        "ETag": asset.etag,
        "X-Content-Type-Options": "nosniff",
    }
    if asset.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers=headers, media_type=asset.media_type)

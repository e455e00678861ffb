"""The scripts and styles of the screens, served below ``/assets/<version>/``.

The version is a hash of all files, so a browser can cache them for a year and never mixes
scripts of two releases.
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
_IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    body: bytes
    media_type: str
    etag: str


@dataclass(frozen=True)
class Assets:
    """``files`` maps paths below ``pages/`` to the files served."""

    version: str
    files: Mapping[str, Asset]


@cache
def assets() -> Assets:
    """Returns the assets as read at first use: a later change on disk has no effect."""
    return read_assets(_PAGES)


def read_assets(root: Path) -> Assets:
    """Reads all scripts, styles and SVG images below ``root``."""
    paths = sorted(path for path in root.rglob("*") if path.suffix in _MEDIA_TYPES)
    files = {path.relative_to(root).as_posix(): _read(path) for path in paths}
    contents = "\n".join(f"{name} {asset.etag}" for name, asset in files.items())
    return Assets(_digest(contents.encode()), files)


def asset_url(path: str) -> str:
    """Returns the URL of a file below ``pages/``, such as ``"_labeling/annotator.js"``.

    Raises: KeyError if there is no such file.
    """
    served = assets()
    if path not in served.files:
        raise KeyError(path)
    return f"/assets/{served.version}/{path}"


def assets_route() -> Route:
    """The route of the assets. It is public: the sign-in screen needs styles too."""
    return Route("/assets/{version}/{path:path}", _serve, methods=["GET"])


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, _MEDIA_TYPES[path.suffix], f'"{_digest(body)}"')


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:_VERSION_DIGITS]


async def _serve(request: Request) -> Response:
    served, path = assets(), request.path_params["path"]
    # A dictionary lookup, not a file access: no path can leave the folder.
    asset = served.files.get(path)
    if asset is None or request.path_params["version"] != served.version:
        return PlainTextResponse("There is no such file.", 404, {"Cache-Control": "no-store"})
    headers = {
        "Cache-Control": _IMMUTABLE,
        "ETag": asset.etag,
        "X-Content-Type-Options": "nosniff",
    }
    if asset.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers=headers, media_type=asset.media_type)

"""Settings, read from ``TPOD_*`` environment variables. Nothing is built at import."""

import logging
import os
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network
_MAPPED_BITS = 96
"""The bits before the IPv4 address in ``::ffff:1.2.3.4``."""

PACKAGE_DIR = Path(__file__).resolve().parent

IS_INSTALLED = (PACKAGE_DIR / "application").is_dir()
"""Whether the package was installed from a wheel, and does not run in a clone."""

APP_DIR = PACKAGE_DIR / "application" if IS_INSTALLED else PACKAGE_DIR.parent
"""The directory of ``app.py``, ``pages`` and ``workers``, which must be on the import path: the
top of a clone, or the folder in which the wheel installs them (see pyproject.toml)."""

_PREFIX = "TPOD_"
SECRETS_DIR_VARIABLE = f"{_PREFIX}SECRETS_DIR"
SECRET_VARIABLES = frozenset(
    f"{_PREFIX}{name}" for name in ("ADMIN_PASSWORD", "DATABASE_URL", "REDIS_URL")
)
"""The variables of settings that are passwords or may contain one."""


def default_data_dir() -> Path:
    """Returns ``data`` in a clone, or the user's data directory if TPOD is installed.

    Source: XDG Base Directory Specification, which ignores a relative ``XDG_DATA_HOME``.
    """
    if not IS_INSTALLED:
        return APP_DIR / "data"
    data_home = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (data_home if data_home.is_absolute() else Path.home() / ".local" / "share") / "tpod"


def _network(text: str) -> Network:
    """Raises: ValueError with a sentence if it is no address and no network."""
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not an address such as 127.0.0.1 or a network such as 10.0.0.0/8"
        ) from None
    mapped = network.network_address.ipv4_mapped if network.version == 6 else None
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))


class Settings(BaseSettings):
    """All settings, frozen. The README describes every field (a test checks)."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="ignore")

    data_dir: Path = Field(
        default_factory=default_data_dir, description="Where everything is kept."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL; empty: a SQLite file in the data directory."
    )
    redis_url: str = Field(
        "", description="Redis URL of the job queues; empty: an embedded server."
    )
    secrets_dir: Path | None = Field(
        None, description="Directory of files, each named after a setting and holding its value."
    )
    weights_dir: Path | None = Field(
        None, description="Pretrained weights; empty: `weights` in the data directory."
    )
    weights_download: bool = Field(
        True, description="Whether missing pretrained weights may be downloaded."
    )
    tensorflow_python: Path | None = Field(
        None, description="Python of the environment with TensorFlow; empty: .venv-tensorflow."
    )
    admin_username: str = Field("", description="First administrator, for unattended start.")
    admin_password: SecretStr = Field(
        SecretStr(""), description="Password of the first administrator."
    )
    secure_cookies: bool = Field(
        False, description="Mark the sign-in cookie Secure (set it behind HTTPS)."
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of proxies whose X-Forwarded-* headers are believed.",
    )
    session_days: int = Field(14, ge=1, description="Days until a sign-in expires.")
    max_upload_bytes: int = Field(
        20 * 1024**3, ge=1, description="Largest video file accepted, in bytes."
    )
    max_frame_pixels: int = Field(
        8192 * 8192, ge=1, description="Largest frame accepted, width times height."
    )
    max_import_hours: float = Field(
        12, gt=0, description="Hours after which reading one uploaded video is given up."
    )
    max_image_bytes: int = Field(
        32 * 1024**2, ge=1, description="Largest image accepted for trying a detector, in bytes."
    )
    min_free_bytes: int = Field(
        512 * 1024**2, ge=0, description="Disk space that uploads and jobs leave free."
    )
    frame_cache_bytes: int = Field(
        64 * 1024**2, ge=0, description="Memory for encoded frames, in bytes."
    )
    default_workers: int = Field(
        3, ge=1, description="Embedded workers on the queue `default` (import, training sets)."
    )
    background_workers: int = Field(
        1, ge=1, description="Embedded workers on the queue `background` (tracks, review, export)."
    )
    low_workers: int | None = Field(
        None, ge=1, description="Embedded workers on the queue `low`; empty: one per GPU, else 1."
    )
    keep_jobs_days: int = Field(
        90, ge=1, description="Days after which ended jobs and their logs are cleared away."
    )
    log_level: str = Field("INFO", description="Level of the log on standard error.")

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _are_networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(_network(part.strip()) for part in value.split(",") if part.strip())

    @field_validator("log_level")
    @classmethod
    def _is_known_level(cls, level: str) -> str:
        if level.upper() not in logging.getLevelNamesMapping():
            raise ValueError("it is not a level such as DEBUG, INFO or WARNING")
        return level

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'tpod.sqlite3'}"

    @property
    def resolved_weights_dir(self) -> Path:
        return self.weights_dir or self.data_dir / "weights"

    @property
    def uses_embedded_redis(self) -> bool:
        return not self.redis_url


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Returns the process's settings, read once; tests call ``get_settings.cache_clear()``."""
    directory = os.environ.get(SECRETS_DIR_VARIABLE)
    return Settings(_secrets_dir=directory) if directory else Settings()


def variable_of(setting: str) -> str:
    """Returns the name of the environment variable of a setting."""
    return f"{_PREFIX}{setting.upper()}"


def forget_secrets() -> None:
    """Remove secrets from the environment, which every process that we start would inherit.

    ``get_settings()`` must have read them.
    """
    for variable in [name for name in os.environ if name.upper() in SECRET_VARIABLES]:
        del os.environ[variable]

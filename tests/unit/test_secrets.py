"""Secret settings: read from files or the environment, and inherited by no process."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_startup import refusal
from tpod_core.config import Settings, get_settings
from tpod_core.embedded.app_registry import worker_spec
from tpod_core.embedded.secret_files import hand_over_secrets, secret_files
from tpod_core.startup import start_or_exit

URL = "postgresql+psycopg://tpod:s3cret@host/tpod"


@pytest.fixture(autouse=True)
def environment(home: Path) -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    get_settings.cache_clear()


def test_setting_is_read_from_a_file_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "TPOD_DATABASE_URL").write_text(f"{URL}\n")
    os.environ["TPOD_SECRETS_DIR"] = str(tmp_path)
    get_settings.cache_clear()
    assert get_settings().database_url == URL


def test_missing_directory_of_secrets_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = refusal(monkeypatch, TPOD_SECRETS_DIR=str(tmp_path / "nothing"))
    assert f"The directory {tmp_path}/nothing cannot be read. Correct TPOD_SECRETS_DIR" in sentence


@pytest.mark.parametrize("name", ["TPOD_ADMIN_PASSWORD", "tpod_admin_password", "TPOD_REDIS_URL"])
def test_started_program_has_no_secret_to_pass_on(name: str) -> None:
    os.environ[name] = "redis://:s3cret@host"
    get_settings.cache_clear()
    start_or_exit()
    assert "s3cret" not in str(os.environ)
    settings = get_settings()
    assert "s3cret" in settings.redis_url + settings.admin_password.get_secret_value()


def test_workers_read_from_files_what_the_app_read_from_its_environment(home: Path) -> None:
    settings = Settings(database_url=URL, redis_url="", data_dir=home)
    hand_over_secrets(settings)
    assert "s3cret" not in str(worker_spec(settings))
    os.environ |= worker_spec(settings).environment
    get_settings.cache_clear()
    assert get_settings().database_url == URL
    assert [path.name for path in secret_files(settings)] == ["TPOD_DATABASE_URL"]
    assert secret_files(settings)[0].stat().st_mode & 0o777 == 0o600


def test_setting_that_is_gone_leaves_no_file(home: Path) -> None:
    hand_over_secrets(Settings(database_url=URL, data_dir=home))
    hand_over_secrets(Settings(data_dir=home))
    assert secret_files(get_settings()) == []


def test_workers_are_replaced_when_a_secret_changes_and_only_then(home: Path) -> None:
    specs = []
    for url in (URL, URL, f"{URL}2"):
        settings = Settings(database_url=url, data_dir=home)
        hand_over_secrets(settings)
        specs.append(worker_spec(settings))
    assert specs[0] == specs[1] != specs[2]

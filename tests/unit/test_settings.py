"""Settings: documented, frozen, read from the environment."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tpod_core.config import Settings

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_setting_is_documented_in_the_readme(name: str) -> None:
    assert f"`TPOD_{name.upper()}`" in README.read_text()


def test_readme_documents_no_setting_that_does_not_exist() -> None:
    import re

    documented = set(re.findall(r"`TPOD_([A-Z_]+)`", README.read_text())) - {"SHARED_DATA"}
    assert documented == {name.upper() for name in Settings.model_fields}


def test_settings_cannot_be_changed_after_start(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.session_days = 3  # type: ignore[misc]


def test_database_defaults_to_a_file_in_the_data_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TPOD_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("TPOD_DATABASE_URL", raising=False)
    assert Settings().resolved_database_url == f"sqlite:///{tmp_path}/tpod.sqlite3"


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().trusted_proxies == ()
    monkeypatch.setenv("TPOD_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,::ffff:1.2.3.0/120,::1,")
    named = [str(network) for network in Settings().trusted_proxies]
    assert named == ["127.0.0.1/32", "10.0.0.0/8", "1.2.3.0/24", "::1/128"]

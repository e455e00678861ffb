"""What other accounts of the host could read is taken from them, or the log says that it is not."""

import errno
import os
import stat
from pathlib import Path

import pytest

from tpod_core.private_files import make_private
from tpod_core.startup import start_or_exit, upgrade_database


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o777, 0o711], ids=oct)
def test_wider_rights_are_taken_away_with_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    tmp_path.chmod(mode)
    make_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert caplog.messages == [
        f"{tmp_path} was open to other accounts of this host; now it is its owner's"
    ]


def test_private_directory_needs_no_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tmp_path.chmod(0o700)
    make_private(tmp_path)
    make_private(tmp_path / "missing")
    assert caplog.messages == []


def test_directory_for_everybody_keeps_its_rights(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tmp_path.chmod(0o1777)
    make_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777
    assert "(it is a directory for everybody, such as /tmp)" in caplog.text


def test_directory_of_another_account_keeps_its_rights(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    make_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert "(it belongs to another account)" in caplog.text


def refuse(path: Path, mode: int) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path))


def ignore(path: Path, mode: int) -> None:
    """As a volume of Windows shares does."""


@pytest.mark.parametrize(
    ("chmod", "reason"),
    [
        pytest.param(refuse, "Operation not permitted", id="volume that refuses"),
        pytest.param(ignore, "its volume keeps no such rights", id="volume without rights"),
    ],
)
def test_directory_that_cannot_be_narrowed_starts_with_a_warning(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    chmod: object,
    reason: str,
) -> None:
    home.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", chmod)
    make_private(home)
    [message] = caplog.messages
    assert message.startswith(f"{home} stays open to other accounts of this host ({reason}).")
    start_or_exit(upgrade_database)


def test_start_makes_new_files_private(home: Path) -> None:
    previous = os.umask(0o022)
    try:
        start_or_exit()
        (home / "file").touch()
    finally:
        os.umask(previous)
    assert stat.S_IMODE((home / "file").stat().st_mode) == 0o600

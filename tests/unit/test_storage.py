"""Storage: contained, whole or not at all."""

import errno
import shutil
from pathlib import Path

import pytest

from tpod_core import storage as storage_module
from tpod_core.errors import InvalidInput, NotFound, StorageFull
from tpod_core.storage import Storage, sha256_of


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "a/../../b", ""])
def test_key_that_leaves_the_root_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidInput):
        Storage(tmp_path).path(key)


def test_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    with storage.writing("videos/1/source") as file:
        file.write(b"half")
        assert not storage.path("videos/1/source").exists()
    assert storage.path("videos/1/source").read_bytes() == b"half"


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.write("a/file", b"old")
    with pytest.raises(RuntimeError), storage.writing("a/file") as file:
        file.write(b"new")
        raise RuntimeError
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["file"]
    assert storage.path("a/file").read_bytes() == b"old"


def test_full_disk_is_told_in_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    with pytest.raises(StorageFull, match="disk is full"), storage.writing("a/file"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list((tmp_path / "a").iterdir()) == []


def test_directory_replaces_the_old_one_at_once(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.write("set/old.txt", b"1")
    with storage.making_directory("set") as directory:
        (directory / "new.txt").write_text("2")
        assert storage.path("set/old.txt").exists()
    assert [p.name for p in storage.path("set").iterdir()] == ["new.txt"]


def test_directory_is_there_whole_while_the_old_one_is_being_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(tmp_path)
    storage.write("set/old.txt", b"1")
    seen: list[list[str]] = []
    remove = shutil.rmtree

    def look_and_remove(path: Path, *, ignore_errors: bool) -> None:
        seen.append([p.name for p in tmp_path.glob("set/*")])
        remove(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", look_and_remove)
    with storage.making_directory("set") as directory:
        (directory / "new.txt").write_text("2")
    assert seen[0] == ["new.txt"]
    assert [p.name for p in tmp_path.rglob("*")] == ["set", "new.txt"]


def test_death_while_a_directory_is_replaced_leaves_the_old_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(tmp_path)
    storage.write("set/old.txt", b"1")

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    # Every step after which the process could die is one of these.
    monkeypatch.setattr(Path, "replace", die)
    monkeypatch.setattr(shutil, "rmtree", die)
    with pytest.raises(SystemExit), storage.making_directory("set") as directory:
        (directory / "new.txt").write_text("2")
    assert [p.name for p in storage.path("set").iterdir()] == ["new.txt"]


def test_directory_is_replaced_where_the_system_cannot_exchange_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_module, "_exchange", lambda *_: False)
    storage = Storage(tmp_path)
    for name in ("old.txt", "new.txt"):
        with storage.making_directory("set") as directory:
            (directory / name).write_text("1")
    assert [p.name for p in tmp_path.rglob("*")] == ["set", "new.txt"]


def test_failed_directory_keeps_the_old_one(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.write("set/old.txt", b"1")
    with pytest.raises(RuntimeError), storage.making_directory("set"):
        raise RuntimeError
    assert [p.name for p in tmp_path.rglob("*")] == ["set", "old.txt"]


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"gone\.mp4"):
        Storage(tmp_path).existing("videos/1/gone.mp4")


def test_reserve_is_never_promised(tmp_path: Path) -> None:
    storage = Storage(tmp_path, min_free_bytes=10**18)
    assert storage.free_bytes() == 0
    with pytest.raises(StorageFull, match=r"nearly full: 2\.5 GB are needed, 0 Bytes are free"):
        storage.require_free(2_500_000_000)


def test_sha256_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    # FIPS 180-4, example for the one-block message "abc".
    assert sha256_of(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )

"""Zips that are sent while they are made."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tpod_core.archive import Entry, files_below, stream_zip

MB = 1024**2


def test_stream_zip_holds_files_and_bytes_under_its_root(tmp_path: Path) -> None:
    picture = tmp_path / "one.jpg"
    picture.write_bytes(b"\xff\xd8 picture")
    entries: list[Entry] = [("images/Straße 猫.jpg", picture), ("labels.txt", b"cup\n")]
    with zipfile.ZipFile(io.BytesIO(b"".join(stream_zip(entries, "set")))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "set/images/Straße 猫.jpg": b"\xff\xd8 picture",
            "set/labels.txt": b"cup\n",
        }


def test_stream_zip_asks_for_an_entry_when_the_one_before_has_been_taken() -> None:
    asked: list[int] = []

    def entries() -> Iterator[Entry]:
        for number in range(3):
            asked.append(number)
            yield f"{number}.txt", bytes(10)

    pieces = stream_zip(entries(), "set")
    next(pieces)
    assert asked == [0]
    next(pieces)
    assert asked == [0, 1]


def test_stream_zip_holds_one_entry_at_a_time() -> None:
    entries = ((f"{number}.bin", bytes(MB)) for number in range(24))
    tracemalloc.start()
    sent_bytes = sum(len(piece) for piece in stream_zip(entries, "set"))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sent_bytes > 24 * MB
    assert peak_bytes < 6 * MB


def test_stream_zip_lets_go_of_its_entries_when_the_client_leaves() -> None:
    let_go: list[bool] = []

    def entries() -> Iterator[Entry]:
        try:
            while True:
                yield "a.txt", b"a"
        finally:
            let_go.append(True)

    pieces = stream_zip(entries(), "set")
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert let_go == [True]


def test_files_below_are_named_by_their_path_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/two.txt", "a.txt"):
        (tmp_path / name).write_text(name)
    assert list(files_below(tmp_path)) == [
        ("a.txt", tmp_path / "a.txt"),
        ("b/two.txt", tmp_path / "b" / "two.txt"),
    ]

"""Reads one file of a multipart request as it arrives.

Starlette's form parser first writes the whole file to the system's temporary directory. This one
yields each piece as it arrives, so memory stays flat and the disk is written once.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tpod_core.errors import InvalidInput


class FileField:
    """The pieces of the form field ``file``; ``filename`` is known after the first piece.

    Source: RFC 7578 for the form, python-multipart's callbacks for the parsing.
    """

    def __init__(self, request: Request, name: str = "file") -> None:
        kind, options = parse_options_header(request.headers.get("Content-Type", ""))
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise InvalidInput(
                "Send the file as multipart/form-data in a field named 'file'.", name
            )
        self.filename: str | None = None
        self._request = request
        self._name = name.encode()
        self._pieces: list[bytes] = []
        self._header_name = self._header_value = b""
        self._in_file = self._ended = False
        with _refused():
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_part_begin": self._on_part_begin,
                    "on_part_data": self._on_part_data,
                    "on_end": self._on_end,
                },
            )

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the file's content in order.

        Raises: InvalidInput if there is no such field or the form is incomplete,
            ClientDisconnect if the client disconnects.
        """
        async for chunk in self._request.stream():
            with _refused():
                self._parser.write(chunk)
            arrived, self._pieces = self._pieces, []
            for piece in arrived:
                yield piece
        if not self._ended:
            raise InvalidInput("The upload broke off before its end. Upload the file again.")
        if self.filename is None:
            raise InvalidInput("The form has no file in a field named 'file'.", "file")

    def _on_part_begin(self) -> None:
        self._in_file = False

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            _, options = parse_options_header(self._header_value)
            if options.get(b"name") == self._name and self.filename is None:
                self.filename = options.get(b"filename", b"").decode("utf-8", "replace")
                self._in_file = True
        self._header_name = self._header_value = b""

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._pieces.append(data[start:end])

    def _on_end(self) -> None:
        self._ended = True


@contextmanager
def _refused() -> Iterator[None]:
    """Raises: InvalidInput if the form is none, or if its boundary is too long."""
    try:
        yield
    except FormParserError as error:
        raise InvalidInput("The request is not a form with a file.", "file") from error

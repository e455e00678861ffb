"""Texts for the options of a field."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar


class _Row(Protocol):
    id: int | None


RowT = TypeVar("RowT", bound=_Row)


def distinct(rows: Sequence[RowT], text: Callable[[RowT], str]) -> Callable[[RowT], str]:
    """Returns ``text``, with the id of the row added where several rows have the same text.

    Streamlit's fields identify an option by its text: of two equal ones they return the last,
    whichever was chosen.
    """
    counts = Counter(text(row) for row in rows)

    def distinct_text(row: RowT) -> str:
        shown = text(row)
        return shown if counts[shown] == 1 else f"{shown} (no. {row.id})"

    return distinct_text

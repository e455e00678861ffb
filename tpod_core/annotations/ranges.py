"""Sets of frames as half-open ranges ``start <= frame < stop``, sorted, apart, never empty."""

from collections.abc import Iterable

Range = tuple[int, int]


def union(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """One range for each run of frames; ranges that touch become one."""
    merged: list[Range] = []
    for start, stop in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        elif start < stop:
            merged.append((start, stop))
    return tuple(merged)


def without(ranges: Iterable[Range], start: int, stop: int) -> tuple[Range, ...]:
    """``ranges`` less the frames from ``start`` to ``stop``."""
    pieces = [
        piece
        for first, end in ranges
        for piece in ((first, min(end, start)), (max(first, stop), end))
    ]
    return union(piece for piece in pieces if piece[0] < piece[1])


def minus(ranges: Iterable[Range], others: Iterable[Range]) -> tuple[Range, ...]:
    """``ranges`` less the frames of all ``others``."""
    left = union(ranges)
    for start, stop in others:
        left = without(left, start, stop)
    return left


def overlap(ranges: Iterable[Range], others: Iterable[Range]) -> bool:
    """Whether any frame is in both."""
    wanted = union(ranges)
    return minus(wanted, others) != wanted

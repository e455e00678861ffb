"""Sets of frames as half-open ranges ``start <= frame < stop``: sorted, disjoint, not empty."""

from collections.abc import Iterable

Range = tuple[int, int]


def union(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Merges ranges that overlap or touch."""
    merged: list[Range] = []
    for start, stop in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        elif start < stop:
            merged.append((start, stop))
    return tuple(merged)


def without(ranges: Iterable[Range], start: int, stop: int) -> tuple[Range, ...]:
    """Removes the frames ``start <= frame < stop`` from ``ranges``."""
    pieces = [
        piece
        for first, end in ranges
        for piece in ((first, min(end, start)), (max(first, stop), end))
    ]
    return union(piece for piece in pieces if piece[0] < piece[1])


def minus(ranges: Iterable[Range], others: Iterable[Range]) -> tuple[Range, ...]:
    """Removes the frames of all ``others`` from ``ranges``."""
    left = union(ranges)
    for start, stop in others:
        left = without(left, start, stop)
    return left


def overlap(ranges: Iterable[Range], others: Iterable[Range]) -> bool:
    """Whether any frame is in both."""
    merged = union(ranges)
    return minus(merged, others) != merged

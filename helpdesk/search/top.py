"""Sums by document number, and the best of them, without sorting what nobody asked for. Pure.

Numbers are grouped in blocks of 256. The maximum of each block is found in one pass; as many blocks as results are
wanted reach the lowest of their own maxima, so nothing below it can be among the best, and few blocks are looked into.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

BLOCK = 256
NEAR = 32 * BLOCK
"""Places that are cleared and looked through rather than left out: that takes less time than another range."""

Sums = NDArray[np.float32]
Places = NDArray[np.intp]

_threads = threading.local()


def aligned(size: int) -> int:
    """`size` rounded up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


def sums_of_this_thread(size: int) -> Sums:
    """At least `size` sums (whole blocks) that no other thread writes to. What they hold is left from before."""
    held: Sums | None = getattr(_threads, "sums", None)
    if held is None or len(held) < size:
        held = np.empty(aligned(size), np.float32)
        _threads.sums = held
    return held


@contextmanager
def slots_of_this_thread(size: int, places: Places) -> Iterator[NDArray[np.uint16]]:
    """For each of `size` places, which of `places` it is, counted from 1; 0 for all others. At most 65 535."""
    held: NDArray[np.uint16] | None = getattr(_threads, "slots", None)
    if held is None or len(held) < size:
        held = _threads.slots = np.zeros(size, np.uint16)
    held[places] = np.arange(1, len(places) + 1)
    try:
        yield held
    finally:
        held[places] = 0


def whole_blocks(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The blocks around some ranges in ascending order; those that nearly touch become one."""
    found: list[tuple[int, int]] = []
    for start, end in ranges:
        start, end = start // BLOCK * BLOCK, aligned(end)
        if found and start <= found[-1][1] + NEAR:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def best(sums: Sums, ranges: Sequence[tuple[int, int]], limit: int) -> Places:
    """The places of the `limit` highest sums above 0 within `ranges` (of whole blocks), highest first.

    Of equal sums the lower place comes first.
    """
    if limit < 1 or not ranges:
        return np.empty(0, np.intp)
    places, values = candidates(sums, ranges, limit)
    if len(places) > limit:
        places, values = _cut(places, values, limit)
    return places[np.lexsort((places, -values))]


def candidates(sums: Sums, ranges: Sequence[tuple[int, int]], limit: int) -> tuple[Places, Sums]:
    """The few places (ascending) that can be among the `limit` best, and their sums."""
    blocks = sums[: len(sums) // BLOCK * BLOCK].reshape(-1, BLOCK)
    spans = [(start // BLOCK, end // BLOCK) for start, end in ranges]
    maxima = np.concatenate([blocks[start:end].max(axis=1) for start, end in spans])
    numbers = np.concatenate([np.arange(start, end) for start, end in spans])
    lowest = np.float32(0)
    if len(maxima) >= limit:  # with just as many blocks as results the bound holds too
        lowest = np.partition(maxima, len(maxima) - limit)[len(maxima) - limit]
    wanted = maxima >= lowest if lowest > 0 else maxima > 0
    numbers = numbers[wanted]
    values = blocks[numbers].ravel()
    kept = np.flatnonzero(values >= lowest) if lowest > 0 else np.flatnonzero(values > 0)
    return numbers[kept // BLOCK] * BLOCK + kept % BLOCK, values[kept]


def _cut(places: Places, values: Sums, limit: int) -> tuple[Places, Sums]:
    """Exactly `limit` of them: all above the last value, and of those equal to it the lowest places."""
    last = np.partition(values, len(values) - limit)[len(values) - limit]
    above = np.flatnonzero(values > last)
    equal = np.flatnonzero(values == last)[: limit - len(above)]
    kept = np.concatenate([above, equal])
    return places[kept], values[kept]

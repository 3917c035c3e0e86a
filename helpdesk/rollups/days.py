"""The clocks of a day packed and unpacked, and what many of them come to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STORED = np.dtype("<u4")
LONGEST = 2**32 - 1

Times = NDArray[np.uint32]
"""Seconds of working time."""


@dataclass(frozen=True, slots=True)
class Group:
    """The clocks of one kind that ended in one way, or began (without times).

    `seconds`: the time of each, packed. `targets`: how many had which target, in seconds; those without are left out.
    """

    clock: str
    outcome: str
    count: int
    seconds: bytes = b""
    targets: Mapping[int, int] = field(default_factory=dict)


def packed(times: Iterable[int]) -> bytes:
    """Numbers from 0 to `LONGEST` (136 years in seconds); larger ones are held there."""
    return np.fromiter((min(max(time, 0), LONGEST) for time in times), dtype=_STORED).tobytes()


def unpacked(parts: Iterable[bytes]) -> Times:
    """The numbers of all parts, one after the other."""
    return np.frombuffer(b"".join(parts), dtype=_STORED)


Counts = list[list[Any]]
"""What a row keeps of its groups, as plain JSON values: clock, outcome, how many, how many bytes of times."""
Targets = list[list[tuple[int, int]]]
"""Per group, how many had which target."""


def written(groups: Iterable[Group]) -> tuple[Counts, Targets, bytes]:
    """What a row keeps of some groups, each part in the same order."""
    kept = list(groups)
    return (
        [[group.clock, group.outcome, group.count, len(group.seconds)] for group in kept],
        [sorted(group.targets.items()) for group in kept],
        b"".join(group.seconds for group in kept),
    )


def read(counts: Counts, targets: Targets, seconds: bytes) -> Iterator[Group]:
    """What `written` kept."""
    place = 0
    for (clock, outcome, count, length), had in zip(counts, targets, strict=True):
        yield Group(clock, outcome, count, seconds[place : place + length], dict(had))
        place += length


def together(groups: Iterable[Group]) -> Iterator[Group]:
    """Groups of several days or departments as one of each kind, in the order of their names."""
    parts: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        parts.setdefault((group.clock, group.outcome), []).append(group)
    for (clock, outcome), some in sorted(parts.items()):
        targets: Counter[int] = Counter()
        for group in some:
            targets.update(group.targets)
        yield Group(clock, outcome, sum(each.count for each in some), b"".join(each.seconds for each in some), targets)


def quantile(times: Times, share: float) -> float | None:
    """The time within which `share` of them lie, in seconds; between two of them in proportion (Hyndman and Fan 1996,
    "Sample quantiles", definition 7). `times` ascend. None of nothing."""
    if not len(times):
        return None
    place = share * (len(times) - 1)
    below, above = int(times[int(place)]), int(times[min(int(place) + 1, len(times) - 1)])
    return below + (above - below) * (place % 1)

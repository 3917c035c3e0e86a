"""Postings collected term by term until a segment is written: in memory, and in sorted runs on the disk beyond a limit.

Documents come in the order of their numbers, so the postings of a term only ever grow at the end, and runs are joined
by putting one behind the other. A posting takes eight bytes, not a tuple.
"""

import marshal
from array import array
from collections.abc import Iterator
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

TERM_BYTES = 500
"""About what a term takes in memory, beside its postings."""
VALUE_BYTES = 60


class Collected(NamedTuple):
    """The postings of one term in one field. `values` is empty where postings carry none."""

    field: str
    term: bytes
    numbers: "array[int]"
    weights: "array[float]"
    values: list[bytes]


class Pool:
    """Collects in memory up to about `limit` bytes; `folder` is for the runs, and must exist then."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._terms: dict[tuple[str, bytes], Collected] = {}
        self._size = 0
        self._runs: list[Path] = []

    def add(self, posting: tuple[str, bytes, int, float, bytes | None]) -> None:
        """(field, term, number, weight, value), as Whoosh hands them over."""
        field, term, number, weight, value = posting
        found = self._terms.get((field, term)) or self._new(field, term)
        found.numbers.append(number)
        found.weights.append(weight)
        self._size += 8
        if value:
            found.values.append(value)
            self._size += VALUE_BYTES + len(value)
        if self._size > self._limit:
            self.save()

    def extend(self, field: str, term: bytes, numbers: Any, weights: Any, values: list[bytes]) -> None:
        """The same for many postings of a term; numbers and weights are anything an array can be extended with."""
        found = self._terms.get((field, term)) or self._new(field, term)
        found.numbers.extend(numbers)
        found.weights.extend(weights)
        found.values.extend(values)
        self._size += 8 * len(numbers) + sum(VALUE_BYTES + len(value) for value in values)
        if self._size > self._limit:
            self.save()

    def iter_postings(self) -> Iterator[Collected]:
        """Everything, term by term in order."""
        if not self._runs:
            yield from map(self._terms.__getitem__, sorted(self._terms))
            return
        self.save()
        # Of equal terms, merge gives that of the earlier run first.
        terms = merge(*map(_read, self._runs), key=itemgetter(0, 1))
        for (field, term), parts in groupby(terms, itemgetter(0, 1)):
            whole = Collected(field, term, array("I"), array("f"), [])
            for part in parts:
                whole.numbers.extend(part.numbers)
                whole.weights.extend(part.weights)
                whole.values.extend(part.values)
            yield whole

    def save(self) -> None:
        """Write what is in memory to a run."""
        path = self._folder / f"{len(self._runs)}.run"
        with path.open("wb") as file:
            for key in sorted(self._terms):
                field, term, numbers, weights, values = self._terms[key]
                marshal.dump((field, term, numbers.tobytes(), weights.tobytes(), values), file)
        self._runs.append(path)
        self._terms = {}
        self._size = 0

    def cleanup(self) -> None:
        """Remove the runs."""
        for path in self._runs:
            path.unlink(missing_ok=True)
        self._runs = []

    def _new(self, field: str, term: bytes) -> Collected:
        found = self._terms[field, term] = Collected(field, term, array("I"), array("f"), [])
        self._size += TERM_BYTES
        return found


def _read(path: Path) -> Iterator[Collected]:
    with path.open("rb") as file:
        while True:
            try:
                field, term, numbers, weights, values = marshal.load(file)  # noqa: S302 - written by this process
            except EOFError:
                return
            yield Collected(field, term, array("I", numbers), array("f", weights), values)

"""The ways in which a word, a phrase or a beginning can stand in the documents of a segment."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.curves import Curve
from helpdesk.search.postings import Postings
from helpdesk.search.whoosh_segments import Leaf
from helpdesk.search.whoosh_terms import Places

Mask = NDArray[np.bool_]
Numbers = NDArray[np.uint32]
Scores = NDArray[np.float64]
IsOver = Callable[[], bool]

LOOK_AT_THE_CLOCK = 256
"""Documents or words between two looks at the clock."""
MANY = 5000
"""Documents beyond which they are not looked up one by one."""
_NOBODY = np.empty(0, np.uint32)


class Way(Protocol):
    @property
    def exists(self) -> bool:
        """Whether it can be anywhere."""

    @property
    def may_be_cut(self) -> bool:
        """Whether it may miss some when time is over."""

    def cost(self, number: int) -> int:
        """At most how many documents of a segment it finds."""

    def places(self, number: int) -> Numbers:
        """Documents of a segment, ascending, among which are all that it finds."""

    def gains(self, number: int, places: Numbers, is_over: IsOver) -> Scores:
        """What it gives to each of some documents (ascending); below 0 where it is not, or not to be read."""


def idf_of(size: int, lists: Sequence[Postings | None]) -> float:
    """What a term is worth that stands in these of `size` documents."""
    frequency = sum(len(found.numbers) for found in lists if found is not None)
    return math.log(1 + (max(size, frequency) - frequency + 0.5) / (frequency + 0.5))


class Words:
    """Some terms of one field that all stand in a document, anywhere or in a row."""

    def __init__(
        self,
        lists: Sequence[Sequence[Postings | None]],
        worth: Sequence[float],
        curve: Curve | None,
        readable: Sequence[Mask],
        in_a_row: bool,
    ) -> None:
        """`lists`: by term and segment. Without a `curve`, how often a term stands there makes no difference."""
        self._worth, self._curve, self._readable, self.may_be_cut = worth, curve, readable, in_a_row
        self._lists = [[found for found in by_leaf if found is not None] for by_leaf in zip(*lists, strict=True)]
        self._terms = len(lists)
        self.exists = any(len(found) == self._terms for found in self._lists)

    def cost(self, number: int) -> int:
        return len(self.places(number))

    def places(self, number: int) -> Numbers:
        lists = self._lists[number]
        return min((found.numbers for found in lists), key=len) if len(lists) == self._terms else _NOBODY

    def gains(self, number: int, places: Numbers, is_over: IsOver) -> Scores:
        gains = np.full(len(places), -1.0)
        lists = self._lists[number]
        if len(lists) < self._terms:
            return gains
        if len(lists) == 1 and len(places) > MANY:
            return self._gains_of_many(lists[0], number, places)
        hit = np.flatnonzero(self._readable[number][places])
        rows: list[NDArray[np.intp]] = []
        for postings in lists:
            at = np.minimum(np.searchsorted(postings.numbers, places[hit]), len(postings.numbers) - 1)
            same = postings.numbers[at] == places[hit]
            hit, rows = hit[same], [row[same] for row in (*rows, at)]
        if self.may_be_cut and len(hit):
            follow = _in_a_row(lists, rows, is_over)
            hit, rows = hit[follow], [row[follow] for row in rows]
        gains[hit] = sum(self._worths(lists, rows)) if len(hit) else 0.0
        return gains

    def _gains_of_many(self, postings: Postings, number: int, places: Numbers) -> Scores:
        """The same for one term, worked out for all its documents: cheaper than looking many up."""
        readable = self._readable[number]
        gains = np.full(len(readable), -1.0)
        everywhere = np.arange(len(postings.numbers))
        gains[postings.numbers] = next(self._worths([postings], [everywhere]))
        gains[~readable] = -1.0
        return gains[places]

    def _worths(self, lists: Sequence[Postings], rows: Sequence[NDArray[np.intp]]) -> Iterator[Scores]:
        for postings, worth, at in zip(lists, self._worth, rows, strict=True):
            if self._curve is not None:
                yield worth * self._curve.exact(postings, at)
            else:
                yield np.full(len(at), worth)


class Beginning:
    """Any word of one field, as written, that begins so."""

    def __init__(
        self, leaves: Sequence[Leaf], field: str, start: str, readable: Sequence[Mask], is_over: IsOver
    ) -> None:
        self._marks = [_begun(leaf, field, start, is_over) for leaf in leaves]
        self._readable = readable
        self.exists = any(found is not None for found in self._marks)
        self.may_be_cut = True

    def cost(self, number: int) -> int:
        return len(self.places(number))

    def places(self, number: int) -> Numbers:
        marks = self._marks[number]
        return _NOBODY if marks is None else np.flatnonzero(marks).astype(np.uint32)

    def gains(self, number: int, places: Numbers, is_over: IsOver) -> Scores:
        marks = self._marks[number]
        if marks is None:
            return np.full(len(places), -1.0)
        return np.where(marks[places] & self._readable[number][places], 1.0, -1.0)


def _begun(leaf: Leaf, field: str, start: str, is_over: IsOver) -> Mask | None:
    """Which documents of a segment hold a word that begins so; None when none does."""
    marks = None
    for turn, postings in enumerate(leaf.segment.beginning_with(field, start)):
        if marks is None:
            marks = np.zeros(leaf.segment.size, bool)
        marks[postings.numbers] = True
        if turn % LOOK_AT_THE_CLOCK == LOOK_AT_THE_CLOCK - 1 and is_over():
            break
    return marks


def _in_a_row(lists: Sequence[Postings], rows: Sequence[NDArray[np.intp]], is_over: IsOver) -> Mask:
    """In which of some documents the terms follow one another. `rows`: where the documents stand in each list."""
    decode = Places().decode_positions
    found = np.zeros(len(rows[0]), bool)
    ends = [np.cumsum(postings.values.sizes, dtype=np.int64) if postings.values else None for postings in lists]
    for turn, at in enumerate(zip(*(row.tolist() for row in rows), strict=True)):
        if turn % LOOK_AT_THE_CLOCK == 0 and is_over():
            break
        starts: set[int] | None = None
        for offset, (postings, end, place) in enumerate(zip(lists, ends, at, strict=True)):
            if postings.values is None or end is None:
                return found
            stop = int(end[place])
            value = bytes(postings.values.content[stop - int(postings.values.sizes[place]) : stop])
            here = {position - offset for position in decode(value)}
            starts = here if starts is None else starts & here
        found[turn] = bool(starts)
    return found

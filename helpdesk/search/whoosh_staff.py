"""The staff's search: all the words anywhere in what one may read, narrowed, best or newest first.

Whole posting lists are compared as arrays, segment by segment: the rarest word first, and of what it finds only those
documents that hold the next. So filters alone cost little over a million tickets, and there is no deepest page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.asked import Asked, Clause
from helpdesk.search.curves import Curve
from helpdesk.search.index import EVERYTHING, Found, FoundPage, Narrowing
from helpdesk.search.postings import Postings
from helpdesk.search.whoosh_codec import BYTE_LENGTHS
from helpdesk.search.whoosh_dictionary import DictionaryKey
from helpdesk.search.whoosh_narrowing import narrowed
from helpdesk.search.whoosh_segments import Leaf
from helpdesk.search.whoosh_ways import Beginning, Way, Words, idf_of

TIME_LIMIT = 0.2
"""Seconds a staff search may take before it answers with what it has."""

FEW = 1000
"""Documents that are looked at to the end when time is over."""

B, K1 = 0.75, 1.2

Mask = NDArray[np.bool_]
Numbers = NDArray[np.uint32]
Scores = NDArray[np.float64]


class View(Protocol):
    """What this search asks of a snapshot."""

    leaves: Sequence[Leaf]

    def size(self, kind: str) -> int: ...

    def dictionary_key(self, field: str, term: str) -> DictionaryKey | None: ...

    def readable(self, allowed: frozenset[str], tier: layout.Tier) -> Sequence[Mask]:
        """For each leaf, which documents somebody with these keys may read in this tier. Not the deleted ones."""


class _Hits(NamedTuple):
    leaf: int
    places: Numbers
    scores: Scores
    numbers: Numbers


def find(
    view: View,
    asked: Asked,
    allowed: frozenset[str],
    limit: int,
    after: Found | None = None,
    narrowing: Narrowing = EVERYTHING,
) -> FoundPage:
    """See `Index.find`. Any number of threads may search at once."""
    if not (asked or narrowing) or limit < 1:
        return FoundPage()
    search = _Search(view, asked, allowed, narrowing)
    found: list[_Hits] = []
    for number in range(len(view.leaves)):
        if search.is_over() and any(len(hits.places) for hits in found):
            break
        found.append(search.hits(number))
    return _page(view, found, limit, after, not search.was_cut)


class _Search:
    """One search over all segments."""

    def __init__(self, view: View, asked: Asked, allowed: frozenset[str], narrowing: Narrowing) -> None:
        self._view, self._narrowing, self._started = view, narrowing, time.monotonic()
        self.was_cut = False
        self._size = view.size("ticket") + view.size("answer")
        self._readable = {tier: view.readable(allowed, tier) for tier in layout.TIERS}
        self._curves = {field: self._curve(field) for field in layout.SCORED_FOR_STAFF}
        self._wanted = [self._ways(clause) for clause in asked.wanted]
        self._unwanted = [self._ways(clause) for clause in asked.unwanted]

    def is_over(self) -> bool:
        return self._has_taken(TIME_LIMIT)

    def is_half_over(self) -> bool:
        """Looking for words that begin so must leave time for finding where they stand."""
        return self._has_taken(TIME_LIMIT / 2)

    def _has_taken(self, seconds: float) -> bool:
        over = time.monotonic() - self._started > seconds
        self.was_cut = self.was_cut or over
        return over

    def hits(self, number: int) -> _Hits:
        """What a segment holds of it. When time is over, some of it, all of it right."""
        leaf = self._view.leaves[number]
        readable = narrowed(leaf, self._readable[layout.OPEN][number], self._narrowing, self._view.dictionary_key)
        if self._wanted:
            places, scores = self._holding_all(number, readable)
        else:
            places = np.flatnonzero(readable).astype(np.uint32)
            scores = leaf.segment.column(layout.OPENED)[places].astype(np.float64)
        for ways in self._unwanted:
            if len(places):
                without = _gains(ways, number, places, self.is_over) < 0
                places, scores = places[without], scores[without]
        if self.was_cut and any(way.may_be_cut for ways in self._unwanted for way in ways):  # it may be there after all
            places, scores = places[:0], scores[:0]
        return _Hits(number, places, np.round(scores, 6), leaf.segment.column(layout.NUMBER)[places].astype(np.uint32))

    def _holding_all(self, number: int, readable: Mask) -> tuple[Numbers, Scores]:
        clauses = sorted(self._wanted, key=lambda ways: sum(way.cost(number) for way in ways))
        marks = np.zeros(len(readable), bool)
        for way in clauses[0]:
            marks[way.places(number)] = True
        marks &= readable
        places = np.flatnonzero(marks).astype(np.uint32)
        scores = np.zeros(len(places))
        for ways in clauses:
            if not len(places):
                break
            if len(places) > FEW and self.is_over():  # the newest of them, so that there is something to show
                places, scores = places[-FEW:], scores[-FEW:]
            gains = _gains(ways, number, places, self.is_over)
            held = gains >= 0
            places, scores = places[held], scores[held] + gains[held]
        return places, scores

    def _ways(self, clause: Clause) -> list[Way]:
        """All the ways in which a clause can be met by something that may be read."""
        found: list[Way] = []
        for tier in layout.TIERS:
            readable = self._readable[tier]
            if not any(mask.any() for mask in readable):
                continue
            if tier.stems:
                for language, terms in clause.terms.items():
                    field = layout.field_name(tier.stems, language)
                    found.append(self._words(field, terms, readable, clause.is_phrase))
            if clause.pieces:
                found.append(self._words(tier.written, clause.pieces, readable))
            if clause.beginning:
                found.append(Beginning(self._view.leaves, tier.written, clause.beginning, readable, self.is_half_over))
        return [way for way in found if way.exists]

    def _words(self, field: str, terms: Sequence[str], readable: Sequence[Mask], in_a_row: bool = False) -> Words:
        lists = [self._lists(field, term) for term in terms]
        worth = [idf_of(self._size, found) for found in lists]
        return Words(lists, worth, self._curves.get(field), readable, in_a_row)

    def _lists(self, field: str, term: str) -> list[Postings | None]:
        key = self._view.dictionary_key(field, term)
        return [leaf.segment.postings(key) if key is not None else None for leaf in self._view.leaves]

    def _curve(self, field: str) -> Curve:
        total = sum(leaf.segment.total_length(field) for leaf in self._view.leaves)
        return Curve(B, K1, total / self._size if total and self._size else 1.0, BYTE_LENGTHS)


def _gains(ways: Sequence[Way], number: int, places: Numbers, is_over: Callable[[], bool]) -> Scores:
    """What a clause gives to each document: the most of its ways; below 0 where none of them is there."""
    gains = np.full(len(places), -1.0)
    for way in ways:
        np.maximum(gains, way.gains(number, places, is_over), out=gains)
    return gains


def _page(view: View, found: Sequence[_Hits], limit: int, after: Found | None, complete: bool) -> FoundPage:
    scores = np.concatenate([hits.scores for hits in found]) if found else np.zeros(0)
    numbers = np.concatenate([hits.numbers for hits in found]) if found else np.zeros(0, np.uint32)
    answers = int(np.count_nonzero(numbers & 1))
    kept = np.arange(len(scores))
    if after is not None:
        kept = np.flatnonzero(_behind(scores, numbers, after))
    if len(kept) > limit:
        lowest = np.partition(scores[kept], len(kept) - limit)[len(kept) - limit]
        kept = kept[scores[kept] >= lowest]
    order = kept[np.lexsort((numbers[kept], -scores[kept]))][:limit]
    hits = tuple(Found(_key(int(numbers[place])), float(scores[place])) for place in order)
    return FoundPage(hits, complete, len(scores) - answers, answers)


def _behind(scores: Scores, numbers: Numbers, after: Found) -> Mask:
    """Which come after a result, on the pages that follow."""
    behind: Mask = (scores == after.score) & (numbers > layout.number_of(after.key))
    behind |= scores < after.score
    return behind


def _key(number: int) -> str:
    return f"{'answer' if number & 1 else 'ticket'}:{number >> 1}"

"""BM25F over any source of postings. Pure: an index hands in arrays, scores and reasons come out.

Every field of every term is scored as Whoosh scores it, and what they give is added up:

    score = Σ_language Σ_field Σ_term share · weight_f · idf^power · tf · (k1 + 1) / (tf + k1 · (1 - b + b · len / avg))

with idf = ln(1 + (N - df + 0.5) / (df + 0.5)), sharper than Whoosh's own on frequent words (Robertson and Zaragoza
2009, "The Probabilistic Relevance Framework", sections 3.5 and 3.6). N is the number of documents of the kind that
carries the field, avg their mean length (as Whoosh keeps lengths: rounded to one byte), df how many of them hold the
term in the field. All three count living documents only, so an index that was updated for years scores as one rebuilt
this minute.

The best are found with sums of 32 bits (see `top`); what is returned is worked out again for them alone, word by word,
in 64 bits, so that the words of a hit add up to its score.
"""

import math
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.adding import Entry, Slice, add, by_segment, look_up
from helpdesk.search.curves import Curve
from helpdesk.search.query import Key, Query
from helpdesk.search.top import Places, best, clear, sums_of_this_thread

PRUNED_ABOVE = 300_000
"""Documents of a kind beyond which a long question is first asked with its rarest terms only."""
RAREST = 16
RESCORED = 200
"""How many of the documents found with the rarest terms are then scored with all of them, at least."""


@dataclass(frozen=True)
class Family:
    """Which fields are searched together, and how."""

    kind: str
    """The kind of document that carries the fields; its number is N."""
    fields: Mapping[str, float]
    """Field → weight. Each is indexed once per language."""
    b: float = 0.75
    k1: float = 1.2
    power: int = 1
    common: bool = False
    """Whether articles and greetings are asked for too. Long histories gain by it, short profiles lose."""
    most_terms: int = 64
    """Only this many of the rarest terms of a long question are asked."""


class Found(NamedTuple):
    """A term in one field: how many living documents hold it, and where."""

    frequency: int
    slices: Sequence[Slice]


class Segment(NamedTuple):
    """Where the documents of a segment stand among all: number n at place `start` + n."""

    start: int
    size: int
    deleted: NDArray[np.intp]
    """Numbers that no longer count."""


class Source(Protocol):
    """What an index offers to the scorer."""

    segments: Sequence[Segment]
    places: int
    """One more than the last place."""
    curves: MutableMapping[tuple[float, float, str, str], Curve]
    """Kept here by the scorer for as long as the averages hold."""
    byte_lengths: NDArray[np.float64]
    """The length that each of the 256 length bytes stands for."""

    def size(self, kind: str) -> int:
        """Living documents of a kind."""

    def average(self, name: str, language: str) -> float:
        """Average length of a field over the living documents of its kind; 1 when it is empty."""

    def find(self, name: str, language: str, term: str) -> Found | None:
        """Where a term stands in a field; None when nowhere."""


@dataclass(frozen=True)
class Gains:
    """What each term gave to each of some documents."""

    places: Places
    keys: Sequence[Key]
    matrix: NDArray[np.float64]
    """A row for each key, a column for each place."""

    @property
    def totals(self) -> NDArray[np.float64]:
        totals: NDArray[np.float64] = self.matrix.sum(axis=0)
        return totals

    def words(self) -> list[dict[Key, float]]:
        """For each place, the terms it holds and what they gave."""
        words: list[dict[Key, float]] = [{} for _ in self.places]
        columns, rows = np.nonzero(self.matrix.T)
        for column, row, gain in zip(columns.tolist(), rows.tolist(), self.matrix[rows, columns].tolist(), strict=True):
            words[column][self.keys[row]] = gain
        return words

    def best(self, limit: int) -> "Gains":
        """The `limit` best documents, best first, ties by place."""
        order = np.lexsort((self.places, -self.totals))[:limit]
        return Gains(self.places[order], self.keys, self.matrix[:, order])


@dataclass
class Question:
    """A query put to one family of one source."""

    family: Family
    source: Source
    keys: list[Key] = field(default_factory=list)
    ideal: float = 0.0
    """The score of a document that would hold every word: what to compare a score with."""
    _entries: list[Entry] = field(default_factory=list)
    _frequencies: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, query: Query, family: Family, source: Source) -> "Question":
        question = cls(family, source)
        if source.size(family.kind):
            for language, share in query.weights.items():
                question.ask(query.terms(language, common=family.common), language, share)
        return question

    def ask(self, terms: Iterable[str], language: str, share: float = 1.0) -> None:
        """Ask for `terms`, or the rarest known ones when they are too many. Call it once per language."""
        source, family = self.source, self.family
        size = source.size(family.kind)
        curves = {name: self._curve(name, language) for name in family.fields}
        known = {term: {n: found for n in curves if (found := source.find(n, language, term))} for term in terms}
        for term in _rarest(known, family.most_terms):
            most = 0.0
            for name, found in known[term].items():
                factor = share * family.fields[name] * idf(size, found.frequency) ** family.power
                most = max(most, factor)
                self._entries.append(Entry(len(self.keys), curves[name], factor, found.slices))
            if not known[term]:  # a word nobody wrote would be worth the most of all
                most = share * max(family.fields.values()) * idf(size, 0) ** family.power
            self.ideal += most * (family.k1 + 1)
            self.keys.append((language, term))
            self._frequencies.append(_frequency(known[term]))

    def hits(self, limit: int) -> Gains:
        """The best documents, best first, and what each term gave them."""
        return self.gains(self.best(limit)).best(limit)

    def best(self, limit: int) -> Places:
        """Where the best documents stand, best first. In big sources only nearly always exactly those."""
        if len(self.keys) <= RAREST or self.source.size(self.family.kind) <= PRUNED_ABOVE:
            return self._best(self._entries, limit)
        known = [row for row, frequency in enumerate(self._frequencies) if frequency]
        rarest = set(nsmallest(RAREST, known, key=self._frequencies.__getitem__))
        first = self._best([entry for entry in self._entries if entry.row in rarest], max(RESCORED, limit))
        return self.gains(first).best(limit).places

    def _best(self, entries: Iterable[Entry], limit: int) -> Places:
        source = self.source
        sums = sums_of_this_thread(source.places)
        ranges = []
        for number, lists in by_segment(entries).items():
            segment = source.segments[number]
            first = min(postings.first for _, postings in lists)
            last = max(postings.last for _, postings in lists)
            ranges.append(clear(sums, segment.start + first, segment.start + last + 1))
            own = sums[segment.start : segment.start + segment.size]
            add(own, lists)
            if len(segment.deleted):
                own[segment.deleted] = 0
        return best(sums, ranges, limit)

    def gains(self, places: Places) -> Gains:
        """What each term gives to the living documents at `places`."""
        matrix = np.zeros((len(self.keys), len(places)))
        for number, lists in by_segment(self._entries).items():
            start, size, _ = self.source.segments[number]
            columns = np.flatnonzero((places >= start) & (places < start + size))
            if len(columns):
                look_up(matrix, columns, places[columns] - start, size, lists)
        return Gains(places, self.keys, matrix)

    def _curve(self, name: str, language: str) -> Curve:
        source, family = self.source, self.family
        key = (family.b, family.k1, name, language)
        if key not in source.curves:
            average = source.average(name, language)
            source.curves[key] = Curve(family.b, family.k1, average, source.byte_lengths)
        return source.curves[key]


def idf(size: int, frequency: int) -> float:
    """What a term is worth that `frequency` of `size` documents hold."""
    if not frequency:
        return math.log(size + 1)
    return math.log(1 + (max(size, frequency) - frequency + 0.5) / (frequency + 0.5))


def _rarest(known: Mapping[str, Mapping[str, Found]], most: int) -> Sequence[str]:
    """All the terms, or the rarest of those the index knows when there are too many."""
    if len(known) <= most:
        return list(known)
    frequencies = {term: _frequency(found) for term, found in known.items()}
    return nsmallest(most, known, key=lambda term: (not frequencies[term], frequencies[term], term))


def _frequency(found: Mapping[str, Found]) -> int:
    return max((one.frequency for one in found.values()), default=0)

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
from collections import defaultdict
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.adding import Lists, Part, Slice, add, look_up
from helpdesk.search.curves import Curve
from helpdesk.search.query import Key, Query
from helpdesk.search.top import Places, best, clear, sums_of_this_thread

PRUNED_ABOVE = 300_000
"""Documents of a kind beyond which a long question is first asked with its rarest terms only."""
RAREST = 16
MOST_TERMS_KEPT = 100_000
MOST_CURVES_KEPT = 100
RESCORED = 200
"""How many of the documents found with the rarest terms are then scored with all of them, at least."""


@dataclass(frozen=True, eq=False)
class Family:
    """Which fields are searched together, and how. A constant of the index: it is itself and no other."""

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
    prepared: MutableMapping[tuple[Family, str], "Prepared"]
    """What the scorer worked out, for as long as nothing changes."""
    curves: MutableMapping[tuple[float, float, float], Curve]
    """By b, k1 and average. They may be kept for longer: an average often stays when other documents change."""
    byte_lengths: NDArray[np.float64]
    """The length that each of the 256 length bytes stands for."""

    def size(self, kind: str) -> int:
        """Living documents of a kind."""

    def average(self, name: str, language: str) -> float:
        """Average length of a field over the living documents of its kind; 1 when it is empty."""

    def find(self, name: str, language: str, term: str) -> Found | None:
        """Where a term stands in a field; None when nowhere."""


class Term(NamedTuple):
    """What a family makes of a term in one language."""

    most: float
    """The highest of its factors: times k1 + 1, what the field that weighs most could give at best."""
    frequency: int
    """In how many documents it stands, in the field where it stands most."""
    parts: Sequence[Part]


class Prepared:
    """A family in one language of one source: its curves, and the terms that were asked for so far."""

    def __init__(self, family: Family, language: str, source: Source) -> None:
        self._family = family
        self._language = language
        self._source = source
        self._size = source.size(family.kind)
        self._curves = {name: self._curve(source.average(name, language)) for name in family.fields}
        self._terms: dict[str, Term] = {}

    def term(self, term: str) -> Term:
        known = self._terms.get(term)
        if known is None:
            if len(self._terms) >= MOST_TERMS_KEPT:
                self.forget()
            known = self._terms[term] = self._looked_up(term)
        return known

    def _curve(self, average: float) -> Curve:
        family, curves = self._family, self._source.curves
        key = (family.b, family.k1, average)
        if key not in curves:
            if len(curves) >= MOST_CURVES_KEPT:
                curves.clear()
            curves[key] = Curve(*key, self._source.byte_lengths)
        return curves[key]

    def forget(self) -> None:
        """Drop the terms."""
        self._terms = {}

    def _looked_up(self, term: str) -> Term:
        weights, power = self._family.fields, self._family.power
        parts = []
        frequency = 0
        for name, curve in self._curves.items():
            found = self._source.find(name, self._language, term)
            if found is not None:
                frequency = max(frequency, found.frequency)
                worth = weights[name] * idf(self._size, found.frequency) ** power
                parts.append(Part(curve, worth, found.slices))
        if not parts:  # a word nobody wrote would be worth the most of all
            return Term(max(weights.values()) * idf(self._size, 0) ** power, 0, parts)
        return Term(max(part.factor for part in parts), frequency, parts)


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


class Question:
    """A query put to one family of one source."""

    def __init__(self, family: Family, source: Source) -> None:
        self.ideal = 0.0
        """The score of a document that would hold every word countless times in the field where it weighs most: what to
        compare a score with. Only a document that repeats the words in several fields could reach more."""
        self._family = family
        self._source = source
        self._keys: list[Key] = []
        self._shares: list[float] = []
        self._terms: list[Term] = []

    @classmethod
    def of(cls, query: Query, family: Family, source: Source) -> "Question":
        question = cls(family, source)
        if source.size(family.kind):
            for language, share in query.weights.items():
                question.ask(query.terms(language, common=family.common), language, share)
        return question

    def ask(self, terms: Iterable[str], language: str, share: float = 1.0) -> None:
        """Ask for `terms`, or the rarest known ones when they are too many. Call it once per language."""
        prepared = self._source.prepared.get((self._family, language))
        if prepared is None:
            prepared = self._source.prepared[self._family, language] = Prepared(self._family, language, self._source)
        known = {term: prepared.term(term) for term in terms}
        if len(known) > self._family.most_terms:
            known = _rarest(known, self._family.most_terms)
        self.ideal += share * (self._family.k1 + 1) * sum(term.most for term in known.values())
        self._keys += [(language, term) for term in known]
        self._shares += [share] * len(known)
        self._terms += known.values()

    def own_score(self, counts: Mapping[Key, int], average: Mapping[str, float]) -> float:
        """The score of a document that would hold the terms of the question, and nothing else, in the field where each
        weighs most. `counts`: how often each occurs in the question; `average`: per language, the field's length."""
        family = self._family
        lengths = {lang: sum(count for (own, _), count in counts.items() if own == lang) for lang in average}
        total = 0.0
        for key, share, term in zip(self._keys, self._shares, self._terms, strict=True):
            lang, count = key[0], counts[key]
            norm = family.k1 * (1 - family.b + family.b * lengths[lang] / average[lang])
            total += share * term.most * count * (family.k1 + 1) / (count + norm)
        return total

    def hits(self, limit: int) -> Gains:
        """The best documents, best first, and what each term gave them."""
        return self.gains(self.best(limit)).best(limit)

    def best(self, limit: int) -> Places:
        """Where the best documents stand, best first. In big sources only nearly always exactly those."""
        if len(self._keys) <= RAREST or self._source.size(self._family.kind) <= PRUNED_ABOVE:
            return self.exact_best(limit)
        known = [row for row, term in enumerate(self._terms) if term.frequency]
        rarest = nsmallest(RAREST, known, key=lambda row: self._terms[row].frequency)
        first = self._best(self._lists(sorted(rarest)), max(RESCORED, limit))
        return self.gains(first).best(limit).places

    def exact_best(self, limit: int) -> Places:
        """The same, whatever the size."""
        return self._best(self._lists(range(len(self._keys))), limit)

    def gains(self, places: Places) -> Gains:
        """What each term gives to the living documents at `places`."""
        matrix = np.zeros((len(self._keys), len(places)))
        for number, lists in self._lists(range(len(self._keys))).items():
            start, size, _ = self._source.segments[number]
            columns = np.flatnonzero((places >= start) & (places < start + size))
            if len(columns):
                look_up(matrix, columns, places[columns] - start, size, lists)
        return Gains(places, self._keys, matrix)

    def _lists(self, rows: Iterable[int]) -> Mapping[int, Lists]:
        """By segment and curve, the posting lists of the terms in some rows."""
        found: dict[int, Lists] = {}
        for row in rows:
            share = self._shares[row]
            for curve, factor, slices in self._terms[row].parts:
                for number, postings in slices:
                    lists = found.get(number)
                    if lists is None:
                        lists = found[number] = defaultdict(list)
                    lists[curve].append((row, share * factor, postings))
        return found

    def _best(self, found: Mapping[int, Lists], limit: int) -> Places:
        sums = sums_of_this_thread(self._source.places)
        ranges = []
        for number, lists in found.items():
            segment = self._source.segments[number]
            first = min(postings.first for listed in lists.values() for _, _, postings in listed)
            last = max(postings.last for listed in lists.values() for _, _, postings in listed)
            ranges.append(clear(sums, segment.start + first, segment.start + last + 1))
            own = sums[segment.start : segment.start + segment.size]
            add(own, lists)
            if len(segment.deleted):
                own[segment.deleted] = 0
        return best(sums, ranges, limit)


def idf(size: int, frequency: int) -> float:
    """What a term is worth that `frequency` of `size` documents hold."""
    if not frequency:
        return math.log(size + 1)
    return math.log(1 + (max(size, frequency) - frequency + 0.5) / (frequency + 0.5))


def _rarest(known: Mapping[str, Term], most: int) -> dict[str, Term]:
    """The rarest of those the index knows, then those it does not know."""
    chosen = nsmallest(most, known, key=lambda term: (not known[term].frequency, known[term].frequency, term))
    return {term: known[term] for term in chosen}

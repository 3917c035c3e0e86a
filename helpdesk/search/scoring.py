"""BM25F over any source of postings. Pure: an index hands in postings, scores and reasons come out.

For one term and one document the field frequencies are first normalised by field length and added up, then
saturated:

    w = Σ_f weight_f · tf_f / (1 - b + b · length_f / average_f)
    score = idf^power · w · (k1 + 1) / (k1 + w)

with idf = ln(1 + (N - df + 0.5) / (df + 0.5)), sharper than Whoosh's own on frequent words (Robertson and
Zaragoza 2009, "The Probabilistic Relevance Framework", sections 3.5 and 3.6). N and df count living
documents only, so an index that was updated for years scores as one rebuilt this minute.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest, nsmallest
from typing import NamedTuple

from helpdesk.search.query import Key, Query


class Block(NamedTuple):
    """Postings of one term in one field, as they lie together in an index: many at once, because there are
    many."""

    start: int
    """Added to each number to make the document's own."""
    numbers: Sequence[int]
    frequencies: Sequence[float]
    lengths: Sequence[float]
    """Length of the field, by number."""
    deleted: frozenset[int]
    """Numbers that no longer count."""


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


@dataclass(frozen=True)
class Source:
    """What an index offers to the scorer."""

    size: Callable[[str], int]
    """Living documents of a kind."""
    average: Callable[[str, str], float]
    """Average length of a field (in a language) over the documents of its kind; 1 when it is empty."""
    postings: Callable[[str, str, str], Iterable[Block]]
    """Postings of (field, language, term)."""
    frequency: Callable[[str, str, str], int]
    """About how many documents hold (field, language, term); cheap, used to choose among too many terms."""


@dataclass
class Scores:
    """Totals by document number, what each term gave, and the best score the question could have reached."""

    totals: dict[int, float] = field(default_factory=dict)
    gains: dict[Key, Mapping[int, float]] = field(default_factory=dict)
    ideal: float = 0.0

    def best(self, limit: int) -> list[tuple[int, float]]:
        """The best documents, ties by document number so that equal indexes give equal lists."""
        return nlargest(limit, self.totals.items(), key=lambda item: (item[1], -item[0]))

    def words(self, document: int) -> dict[Key, float]:
        """What each term gave to one document."""
        return {key: gains[document] for key, gains in self.gains.items() if document in gains}


def score(query: Query, family: Family, source: Source) -> Scores:
    """Every document of the family that holds a term of the query, scored."""
    scores = Scores()
    size = source.size(family.kind)
    if not size:
        return scores
    totals: defaultdict[int, float] = defaultdict(float)
    for language, weight in query.weights.items():
        terms = _worth_asking(query.terms(language, common=family.common), language, family, source)
        found = {term: _frequencies(term, language, family, source) for term in terms}
        for term, gain in _gains(found, size, family, weight).items():
            scores.ideal += gain.most
            if gain.documents:
                scores.gains[language, term] = gain.documents
                for document, given in gain.documents.items():
                    totals[document] += given
    scores.totals = dict(totals)
    return scores


@dataclass(frozen=True)
class _Gain:
    most: float
    documents: Mapping[int, float]


def _frequencies(term: str, language: str, family: Family, source: Source) -> dict[int, float]:
    """The normalised frequency of a term in each document, all fields together."""
    together: defaultdict[int, float] = defaultdict(float)
    for name, weight in family.fields.items():
        flat, slope = 1 - family.b, family.b / source.average(name, language)
        for start, numbers, frequencies, lengths, deleted in source.postings(name, language, term):
            for number, frequency in zip(numbers, frequencies, strict=True):
                if number not in deleted:
                    together[start + number] += weight * frequency / (flat + slope * lengths[number])
    return together


def _gains(found: Mapping[str, Mapping[int, float]], size: int, family: Family, weight: float) -> dict[str, _Gain]:
    """What each term is worth, and gives to each document. A word nobody wrote counts in the ideal as ln(N
    + 1)."""
    saturation = family.k1 + 1
    gains = {}
    for term, documents in found.items():
        most = weight * _idf(size, len(documents)) ** family.power * saturation
        gains[term] = _Gain(most, {d: most * w / (family.k1 + w) for d, w in documents.items()})
    return gains


def _worth_asking(terms: Iterable[str], language: str, family: Family, source: Source) -> list[str]:
    """All the terms, or the rarest of those the index knows when there are too many."""
    asked = list(terms)
    if len(asked) <= family.most_terms:
        return asked
    frequency = {t: max(source.frequency(name, language, t) for name in family.fields) for t in asked}
    return nsmallest(family.most_terms, asked, key=lambda t: (not frequency[t], frequency[t], t))


def _idf(size: int, frequency: int) -> float:
    if not frequency:
        return math.log(size + 1)
    return math.log(1 + (max(size, frequency) - frequency + 0.5) / (frequency + 0.5))

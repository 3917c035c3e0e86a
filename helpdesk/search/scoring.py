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

from helpdesk.search.adding import Joined, Long, Short, Slice, add, is_short, join, look_up, shortened
from helpdesk.search.curves import Curve
from helpdesk.search.equivalents import Added
from helpdesk.search.query import Key, Query
from helpdesk.search.top import Places, best, sums_of_this_thread

PRUNED_ABOVE = 300_000
"""Documents of a kind beyond which a long question is first asked with its rarest terms only."""
RAREST = 16
MOST_POSTINGS_KEPT = 300_000
"""Of a family in one language: 8 bytes each."""
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
    """Only this many of the most telling terms of a long question are asked: those that count most, times how rare."""
    pairs: bool = False
    """Whether neighbouring terms are asked for, as pairs, instead of terms."""


class Found(NamedTuple):
    """A term in one field: how many living documents hold it, and where."""

    frequency: int
    slices: Sequence[Slice]


class Source(Protocol):
    """What an index offers to the scorer."""

    places: int
    """One more than the last place."""
    deleted: Places
    """Places that no longer count."""
    prepared: MutableMapping[tuple[Family, str], "Prepared"]
    """What the scorer worked out, for as long as nothing changes."""
    curves: MutableMapping[tuple[float, float, float], Curve]
    """By b, k1 and average. They may be kept for longer: an average often stays when other documents change."""
    byte_lengths: NDArray[np.float64]
    """The length that each of the 256 length bytes stands for."""

    def size(self, kind: str) -> int:
        """Living documents of a kind."""

    def ranges(self, kind: str) -> Sequence[tuple[int, int]]:
        """The places between which documents of a kind stand, as whole blocks in ascending order."""

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
    short: Sequence[Short]
    long: Sequence[Long]


class Prepared:
    """A family in one language of one source: its curves, and the terms that were asked for so far."""

    def __init__(self, family: Family, language: str, source: Source) -> None:
        self._family = family
        self._language = language
        self._source = source
        self._size = source.size(family.kind)
        self._curves = {name: self._curve(source.average(name, language)) for name in family.fields}
        self._terms: dict[str, Term] = {}
        self._kept = 0

    def terms(self, wanted: Iterable[str]) -> dict[str, Term]:
        """What there is of some terms. They are looked up together: one by one takes twice as long."""
        known = self._terms
        missing = [term for term in wanted if term not in known]
        if missing:
            found = self._looked_up(missing)
            if self._kept > MOST_POSTINGS_KEPT:
                self.forget()
                known = {term: known[term] for term in wanted if term in known}
            known |= found
        return {term: known[term] for term in wanted}

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
        self._terms, self._kept = {}, 0

    def _looked_up(self, terms: Sequence[str]) -> dict[str, Term]:
        made = {term: _Making() for term in terms}
        for name, curve in self._curves.items():
            self._look_into(name, curve, made)
        nowhere = max(self._family.fields.values()) * idf(self._size, 0) ** self._family.power
        found = {}
        for term, parts in made.items():
            # A word nobody wrote would be worth the most of all.
            found[term] = Term(parts.most if parts.frequency else nowhere, parts.frequency, parts.short, parts.long)
        return found

    def _look_into(self, name: str, curve: Curve, made: Mapping[str, "_Making"]) -> None:
        """Add what there is of the terms in one field."""
        short: list[tuple[int, float, Long]] = []
        known: list[_Making] = []
        for term, parts in made.items():
            found = self._source.find(name, self._language, term)
            if found is not None:
                factor = self._family.fields[name] * idf(self._size, found.frequency) ** self._family.power
                parts.frequency, parts.most = max(parts.frequency, found.frequency), max(parts.most, factor)
                for start, postings in found.slices:
                    one = Long(curve, factor, start, postings)
                    if is_short(postings):
                        short.append((len(known), 1.0, one))
                    else:
                        parts.long.append(one)
                known.append(parts)
        self._kept += sum(len(one.postings.numbers) for _, _, one in short)
        for parts, copied in zip(known, shortened(short, len(known)), strict=True):
            if len(copied.places):
                parts.short.append(copied)


@dataclass
class _Making:
    """A `Term` that is being looked up."""

    most: float = 0.0
    frequency: int = 0
    short: list[Short] = field(default_factory=list)
    long: list[Long] = field(default_factory=list)


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
        self._all: Joined | None = None

    @classmethod
    def of(cls, query: Query, family: Family, source: Source) -> "Question":
        question = cls(family, source)
        if source.size(family.kind):
            for language, share in query.weights.items():
                asked = query.pairs(language) if family.pairs else query.asked(language, common=family.common)
                question.ask(asked, language, share, () if family.pairs else query.added[language])
        return question

    def ask(
        self,
        terms: Mapping[str, float] | Iterable[str],
        language: str,
        share: float = 1.0,
        added: Sequence[Added] = (),
    ) -> None:
        """Ask for `terms` (each with what it counts; 1 unless said), or the most telling known ones when they are too
        many, and for what was `added` to them. Call it once per language."""
        prepared = self._source.prepared.get((self._family, language))
        if prepared is None:
            prepared = self._source.prepared[self._family, language] = Prepared(self._family, language, self._source)
        weights = terms if isinstance(terms, Mapping) else dict.fromkeys(terms, 1.0)
        known = prepared.terms(list(weights))
        if len(known) > self._family.most_terms:
            known = _most_telling(known, weights, self._family.most_terms)
        worth = {term: weights[term] * found.most for term, found in known.items()}
        self._keys += [(language, term) for term in known]
        self._shares += [share * weights[term] for term in known]
        self._terms += known.values()
        self._all = None
        meant = prepared.terms([each.term for each in added])
        for each in added:
            self._add(each, language, share, known, worth, meant[each.term])
        self.ideal += share * (self._family.k1 + 1) * sum(worth.values())

    def _add(
        self, added: Added, language: str, share: float, known: Mapping[str, Term], worth: dict[str, float], term: Term
    ) -> None:
        """Ask for a term that means the same as some asked for. It gives less than the best of those the index knows,
        however rare it is; when the index knows none of them, it stands for them in the ideal."""
        asked = [each for each in added.asked if each in known]
        if not asked or not term.frequency or added.term in known:
            return
        present = [known[each].most for each in asked if known[each].frequency]
        weight = added.weight * min(1.0, max(present) / term.most if present else 1.0)
        if not present:
            for each in asked:
                worth[each] = min(worth[each], added.weight * term.most)
        self._keys.append((language, added.term))
        self._shares.append(share * weight)
        self._terms.append(term)

    def own_score(self, counts: Mapping[Key, int], average: Mapping[str, float]) -> float:
        """The score of a document that would hold the terms of the question, and nothing else, in the field where each
        weighs most. `counts`: how often each occurs in the question; `average`: per language, the field's length."""
        family = self._family
        lengths = {lang: sum(count for (own, _), count in counts.items() if own == lang) for lang in average}
        total = 0.0
        for key, share, term in zip(self._keys, self._shares, self._terms, strict=True):
            lang, count = key[0], counts.get(key, 0)  # none for what was added
            norm = family.k1 * (1 - family.b + family.b * lengths[lang] / average[lang])
            total += share * term.most * count * (family.k1 + 1) / (count + norm)
        return total

    def hits(self, limit: int) -> Gains:
        """The best documents, best first, and what each term gave them. In big sources only nearly always exactly
        those."""
        if len(self._keys) <= RAREST or self._source.size(self._family.kind) <= PRUNED_ABOVE:
            return self.gains(self.exact_best(limit)).best(limit)
        known = [row for row, term in enumerate(self._terms) if term.frequency]
        rarest = nsmallest(RAREST, known, key=lambda row: self._terms[row].frequency)
        return self.gains(self._best(self._joined(sorted(rarest)), max(RESCORED, limit))).best(limit)

    def best(self, limit: int) -> Places:
        """Where the same documents stand, best first."""
        if len(self._keys) <= RAREST or self._source.size(self._family.kind) <= PRUNED_ABOVE:
            return self.exact_best(limit)
        return self.hits(limit).places

    def exact_best(self, limit: int) -> Places:
        """Where the best documents stand, whatever the size."""
        return self._best(self._everything(), limit)

    def gains(self, places: Places) -> Gains:
        """What each term gives to the living documents at `places`."""
        matrix = np.zeros((len(self._keys), len(places)))
        if len(places):
            look_up(matrix, places, self._source.places, self._everything())
        return Gains(places, self._keys, matrix)

    def _everything(self) -> Joined:
        if self._all is None:
            self._all = self._joined(range(len(self._keys)))
        return self._all

    def _joined(self, rows: Iterable[int]) -> Joined:
        terms, shares = self._terms, self._shares
        return join([(row, shares[row], terms[row].short, terms[row].long) for row in rows])

    def _best(self, terms: Joined, limit: int) -> Places:
        source = self._source
        sums = sums_of_this_thread(source.places)
        ranges = source.ranges(self._family.kind)
        for start, end in ranges:
            sums[start:end] = 0
        add(sums, terms)
        if len(source.deleted):
            sums[source.deleted] = 0
        return best(sums, ranges, limit)


def idf(size: int, frequency: int) -> float:
    """What a term is worth that `frequency` of `size` documents hold."""
    if not frequency:
        return math.log(size + 1)
    return math.log(1 + (max(size, frequency) - frequency + 0.5) / (frequency + 0.5))


def _most_telling(known: Mapping[str, Term], weights: Mapping[str, float], most: int) -> dict[str, Term]:
    """The most telling of those the index knows, then those it does not know."""
    chosen = nsmallest(
        most, known, key=lambda term: (not known[term].frequency, -weights[term] * known[term].most, term)
    )
    return {term: known[term] for term in chosen}

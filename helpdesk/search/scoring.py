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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.adding import Joined, add, join, look_up
from helpdesk.search.equivalents import Added
from helpdesk.search.prepared import Family, Prepared, Source, Term
from helpdesk.search.query import Key, Query
from helpdesk.search.top import Places, best, sums_of_this_thread

PRUNED_ABOVE = 300_000
"""Documents of a kind beyond which a long question is first asked with its rarest terms only."""
RAREST = 16
RESCORED = 200
"""How many of the documents found with the rarest terms are then scored with all of them, at least."""


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
        return self.pruned(limit)

    def pruned(self, limit: int) -> Gains:
        """The best of the documents that are found with the rarest terms, scored with all of them."""
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


def _most_telling(known: Mapping[str, Term], weights: Mapping[str, float], most: int) -> dict[str, Term]:
    """The most telling of those the index knows, then those it does not know."""
    chosen = nsmallest(
        most, known, key=lambda term: (not known[term].frequency, -weights[term] * known[term].most, term)
    )
    return {term: known[term] for term in chosen}

"""What an index offers to the scorer, and what the scorer makes of its terms before any question is asked. Pure.

See `scoring` for the formula, of which everything that does not depend on the question is worked out here once.
"""

import math
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.adding import Long, Short, Slice, is_short, shortened
from helpdesk.search.curves import Curve
from helpdesk.search.top import Places

MOST_POSTINGS_KEPT = 120_000
"""Of a family in one language: 8 bytes each."""
MOST_CURVES_KEPT = 100


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
        short: list[tuple[int, Long]] = []
        known: list[_Making] = []
        for term, parts in made.items():
            found = self._source.find(name, self._language, term)
            if found is not None:
                factor = self._family.fields[name] * idf(self._size, found.frequency) ** self._family.power
                parts.frequency, parts.most = max(parts.frequency, found.frequency), max(parts.most, factor)
                for start, postings in found.slices:
                    one = Long(curve, factor, start, postings)
                    if is_short(postings, self._size):
                        short.append((len(known), one))
                    else:
                        parts.long.append(one)
                known.append(parts)
        self._kept += sum(len(one.postings.numbers) for _, one in short)
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


def idf(size: int, frequency: int) -> float:
    """What a term is worth that `frequency` of `size` documents hold."""
    if not frequency:
        return math.log(size + 1)
    return math.log(1 + (max(size, frequency) - frequency + 0.5) / (frequency + 0.5))

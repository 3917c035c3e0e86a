"""The type of our text fields: fed with terms that are ready, or with terms and their weights. No analysis.

This module must never move or be renamed, and neither must its classes: Whoosh pickles the schema into every index, and
an index whose classes can't be imported can't be opened. Their attributes stay as they are for the same reason;
whatever else changes, SCHEMA_VERSION in `whoosh_fields` is raised and indexes are built anew.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from whoosh import fields, formats

Terms = Sequence[str] | Mapping[str, float]
Posting = tuple[bytes, float, float, bytes]


class Counts(formats.Format):
    """Postings that carry nothing but how often or how strongly the term occurs."""

    posting_size = 0

    def decode_frequency(self, value: bytes) -> int:
        raise NotImplementedError("the codec keeps the frequency: ask the matcher for its weight")


class Places(formats.Format):
    """Postings that carry the places of the term in the text, for phrases: gaps of 7 bits a byte, low ones first."""

    posting_size = -1

    def encode(self, places: Iterable[int]) -> bytes:
        encoded = bytearray()
        before = 0
        for place in places:
            gap, before = place - before, place
            while gap > 127:
                encoded.append(gap & 127 | 128)
                gap >>= 7
            encoded.append(gap)
        return bytes(encoded)

    def decode_positions(self, value: bytes) -> list[int]:
        places = []
        place = gap = shift = 0
        for byte in value:
            gap |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                place += gap
                places.append(place)
                gap = shift = 0
        return places

    def decode_frequency(self, value: bytes) -> int:
        return sum(byte < 128 for byte in value)


class TERMS(fields.FieldType):
    """A field whose value is a sequence of terms in order, or a mapping of terms to weights above 0."""

    def __init__(self, places: bool = False) -> None:
        """`places`: keep where each term stands, so that phrases can be searched. Not for weights."""
        super().__init__(Places() if places else Counts(), analyzer=None, scorable=True)

    def index(self, value: Terms, **_options: Any) -> Iterator[Posting]:
        """(term, frequency, weight, value): the frequencies add up to the length of the field."""
        found = self.indexed(value)
        values = found.values or [b""] * len(found.weights)
        return ((t, w, float(w), kept) for (t, w), kept in zip(found.weights.items(), values, strict=True))

    def indexed(self, value: Terms) -> "Indexed":
        """The same in columns."""
        if isinstance(value, Mapping):
            if self.format.posting_size or any(weight <= 0 for weight in value.values()):
                raise ValueError("weights must be above 0, in a field without places")
            return Indexed({term.encode(): weight for term, weight in value.items()}, [], sum(value.values()))
        if isinstance(value, str):
            raise TypeError("a text must be cut into terms first")
        terms = list(map(str.encode, value))
        if not self.format.posting_size:
            return Indexed(Counter(terms), [], len(terms))
        places: defaultdict[bytes, list[int]] = defaultdict(list)
        for place, term in enumerate(terms):
            places[term].append(place)
        weights = {term: len(at) for term, at in places.items()}
        return Indexed(weights, list(map(self.format.encode, places.values())), len(terms))


class Indexed(NamedTuple):
    """The different terms of one field of a document."""

    weights: Mapping[bytes, float]
    values: list[bytes]
    """One for each term, in a field that keeps them."""
    length: float


def indexed(field: Any, value: Any) -> Indexed:
    """The terms of a value for any field."""
    if isinstance(field, TERMS):
        return field.indexed(value)
    found = {term: (count, weight, kept) for term, count, weight, kept in field.index(value)}
    weights = {term: weight for term, (_, weight, _) in found.items()}
    return Indexed(weights, [kept for _, _, kept in found.values()], sum(count for count, _, _ in found.values()))

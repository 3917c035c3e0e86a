"""One segment of a Whoosh index as the scorer needs it.

A segment never changes once it is written, deletions apart: what is read from it is kept for as long as it is part of
the index, over all commits in between. `Segment` holds that; `Leaf` adds what holds for one generation.
"""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh.reading import SegmentReader

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.postings import Postings
from helpdesk.search.whoosh_codec import BYTE_LENGTHS
from helpdesk.search.whoosh_dictionary import ArrayTermsReader, DictionaryKey
from helpdesk.search.whoosh_documents import Documents, DocumentsReader

MOST_TERMS_KEPT = 30_000
MOST_DOCUMENTS_KEPT = 2_000

_NOBODY = np.empty(0, np.intp)


class Stored(NamedTuple):
    """What is kept with a document."""

    key: str
    number: int
    """The id at the end of the key; 0 when there is none."""
    credits: Mapping[int, float]
    source: str
    """What stands in the key before the id: "ticket" in "precedent:ticket:5"."""
    sizes: tuple[int, ...] = ()
    """See `alike.sizes_of`."""


def _stored(kept: Mapping[str, Any]) -> Stored:
    facts = json.loads(kept["facts"]) if "facts" in kept else {}
    beginning, _, number = kept["key"].rpartition(":")
    credited = {int(person): float(strength) for person, strength in facts.get("credits", {}).items()}
    sizes = tuple(facts.get("sizes", ()))
    source = beginning.rpartition(":")[2]
    return Stored(kept["key"], int(number) if number.isdecimal() else 0, MappingProxyType(credited), source, sizes)


class Segment:
    """What a segment holds, dead documents included. Any number of threads may read it at once."""

    def __init__(self, reader: SegmentReader) -> None:
        self.name: str = reader.segment().segment_id()
        self.size: int = reader.doc_count_all()
        self._terms: ArrayTermsReader = reader._terms
        self.fields = self._terms.carried
        self._documents: Documents = reader._perdoc.documents
        self._known: dict[DictionaryKey, int | Postings | None] = {}
        self._totals: dict[str, float] = {}
        self._stored: dict[int, Stored] = {}
        # Opened now: a writer that merges may remove the file as soon as it has written its own.
        columns: DocumentsReader = reader._perdoc
        self._columns = {name: columns.column(name) for name in layout.COLUMNS}

    def key(self, field: str, term: str) -> DictionaryKey:
        """What to look a term up with, in any segment of the index."""
        return self._terms.key(field, term)

    def postings(self, key: DictionaryKey) -> Postings | None:
        """The postings of a term, as views of the file. What is kept is where they stand, or they themselves if they
        carry values: to look a term up takes longer than to score it, to make two views does not, and they are big."""
        try:
            found = self._known[key]
        except KeyError:
            if len(self._known) >= MOST_TERMS_KEPT:
                self.forget()
            found = self._known[key] = self._terms.offset(key)
        if not isinstance(found, int):
            return found
        postings = self._terms.postings(found)
        if postings.values is not None:
            self._known[key] = postings
        return postings

    def forget(self) -> None:
        """Drop what is known of terms."""
        self._known = {}

    def lengths(self, field: str) -> NDArray[np.uint8]:
        return self._documents.lengths(field)

    def total_length(self, field: str) -> float:
        """The lengths of a field in all documents together."""
        if field not in self._totals:
            counts = np.bincount(self.lengths(field), minlength=256)
            self._totals[field] = float(counts @ BYTE_LENGTHS)
        return self._totals[field]

    def column(self, name: str) -> NDArray[np.uint32]:
        """The numbers of a column, as they lie in the file; 0 where there is none."""
        return self._columns[name]

    def beginning_with(self, field: str, start: str) -> Iterator[Postings]:
        """The postings of every term of a field that begins so."""
        return self._terms.beginning_with(field, start)

    def stored(self, number: int) -> Stored:
        found = self._stored.get(number)
        if found is None:
            if len(self._stored) >= MOST_DOCUMENTS_KEPT:
                self._stored = {}
            found = self._stored[number] = _stored(self._documents.stored(number))
        return found


class Leaf:
    """A segment in one generation of the index: where its documents stand, and which of them are dead."""

    def __init__(self, segment: Segment, reader: SegmentReader, start: int) -> None:
        self.segment = segment
        dead = reader.segment().deleted_docs()
        self.start = start
        self.dead = np.array(sorted(dead), np.intp) if reader.has_deletions() else _NOBODY
        self._dead_of: dict[str, NDArray[np.intp]] = {}

    def living(self, kind: str) -> int:
        everybody = self.everybody(kind)
        return self.living_among(everybody, kind) if everybody else 0

    def living_among(self, postings: Postings, kind: str) -> int:
        """How many living documents these postings, of a field of documents of a kind, point to."""
        count = len(postings.numbers)
        if not len(self.dead):
            return count
        dead = self._dead_ones(kind)
        return count - _common(postings.numbers, dead) if len(dead) else count

    def total_length(self, field: str, kind: str) -> float:
        """The lengths of a field, which documents of `kind` carry, in living documents together."""
        total = self.segment.total_length(field)
        dead = self._dead_ones(kind)
        return total - float(BYTE_LENGTHS[self.segment.lengths(field)[dead]].sum()) if len(dead) else total

    def everybody(self, kind: str) -> Postings | None:
        """The documents of a kind, dead ones included."""
        return self.segment.postings(self.segment.key("kind", kind))

    def _dead_ones(self, kind: str) -> NDArray[np.intp]:
        """The dead documents of a kind: mostly none, because tickets change and people and answers hardly do."""
        if not len(self.dead):
            return self.dead
        if kind not in self._dead_of:
            everybody = self.everybody(kind)
            found = np.isin(self.dead, everybody.numbers) if everybody else np.zeros(len(self.dead), bool)
            self._dead_of[kind] = self.dead[found]
        return self._dead_of[kind]


def _common(numbers: NDArray[np.uint32], dead: NDArray[np.intp]) -> int:
    """How many of the ascending `numbers` are among the ascending `dead`."""
    few, many = (dead.astype(np.uint32), numbers) if len(dead) < len(numbers) else (numbers, dead.astype(np.uint32))
    at = np.minimum(np.searchsorted(many, few), len(many) - 1)
    return int(np.count_nonzero(many[at] == few))

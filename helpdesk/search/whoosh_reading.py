"""One open state of a Whoosh index, shared by all threads of a process: what the scorer asks of it, and the watermark.

Everything is read through memory maps and without file positions, so threads don't disturb one another. It is never
closed: files and maps go with the last reference, so that a search that runs meanwhile ends undisturbed.
"""

from collections.abc import MutableMapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.index import TOC, FileIndex

from helpdesk.search import prepared, whoosh_staff
from helpdesk.search import whoosh_fields as layout
from helpdesk.search.adding import Slice
from helpdesk.search.asked import asked
from helpdesk.search.curves import Curve
from helpdesk.search.index import EVERYTHING, Found, FoundPage, Narrowing
from helpdesk.search.postings import TornPostings
from helpdesk.search.top import Places, aligned, whole_blocks
from helpdesk.search.whoosh_codec import BYTE_LENGTHS
from helpdesk.search.whoosh_dictionary import DictionaryKey
from helpdesk.search.whoosh_segments import Leaf, Segment, Stored

MOST_READABLES_KEPT = 96
"""One byte a document each, three for a person."""

Mask = NDArray[np.bool_]


class TornSegment(TornPostings):
    """A file of a segment is shorter or longer than it was when it was committed."""


class Snapshot:
    """The index as it was at one generation. It is the `prepared.Source` of its questions."""

    byte_lengths: NDArray[np.float64] = BYTE_LENGTHS

    def __init__(self, index: FileIndex, before: "Snapshot | None" = None, contents: TOC | None = None) -> None:
        """Open the latest generation of `index`, or the one with these `contents`; what `before` has read of segments
        that are still there is kept.

        Raises FileNotFoundError when a writer removes files meanwhile, and other things when they are torn.
        """
        contents = contents or index._read_toc()
        self._reader = index._reader(index.storage, contents.schema, contents.segments, contents.generation)
        readers = [reader for reader, _ in self._reader.leaf_readers() if hasattr(reader, "_perdoc")]
        opened = {leaf.segment.name: leaf.segment for leaf in before.leaves} if before else {}
        segments = [opened.get(reader.segment().segment_id()) or _checked(reader, index) for reader in readers]
        starts = [0, *accumulate(aligned(segment.size) for segment in segments)]
        self.leaves: Sequence[Leaf] = [Leaf(*one) for one in zip(segments, readers, starts, strict=False)]
        self.places: int = starts[-1]
        self._starts = np.array(starts[:-1], np.intp)
        self.deleted: Places = np.concatenate([np.empty(0, np.intp), *(leaf.start + leaf.dead for leaf in self.leaves)])
        self._ranges: dict[str, Sequence[tuple[int, int]]] = {}
        self.curves: MutableMapping[tuple[float, float, float], Curve] = before.curves if before else {}
        self.prepared: MutableMapping[tuple[prepared.Family, str], prepared.Prepared] = {}
        self._sizes: dict[str, int] = {}
        self._averages: dict[str, float] = {}
        self._carriers: dict[str, list[Leaf]] = {}
        self._readables: dict[tuple[frozenset[str], layout.Tier], Sequence[Mask]] = {}

    # --- what the scorer asks

    def size(self, kind: str) -> int:
        if kind not in self._sizes:
            self._sizes[kind] = sum(leaf.living(kind) for leaf in self.leaves)
        return self._sizes[kind]

    def ranges(self, kind: str) -> Sequence[tuple[int, int]]:
        if kind not in self._ranges:
            held = [(leaf.start, found) for leaf in self.leaves if (found := leaf.everybody(kind)) is not None]
            self._ranges[kind] = whole_blocks((start + found.first, start + found.last + 1) for start, found in held)
        return self._ranges[kind]

    def average(self, name: str, language: str) -> float:
        field = layout.field_name(name, language)
        if field not in self._averages:
            kind = layout.KIND_OF_FIELD[name]
            total = sum(leaf.total_length(field, kind) for leaf in self.leaves)
            size = self.size(kind)
            self._averages[field] = total / size if total and size else 1.0
        return self._averages[field]

    def find(self, name: str, language: str, term: str) -> prepared.Found | None:
        field, kind = layout.field_name(name, language), layout.KIND_OF_FIELD[name]
        frequency = 0
        slices = []
        key = self.dictionary_key(field, term)
        if key is None:
            return None
        for leaf in self._carrying(field):
            postings = leaf.segment.postings(key)
            living = leaf.living_among(postings, kind) if postings is not None else 0
            if postings is not None and living:
                frequency += living
                slices.append(Slice(leaf.start, postings))
        return prepared.Found(frequency, slices) if slices else None

    def dictionary_key(self, field: str, term: str) -> DictionaryKey | None:
        return self.leaves[0].segment.key(field, term) if self.leaves else None

    def _carrying(self, field: str) -> list[Leaf]:
        """The segments that know a field: most small ones hold one kind of documents."""
        found = self._carriers.get(field)
        if found is None:
            found = self._carriers[field] = [leaf for leaf in self.leaves if field in leaf.segment.fields]
        return found

    def forget_terms(self) -> None:
        """Drop what is kept of terms; all else stays."""
        for family in self.prepared.values():
            family.forget()
        for leaf in self.leaves:
            leaf.segment.forget()

    # --- what is kept with documents

    def stored(self, places: Places) -> list[Stored]:
        """What is kept with the documents at some places."""
        listed = places.tolist()
        found = np.searchsorted(self._starts, places, side="right") - 1
        leaves = self.leaves
        return [
            leaves[number].segment.stored(place - leaves[number].start)
            for number, place in zip(found.tolist(), listed, strict=True)
        ]

    def numbers_of(self, key: str) -> list[int]:
        """Whoosh's numbers of the living documents with a key: one at most, unless the index is broken."""
        wanted = self.dictionary_key("key", key)
        found: list[int] = []
        if wanted is None:
            return found
        offset = 0
        for leaf in self.leaves:
            postings = leaf.segment.postings(wanted)
            if postings is not None:
                alive = set(postings.numbers.tolist()).difference(leaf.dead.tolist())
                found += [offset + number for number in sorted(alive)]
            offset += leaf.segment.size
        return found

    def watermark(self) -> int:
        numbers = self.numbers_of(layout.META)
        if len(numbers) != 1:
            raise LookupError(f"the index carries {len(numbers)} watermarks")
        return int(layout.watermark_of(self._reader.stored_fields(numbers[0])))

    # --- the staff's search

    def staff_search(
        self,
        words: str,
        allowed: frozenset[str],
        limit: int,
        after: Found | None = None,
        narrowing: Narrowing = EVERYTHING,
    ) -> FoundPage:
        return whoosh_staff.find(self, asked(words), allowed, limit, after, narrowing)

    def readable(self, allowed: frozenset[str], tier: layout.Tier) -> Sequence[Mask]:
        """By segment, the living documents that carry one of the keys; kept, because people search more than once."""
        found = self._readables.get((allowed, tier))
        if found is None:
            if len(self._readables) >= MOST_READABLES_KEPT:
                self._readables.clear()
            keys = [key for reader in allowed if (key := self.dictionary_key(tier.readers, reader)) is not None]
            found = self._readables[allowed, tier] = [_marked(leaf, keys) for leaf in self.leaves]
        return found


def _marked(leaf: Leaf, keys: Sequence[DictionaryKey]) -> Mask:
    marked = np.zeros(leaf.segment.size, bool)
    for key in keys:
        postings = leaf.segment.postings(key)
        if postings is not None:
            marked[postings.numbers] = True
    marked[leaf.dead] = False
    return marked


def _checked(reader: Any, index: FileIndex) -> Segment:
    if not reader.segment().is_whole(index.storage):
        raise TornSegment(f"files of {reader.segment().segment_id()} are not as they were written")
    return Segment(reader)

"""A Whoosh codec whose posting lists are the memory-mapped arrays of `postings`.

Term dictionary, stored fields, columns, deletions, merging and table of contents are Whoosh's own. Segments must be
written by the ArrayWriter of `whoosh_writing`.

This module must never move or be renamed, and neither must ArrayCodec and ArraySegment: Whoosh pickles them into every
index (see `whoosh_terms`).
"""

from collections.abc import Iterable
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from whoosh.codec.whoosh3 import W3Codec, W3Segment
from whoosh.util.numeric import byte_to_length

from helpdesk.search import bundle
from helpdesk.search.pool import Pool
from helpdesk.search.postings import Postings, unpack
from helpdesk.search.whoosh_dictionary import ArrayTermsReader, cut, infos, write
from helpdesk.search.whoosh_documents import DocumentsReader, DocumentsWriter
from helpdesk.search.whoosh_matcher import ArrayMatcher

BYTE_LENGTHS = np.array([byte_to_length(byte) for byte in range(256)], np.float64)
"""The length each length byte stands for: exact up to 10, then rounded down to within 4 %."""


class ArrayCodec(W3Codec):
    """See the module."""

    def per_document_writer(self, storage: Any, segment: Any) -> DocumentsWriter:
        return DocumentsWriter(storage, segment)

    def per_document_reader(self, storage: Any, segment: Any) -> DocumentsReader:
        return DocumentsReader(storage, segment)

    def field_writer(self, storage: Any, segment: Any) -> "ArrayFieldWriter":
        return ArrayFieldWriter(storage, segment)

    def terms_reader(self, storage: Any, segment: Any) -> "ArrayTermsReader":
        """The dictionary of a segment, opened once in a process: it never changes, and opening takes long."""
        key = (storage.folder, segment.segment_id())
        reader = _opened.get(key)
        if reader is None:
            name = segment.make_filename(self.TERMS_EXT)
            postings = segment.open_file(storage, self.POSTS_EXT)
            reader = ArrayTermsReader(self, storage.open_file(name), storage.file_length(name), postings)
            _opened[key] = reader
        return reader

    def postings_reader(
        self, dbfile: Any, terminfo: Any, format_: Any, term: Any = None, scorer: Any = None
    ) -> "ArrayMatcher":
        return ArrayMatcher(postings_at(dbfile, terminfo), format_, term, scorer)

    def new_segment(self, storage: Any, indexname: str) -> "ArraySegment":
        return ArraySegment(self, indexname)


class ArraySegment(W3Segment):
    """A segment that knows how long its files are, so that torn ones are noticed before they are used."""

    sizes: dict[str, int]

    def measure(self, storage: Any) -> None:
        """Note the sizes of all files of this segment: it is complete."""
        self.sizes = {name: storage.file_length(name) for name in self.list_files(storage)}

    def is_whole(self, storage: Any) -> bool:
        """Raises FileNotFoundError when a file is gone, which a writer that merges may do at any time."""
        return all(storage.file_length(name) == size for name, size in self.sizes.items())


def postings_at(dbfile: Any, terminfo: Any) -> Postings:
    """The posting list a term's entry in the dictionary points to. Raises TornPostings."""
    return unpack(dbfile._buf, terminfo.extent()[0])


_opened: "WeakValueDictionary[tuple[str, str], ArrayTermsReader]" = WeakValueDictionary()
"""By folder and name of the segment, which is never given twice."""


class ArrayFieldWriter:
    """Writes the terms of some pools."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._segment = segment
        self._storage = storage
        self._terms = segment.create_file(storage, ArrayCodec.TERMS_EXT)
        self._postings = segment.create_file(storage, ArrayCodec.POSTS_EXT)
        self.is_closed = False

    def add_postings(self, schema: Any, _lengths: Any, pools: Iterable[Pool]) -> None:
        # Every segment numbers all fields of the schema alike, and says which of them it holds.
        numbers = {name: number for number, name in enumerate(sorted(schema.names()))}
        entries: list[tuple[bytes, bytes]] = []
        carried = set()
        end = 0
        for pool in pools:
            for terms, lists in pool.bundles():
                packed, offsets, lengths = bundle.lay_out(lists)
                self._postings.write(packed)
                named = [pool.terms[number] for number in terms.tolist()]
                carried.update({field for field, _ in named})
                keys = [numbers[field].to_bytes(2, "big") + term for field, term in named]
                entries += zip(keys, cut(infos(lists, end + offsets, lengths)), strict=True)
                end += len(packed)
        write(self._terms, sorted(entries), {"fieldmap": numbers, "carried": sorted(carried)})

    def close(self) -> None:
        self._terms.close()
        self._postings.close()
        self.is_closed = True
        self._segment.measure(self._storage)  # the last files of the segment to be closed


def keeps_values(format_: Any) -> bool:
    """Whether postings of this format carry more than the frequency, which the codes hold."""
    size = format_.fixed_value_size()
    return size is None or size < 0

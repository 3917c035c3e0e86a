"""A Whoosh codec whose posting lists are the memory-mapped arrays of `postings`.

Term dictionary, stored fields, columns, deletions, merging and table of contents are Whoosh's own. Segments must be
written by the ArrayWriter of `whoosh_writing`.

This module must never move or be renamed, and neither must ArrayCodec and ArraySegment: Whoosh pickles them into every
index (see `whoosh_terms`).
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from hashlib import md5
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3Segment, W3TermInfo, W3TermsReader
from whoosh.filedb.filetables import OrderedHashReader, md5_hash
from whoosh.matching import LeafMatcher, ReadTooFar
from whoosh.util.numeric import byte_to_length

from helpdesk.search.pool import Collected
from helpdesk.search.postings import FEW, Postings, TornPostings, pack, unpack

BYTE_LENGTHS = np.array([byte_to_length(byte) for byte in range(256)], np.float64)
"""The length each length byte stands for: exact up to 10, then rounded down to within 4 %."""

# How Whoosh's hash file writes a table (position, slots), a slot (hash, position), the lengths of key and value, and
# the place of the postings.
_TABLE = struct.Struct("!qi")
_POINTER = struct.Struct("!Iq")
_LENGTHS = struct.Struct("!ii")
_OFFSET = struct.Struct("!q")

_BLOCK = 128
"""Postings that a matcher turns into Python numbers at once."""


class ArrayCodec(W3Codec):
    """See the module."""

    def field_writer(self, storage: Any, segment: Any) -> "ArrayFieldWriter":
        return ArrayFieldWriter(self, storage, segment)

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


class _Tables(OrderedHashReader):
    """Whoosh's hash file, whose directory is read at once instead of in 256 small reads for each opening."""

    def __init__(self, dbfile: Any, length: int) -> None:
        self.dbfile = dbfile
        self.startoffset = 0
        self.is_closed = False
        buffer = dbfile._buf
        if bytes(buffer[:4]) != b"HSH3" or buffer[4] != 0:
            raise TornPostings("this is not a dictionary")
        self.hashtype, self.hashfn, self.startofdata = 0, md5_hash, 13
        extras = length - 4 - dbfile.get_int(length - 4)
        dbfile.seek(extras)
        self._read_extras()
        self.tables = list(_TABLE.iter_unpack(buffer[extras - 256 * _TABLE.size : extras]))
        self.endofdata = self.tables[0][0]


class DictionaryKey(NamedTuple):
    key: bytes
    hashed: int


class ArrayTermsReader(W3TermsReader):
    """Whoosh's dictionary, with a short way to the postings of a term.

    The dictionary is a file of 256 hash tables. Whoosh finds a term in 20 small reads and unpacks all it knows of it;
    here the same tables are walked in the memory map, for the one number that is wanted.
    """

    def __init__(self, codec: Any, dbfile: Any, length: int, postfile: Any) -> None:
        self._codec = codec
        self._dbfile = dbfile
        self._postfile = postfile
        self._tindex = _Tables(dbfile, length)
        self._fieldmap = self._tindex.extras["fieldmap"]
        self._fieldunmap = sorted(self._fieldmap, key=self._fieldmap.__getitem__)

    @property
    def carried(self) -> frozenset[str]:
        """The fields that some document of the segment has."""
        return frozenset(self._tindex.extras["carried"])

    def close(self) -> None:
        """Others may be reading: file and map go with the last of them."""

    def key(self, field: str, term: str) -> "DictionaryKey":
        """What to look a term up with, here and in all segments of the same schema."""
        key = self._fieldmap[field].to_bytes(2, "big") + term.encode()
        return DictionaryKey(key, int.from_bytes(md5(key, usedforsecurity=False).digest()[-4:], "big"))

    def postings(self, key: "DictionaryKey") -> Postings | None:
        """The postings of a term; None when the segment does not hold it. Raises TornPostings."""
        try:
            position = self._position(*key)
            if position is None:
                return None
            (offset,) = _OFFSET.unpack_from(self._dbfile._buf, position + W3TermInfo._struct.size)
        except struct.error as error:
            raise TornPostings(f"the dictionary is cut short: {error}") from error
        return unpack(self._postfile._buf, offset)

    def beginning_with(self, field: str, start: str) -> Iterator[Postings]:
        """The postings of every term of a field that begins so. Raises TornPostings."""
        if field not in self.carried:
            return
        beginning = start.encode()
        for (name, term), info in self.items_from(field, beginning):
            if name != field or not term.startswith(beginning):
                return
            yield unpack(self._postfile._buf, info.extent()[0])

    def _position(self, key: bytes, wanted: int) -> int | None:
        """Where in the file the entry of a key stands."""
        buffer = self._dbfile._buf
        table, slots = self._tindex.tables[wanted & 255]
        for turn in range(slots):
            slot = ((wanted >> 8) + turn) % slots
            found, position = _POINTER.unpack_from(buffer, table + slot * _POINTER.size)
            if not position:
                return None
            if found == wanted:
                length, _ = _LENGTHS.unpack_from(buffer, position)
                start = int(position) + _LENGTHS.size
                if length == len(key) and buffer[start : start + length] == key:
                    return start + len(key)
        return None


def postings_at(dbfile: Any, terminfo: Any) -> Postings:
    """The posting list a term's entry in the dictionary points to. Raises TornPostings."""
    return unpack(dbfile._buf, terminfo.extent()[0])


def length_bytes(perdoc: Any, field: str, count: int) -> NDArray[np.uint8]:
    """The length byte of a field in each of the `count` documents of a segment; 0 where it is absent."""
    name = f"_{field}_len"
    found = np.zeros(count, np.uint8)
    if perdoc.has_column(name):
        file, start, length = perdoc._get_column_file(name)
        kept = np.frombuffer(file._buf, np.uint8, min(length, count), start)  # absent ones at the end aren't written
        found[: len(kept)] = kept
    return found


def column_of(perdoc: Any, name: str, count: int) -> NDArray[np.uint32]:
    """A column of 32-bit numbers in each of the `count` documents of a segment; 0 where it is absent."""
    if not perdoc.has_column(name):
        return np.zeros(count, np.uint32)
    file, start, length = perdoc._get_column_file(name)
    kept: NDArray[np.uint32] = np.frombuffer(file._buf, ">u4", min(length // 4, count), start)
    if len(kept) == count:
        return kept
    whole = np.zeros(count, np.uint32)  # absent ones at the end aren't written
    whole[: len(kept)] = kept
    return whole


_opened: "WeakValueDictionary[tuple[str, str], ArrayTermsReader]" = WeakValueDictionary()
"""By folder and name of the segment, which is never given twice."""


class ArrayFieldWriter(W3FieldWriter):
    """Writes the terms of a `pool`, in order."""

    def add_postings(self, schema: Any, lengths: Any, items: Iterable[Collected]) -> None:
        count = self._segment.doc_count_all()
        # Every segment numbers all fields of the schema alike, and says which of them it holds.
        self._fieldmap.update((name, number) for number, name in enumerate(sorted(schema.names())))
        carried = self._tindex.extras["carried"] = []
        for field, terms in groupby(items, itemgetter(0)):
            self.start_field(field, schema[field])
            carried.append(field)
            self._postwriter = None  # the posting lists are written here
            self._add_field(terms, length_bytes(lengths, field, count), keeps_values(schema[field].format))
            self.finish_field()

    def _add_field(self, terms: Iterable[Collected], lengths: NDArray[np.uint8], valued: bool) -> None:
        name = self._fieldid.to_bytes(2, "big")
        offset = self._postfile.tell()
        for _, term, numbers, weights, values in terms:
            few = len(numbers) <= FEW
            sizes = [int(lengths[number]) for number in numbers] if few else lengths[np.asarray(numbers)]
            packed = pack(numbers, weights, sizes, values if valued else None)
            self._postfile.write(packed)
            info = _term_info(numbers, weights, int(min(sizes)), int(max(sizes)))
            info.set_extent(offset, len(packed))
            offset += len(packed)
            self._tindex.add(name + term, info.to_bytes())

    def close(self) -> None:
        super().close()
        self._segment.measure(self._storage)  # the last file of the segment to be closed


def keeps_values(format_: Any) -> bool:
    """Whether postings of this format carry more than the frequency, which the codes hold."""
    size = format_.fixed_value_size()
    return size is None or size < 0


def _term_info(numbers: Sequence[int], weights: Sequence[float], shortest: int, longest: int) -> W3TermInfo:
    return W3TermInfo(
        weight=float(sum(weights)),
        df=len(numbers),
        minlength=byte_to_length(shortest),
        maxlength=byte_to_length(longest),
        maxweight=float(max(weights)),
        minid=numbers[0],
        maxid=numbers[-1],
    )


class ArrayMatcher(LeafMatcher):
    """Walks along one posting list, for Whoosh's own queries: phrases, prefixes, all of some words."""

    def __init__(self, postings: Postings, format_: Any, term: Any = None, scorer: Any = None) -> None:
        self.format = format_
        self.scorer = scorer
        self._term = term
        self._postings = postings
        self._count = len(postings.numbers)
        self._at = 0
        self._block = -1
        self._numbers: list[int] = []
        self._weights: list[float] = []
        self._values: list[bytes] | None = None

    def copy(self) -> "ArrayMatcher":
        copied = ArrayMatcher(self._postings, self.format, self._term, self.scorer)
        copied._at = self._at
        return copied

    def is_active(self) -> bool:
        return self._at < self._count

    def reset(self) -> None:
        self._at = 0

    def id(self) -> int:
        at = self._in_block()
        return self._numbers[at]

    def weight(self) -> float:
        at = self._in_block()
        return self._weights[at]

    def value(self) -> bytes | None:
        if self._postings.values is None:
            return None
        if self._values is None:
            self._values = self._postings.values.all()
        return self._values[self._at]

    def all_ids(self) -> Iterator[int]:
        return iter(self._postings.numbers[self._at :].tolist())

    def next(self) -> bool:
        """True when the next posting opens another block."""
        if not self.is_active():
            raise ReadTooFar
        self._at += 1
        return self._at % _BLOCK == 0

    def skip_to(self, target: int) -> None:
        if not self.is_active():
            raise ReadTooFar
        if target > self.id():
            self._at += int(np.searchsorted(self._postings.numbers[self._at :], np.uint32(target)))

    def skip_to_quality(self, minquality: float) -> int:
        skipped = 0
        while self.is_active() and self.block_quality() <= minquality:
            self._at = (self._at // _BLOCK + 1) * _BLOCK
            skipped += 1
        return skipped

    def block_min_id(self) -> int:
        self._in_block()
        return self._numbers[0]

    def block_max_id(self) -> int:
        self._in_block()
        return self._numbers[-1]

    def block_min_length(self) -> int:
        return int(byte_to_length(int((self._block_codes() & 255).min())))

    def block_max_length(self) -> int:
        return int(byte_to_length(int((self._block_codes() & 255).max())))

    def block_max_weight(self) -> float:
        self._in_block()
        return max(self._weights)

    def _in_block(self) -> int:
        """The position within the block, which is read first if it is another one."""
        block = self._at // _BLOCK
        if block != self._block:
            self._block = block
            part = slice(block * _BLOCK, (block + 1) * _BLOCK)
            weights = self._postings.weights
            self._numbers = self._postings.numbers[part].tolist()
            self._weights = (self._postings.codes[part] >> 8 if weights is None else weights[part]).tolist()
        return self._at % _BLOCK

    def _block_codes(self) -> NDArray[np.uint16]:
        start = self._at // _BLOCK * _BLOCK
        return self._postings.codes[start : start + _BLOCK]

"""The dictionary of a segment: Whoosh's own format, written at once and read without detours.

It is a file of 256 hash tables behind the entries, which stand in order. Whoosh writes entry by entry, and finds a term
in 20 small reads; here all that can be is done in whole arrays, and the tables are walked in the memory map.
"""

import pickle
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import W3TermInfo, W3TermsReader
from whoosh.filedb.filetables import OrderedHashReader, crc_hash

from helpdesk.search.bundle import Bundle, Counts
from helpdesk.search.postings import Postings, TornPostings, unpack

# How Whoosh's hash file writes a table (position, slots), a slot (hash, position), the lengths of key and value, and
# the place of the postings.
_TABLE = struct.Struct("!qi")
_POINTER = struct.Struct("!Iq")
_LENGTHS = struct.Struct("!ii")
_OFFSET = struct.Struct("!q")
_START = b"HSH3" + bytes((1,)) + bytes(8)
"""Magic, the kind of hash (CRC 32), and eight bytes nobody uses."""
_INFO = np.dtype(
    [("flags", "u1"), ("weight", ">f4"), ("count", ">u4"), ("shortest", "u1"), ("longest", "u1"), ("highest", ">f4"),
     ("first", ">u4"), ("last", ">u4"), ("offset", ">i8"), ("length", ">i4")]
)  # fmt: skip
"""What Whoosh knows of a term: `W3TermInfo` and its extent."""
_SLOTS = np.dtype([("hash", ">u4"), ("position", ">i8")])
_TABLES = np.dtype([("position", ">i8"), ("slots", ">i4")])
_AT_ONCE = 10_000

Infos = NDArray[np.void]
Entries = Sequence[tuple[bytes, bytes]]


def infos(bundle: Bundle, offsets: Counts, lengths: Counts) -> Infos:
    """What the dictionary says of each list of a bundle."""
    starts = bundle.starts
    found = np.zeros(len(starts), _INFO)
    found["weight"] = np.add.reduceat(bundle.weights, starts, dtype=np.float64)
    found["count"] = bundle.counts
    found["shortest"] = np.minimum.reduceat(bundle.lengths, starts)
    found["longest"] = np.maximum.reduceat(bundle.lengths, starts)
    found["highest"] = np.maximum.reduceat(bundle.weights, starts)
    found["first"], found["last"] = bundle.numbers[starts], bundle.numbers[starts + bundle.counts - 1]
    found["offset"], found["length"] = offsets, lengths
    return found


def cut(found: Infos) -> list[bytes]:
    """Each as the bytes of an entry."""
    whole, size = found.tobytes(), _INFO.itemsize
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def write(dbfile: Any, entries: Entries, extras: Mapping[str, Any]) -> None:
    """Write the dictionary: keys in order, and the values from `cut`. The file is not closed."""
    heads = [
        _LENGTHS.pack(length, _INFO.itemsize) for length in range(max((len(k) for k, _ in entries), default=0) + 1)
    ]
    dbfile.write(_START)
    for start in range(0, len(entries), _AT_ONCE):
        dbfile.write(b"".join([heads[len(key)] + key + value for key, value in entries[start : start + _AT_ONCE]]))
    keys = [key for key, _ in entries]
    ends = len(_START) + np.cumsum([_LENGTHS.size + len(key) + _INFO.itemsize for key in keys], dtype=np.int64)
    places = np.concatenate([[len(_START)], ends])
    end = int(places[-1])
    tables, directory = _hashed(keys, places[:-1], end)
    kind = "I" if end < 2**32 else "q"
    tail = pickle.dumps(dict(extras) | {"indextype": kind, "indexlen": len(keys)}, 2)
    tail += places[:-1].astype(">u4" if kind == "I" else ">i8").tobytes()
    dbfile.write(tables + directory + tail + struct.pack("!i", len(tail)))


def _hashed(keys: Sequence[bytes], places: NDArray[np.int64], end: int) -> tuple[bytes, bytes]:
    """The hash tables, which begin at `end`, and their directory: twice as many slots as entries in each."""
    hashes = np.array([crc32(key) for key in keys], np.int64)
    slots = 2 * np.bincount(hashes & 255, minlength=256)
    starts = np.cumsum(slots) - slots
    taken = bytearray(2 * len(keys))
    where = []
    sizes = slots[hashes & 255]
    homes = (hashes >> 8) % np.maximum(sizes, 1)
    for home, start, size in zip(homes.tolist(), starts[hashes & 255].tolist(), sizes.tolist(), strict=True):
        while taken[start + home]:
            home = (home + 1) % size
        taken[start + home] = 1
        where.append(start + home)
    tables = np.zeros(len(taken), _SLOTS)
    tables["hash"][where], tables["position"][where] = hashes, places
    directory = np.zeros(256, _TABLES)
    directory["position"], directory["slots"] = end + starts * _SLOTS.itemsize, slots
    return tables.tobytes(), directory.tobytes()


class _Tables(OrderedHashReader):
    """Whoosh's hash file, whose directory is read at once instead of in 256 small reads for each opening."""

    def __init__(self, dbfile: Any, length: int) -> None:
        self.dbfile = dbfile
        self.startoffset = 0
        self.is_closed = False
        buffer = dbfile._buf
        if bytes(buffer[: len(_START)]) != _START:
            raise TornPostings("this is not a dictionary")
        self.hashtype, self.hashfn, self.startofdata = 1, crc_hash, len(_START)
        extras = length - 4 - dbfile.get_int(length - 4)
        dbfile.seek(extras)
        self._read_extras()
        self.tables = list(_TABLE.iter_unpack(buffer[extras - 256 * _TABLE.size : extras]))
        self.endofdata = self.tables[0][0]


class DictionaryKey(NamedTuple):
    key: bytes
    hashed: int


class ArrayTermsReader(W3TermsReader):
    """Whoosh's reader, with a short way to the postings of a term."""

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

    def key(self, field: str, term: str) -> DictionaryKey:
        """What to look a term up with, here and in all segments of the same schema."""
        key = self._fieldmap[field].to_bytes(2, "big") + term.encode()
        return DictionaryKey(key, crc32(key))

    def offset(self, key: DictionaryKey) -> int | None:
        """Where the postings of a term stand; None when the segment does not hold it. Raises TornPostings."""
        try:
            position = self._position(*key)
            if position is None:
                return None
            (offset,) = _OFFSET.unpack_from(self._dbfile._buf, position + W3TermInfo._struct.size)
        except struct.error as error:
            raise TornPostings(f"the dictionary is cut short: {error}") from error
        return int(offset)

    def postings(self, offset: int) -> Postings:
        """The postings that stand there. Raises TornPostings."""
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

    def lists(self) -> tuple[list[tuple[str, bytes]], Counts]:
        """All terms with their fields, in order, and where their postings stand."""
        tables = self._tindex
        kind = ">i8" if tables.indexsize == 8 else ">u4"
        buffer = self._dbfile._buf
        starts = np.frombuffer(buffer, kind, tables.indexlen, tables.indexbase).astype(np.intp)
        ends = np.concatenate([starts[1:], [tables.endofdata]]) - _INFO.itemsize
        content = bytes(buffer[: tables.endofdata])
        cuts = zip((starts + _LENGTHS.size).tolist(), ends.tolist(), strict=True)
        names = self._fieldunmap
        terms = [(names[int.from_bytes(content[a : a + 2], "big")], content[a + 2 : b]) for a, b in cuts]
        at = ends + W3TermInfo._struct.size
        offsets = np.frombuffer(content, np.uint8)[at[:, None] + np.arange(_OFFSET.size)].view(">i8").reshape(-1)
        return terms, offsets.astype(np.intp)

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

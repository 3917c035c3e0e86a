"""What a segment keeps by document: the length of each field, and what is stored. One file, used where it is mapped.

    magic, number of documents, place of the directory
    stored      JSON, one document after the other
    ends        uint64 each: where the JSON of a document ends
    lengths     for each field, a byte a document, from the first document that has the field to the last
    directory   JSON: field → place, first document, how many

Columns, if a field of the schema has one, are Whoosh's own.
"""

import json
import struct
from array import array
from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import W3PerDocReader, W3PerDocWriter
from whoosh.filedb import compound
from whoosh.util.numeric import byte_to_length, length_to_byte

from helpdesk.search.postings import TornPostings

EXTENSION = ".doc"
_HEADER = struct.Struct("<4sIQ")
_MAGIC = b"RDO1"


class DocumentsWriter(W3PerDocWriter):
    """Takes documents one by one, or all living ones of another segment."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._storage = storage
        self._segment = segment
        self._file = segment.create_file(storage, EXTENSION)
        self._file.write(bytes(_HEADER.size))
        self._end = _HEADER.size
        self._ends = array("Q")
        self._lengths: dict[str, tuple[int, bytearray]] = {}
        self._cols: Any = None
        self._colwriters: dict[str, Any] = {}
        self._fieldlengths: dict[str, int] = {}
        self._storedfields: dict[str, Any] = {}
        self._doccount = 0
        self._docnum: int | None = None
        self._indoc = False
        self.is_closed = False

    def add_field(self, fieldname: str, fieldobj: Any, value: Any, length: float) -> None:
        if value is not None:
            self._storedfields[fieldname] = value
        if length:
            self._note_length(fieldname, self._doccount - 1, bytes((length_to_byte(length),)))

    def finish_doc(self) -> None:
        kept = json.dumps(self._storedfields).encode() if self._storedfields else b""
        self._file.write(kept)
        self._end += len(kept)
        self._ends.append(self._end)
        self._storedfields = {}
        self._indoc = False

    def take_over(self, reader: "DocumentsReader", alive: NDArray[np.intp]) -> None:
        """The documents `alive` of another segment, in their order."""
        for field in reader.documents.fields:
            lengths = reader.documents.lengths(field)[alive]
            kept = np.flatnonzero(lengths)
            if len(kept):
                self._note_length(field, self._doccount + int(kept[0]), lengths[kept[0] : kept[-1] + 1].tobytes())
        for number in alive.tolist():
            kept_bytes = reader.documents.stored_bytes(number)
            self._file.write(kept_bytes)
            self._end += len(kept_bytes)
            self._ends.append(self._end)
        self._doccount += len(alive)

    def close(self) -> None:
        directory = {}
        place = self._end
        self._file.write(self._ends.tobytes())
        place += 8 * len(self._ends)
        for field, (first, lengths) in self._lengths.items():
            directory[field] = (place, first, len(lengths))
            self._file.write(bytes(lengths))
            place += len(lengths)
            counts = np.bincount(np.frombuffer(lengths, np.uint8), minlength=256)
            self._fieldlengths[field] = int(counts @ np.array([byte_to_length(byte) for byte in range(256)]))
        self._file.write(json.dumps(directory).encode())
        self._file.seek(0)
        self._file.write(_HEADER.pack(_MAGIC, self._doccount, place))
        self._file.close()
        self._segment._fieldlengths = self._fieldlengths
        if self._cols is not None:
            for writer in self._colwriters.values():
                writer.finish(self._doccount)
            self._cols.save_as_files(self._storage, self._column_filename)
        self.is_closed = True

    def _create_column(self, fieldname: str, column: Any) -> None:
        if self._cols is None:
            self._cols = compound.CompoundWriter(self._storage.temp_storage(f"{self._segment.indexname}.tmp"))
        super()._create_column(fieldname, column)

    def _note_length(self, field: str, number: int, lengths: bytes) -> None:
        found = self._lengths.get(field)
        if found is None:
            self._lengths[field] = (number, bytearray(lengths))
        else:
            first, noted = found
            noted.extend(bytes(number - first - len(noted)))
            noted.extend(lengths)


class Documents:
    """The file of a segment. Raises TornPostings when it isn't one."""

    def __init__(self, buffer: Any) -> None:
        self._buffer = memoryview(buffer)
        try:
            magic, count, directory = _HEADER.unpack_from(self._buffer)
            if magic != _MAGIC:
                raise TornPostings("no documents where they should be")
            self.fields: dict[str, tuple[int, int, int]] = json.loads(bytes(self._buffer[directory:]))
            place = min([place for place, _, _ in self.fields.values()], default=directory) - 8 * count
            self._ends = np.frombuffer(self._buffer, "<u8", count, place)
        except (struct.error, ValueError) as error:
            raise TornPostings(f"the documents are cut short: {error}") from error
        self.count = count

    def lengths(self, field: str) -> NDArray[np.uint8]:
        """The length byte of a field in each document; 0 where it is absent."""
        found = np.zeros(self.count, np.uint8)
        if field in self.fields:
            place, first, count = self.fields[field]
            found[first : first + count] = np.frombuffer(self._buffer, np.uint8, count, place)
        return found

    def length(self, field: str, number: int) -> int:
        """The same for one document."""
        place, first, count = self.fields.get(field, (0, 0, 0))
        at = number - first
        return int(self._buffer[place + at]) if 0 <= at < count else 0

    def stored_bytes(self, number: int) -> bytes:
        start = int(self._ends[number - 1]) if number else _HEADER.size
        return bytes(self._buffer[start : int(self._ends[number])])

    def stored(self, number: int) -> dict[str, Any]:
        kept = self.stored_bytes(number)
        found: dict[str, Any] = json.loads(kept) if kept else {}
        return found


class DocumentsReader(W3PerDocReader):
    """The documents of a segment, with the deletions of one generation."""

    def __init__(self, storage: Any, segment: Any) -> None:
        super().__init__(storage, segment)
        key = (storage.folder, segment.segment_id())
        known = _opened.get(key)
        if known is None:
            known = _opened[key] = Documents(segment.open_file(storage, EXTENSION)._buf)
        self.documents = known

    def column(self, name: str) -> NDArray[np.uint32]:
        """A column of 32-bit numbers, as it lies in its file; 0 where a document has none."""
        count = self.documents.count
        if not self.has_column(name):
            return np.zeros(count, np.uint32)
        file, start, length = self._get_column_file(name)
        kept: NDArray[np.uint32] = np.frombuffer(file._buf, ">u4", min(length // 4, count), start)
        if len(kept) == count:
            return kept
        whole = np.zeros(count, np.uint32)  # absent ones at the end aren't written
        whole[: len(kept)] = kept
        return whole

    def close(self) -> None:
        """Others may be reading: file and map go with the last of them."""

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        return int(byte_to_length(self.documents.length(fieldname, docnum))) or default

    def min_field_length(self, fieldname: str) -> int:
        return int(byte_to_length(int(self.documents.lengths(fieldname).min(initial=255))))

    def max_field_length(self, fieldname: str) -> int:
        return int(byte_to_length(int(self.documents.lengths(fieldname).max(initial=0))))

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        return self.documents.stored(docnum)

    def iter_docs(self) -> Iterator[tuple[int, dict[str, Any]]]:
        return ((number, self.documents.stored(number)) for number in self.all_doc_ids())


_opened: "WeakValueDictionary[tuple[str, str], Documents]" = WeakValueDictionary()
"""By folder and name of the segment, which is never given twice."""

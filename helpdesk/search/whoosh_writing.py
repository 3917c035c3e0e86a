"""Filling a Whoosh index: one batch per commit, its watermark included, or a whole build. For one writer at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh.index import TOC, FileIndex, LockError
from whoosh.reading import SegmentReader
from whoosh.util.numeric import length_to_byte
from whoosh.writing import SegmentWriter

from helpdesk.search import bundle
from helpdesk.search import whoosh_fields as layout
from helpdesk.search.index import Change, IndexBusy
from helpdesk.search.pool import Pool
from helpdesk.search.whoosh_codec import ArrayCodec, keeps_values
from helpdesk.search.whoosh_compat import DurableStorage, merge_tiers, sweep
from helpdesk.search.whoosh_reading import Snapshot
from helpdesk.search.whoosh_terms import indexed

NAME = "MAIN"
COLLECTED = 256 * 2**20
"""Bytes of postings that are kept in memory, about; beyond, they go to the disk in sorted runs: a rebuild takes hardly
more memory for a million documents than for a hundred thousand."""


class ArrayWriter(SegmentWriter):
    """Whoosh's writer with our codec and pools, and short ways for documents and for segments that are merged.

    Raises LockError when another writer is still at work after some seconds.
    """

    def __init__(self, index: FileIndex, seconds: float = 0.0) -> None:
        # In a compound file the arrays would not be aligned.
        super().__init__(index, timeout=seconds, codec=ArrayCodec(), compound=False)
        folder = Path(self.temp_storage().folder)
        self._plain, self._valued = (Pool(folder, COLLECTED // 2, valued) for valued in (False, True))
        self.pool = _Pools(self._plain, self._valued)

    def add_document(self, **values: Any) -> None:
        """A value for each of some fields of the schema."""
        documents, number = self.perdocwriter, self.docnum
        documents.start_doc(number)
        for name in sorted(values):
            field, value = self.schema[name], values[name]
            if value is None:
                continue
            length = 0.0
            if field.indexed:
                found = indexed(field, value)
                length = found.length if field.scorable else 0.0
                pool = self._valued if keeps_values(field.format) else self._plain
                pool.add(name, number, length_to_byte(length), found.weights, found.values)
            documents.add_field(name, field, value if field.stored else None, length)
            if field.column_type:
                documents.add_column_value(name, field.column_type, field.to_column_value(value))
        documents.finish_doc()
        self._added = True
        self.docnum += 1

    def add_reader(self, reader: SegmentReader) -> None:
        """Take over all living documents of a segment."""
        count = reader.doc_count_all()
        alive = np.delete(np.arange(count), list(reader._perdoc.deleted_docs()))
        moved = np.full(count, -1)
        moved[alive] = self.docnum + np.arange(len(alive))
        self.perdocwriter.take_over(reader._perdoc, alive)
        self._take_over_columns(reader, alive)
        terms, offsets = reader._terms.lists()
        with_values = {name for name in reader._terms.carried if keeps_values(self.schema[name].format)}
        valued = np.array([field in with_values for field, _ in terms], bool)
        for pool, own in ((self._plain, np.flatnonzero(~valued)), (self._valued, np.flatnonzero(valued))):
            if len(own):
                order, lists = bundle.read(reader._terms._postfile._buf, offsets[own], pool is self._valued)
                _take_over(pool, [terms[number] for number in own[order].tolist()], lists, moved)
        self.docnum += len(alive)
        self._added = True

    def _take_over_columns(self, reader: SegmentReader, alive: NDArray[np.intp]) -> None:
        first = self.docnum
        for name, field in self.schema.items():
            if field.column_type and reader.has_column(name):
                kept = reader.column_reader(name, translate=False)
                for place, number in enumerate(alive.tolist()):
                    self.perdocwriter._docnum = first + place
                    self.perdocwriter.add_column_value(name, field.column_type, kept[number])


def _take_over(pool: Pool, terms: list[tuple[str, bytes]], lists: bundle.Bundle, moved: NDArray[np.intp]) -> None:
    """Put the lists of some terms into a pool; `moved` leads from the living documents to their new numbers."""
    numbers = moved[lists.numbers]
    living = numbers >= 0
    lists = lists._replace(numbers=numbers.astype(np.uint32))
    if not living.all():
        counts = np.add.reduceat(living, lists.starts, dtype=np.intp)
        kept = np.flatnonzero(counts)
        terms = [terms[number] for number in kept.tolist()]
        lists = lists.filtered(living, counts[kept])
    if terms:
        pool.extend(terms, lists)


class _Pools(NamedTuple):
    """What Whoosh's writer takes for its pool."""

    plain: Pool
    valued: Pool

    def iter_postings(self) -> "_Pools":
        return self

    def cleanup(self) -> None:
        for pool in self:
            pool.cleanup()


def opened(folder: Path) -> FileIndex:
    """The index in a folder. Raises a dozen kinds of exceptions when there is none that can be read, and
    FileNotFoundError also when a writer commits just then."""
    return FileIndex(DurableStorage(str(folder)), indexname=NAME)


def latest_generation(folder: Path) -> int:
    """The number of the latest commit; -1 when there is none."""
    return int(TOC._latest_generation(DurableStorage(str(folder)), NAME))


def fill(folder: Path, documents: Iterable[Mapping[str, Any]], watermark: int) -> None:
    """Make an index of Whoosh documents, which are read one by one, in an empty folder."""
    index = FileIndex.create(DurableStorage(str(folder)), layout.schema(), NAME)
    with _writer(index, 0.0) as writer:
        for document in documents:
            writer.add_document(**document)
        writer.add_document(**layout.meta_document(watermark))


def change(
    index: FileIndex, before: Snapshot | None, changes: Sequence[Change], watermark: int, seconds: float
) -> Snapshot:
    """Make the changes and move the watermark in one commit. `before` may lend what it has read, and the state that
    is returned, from which the commit started, may lend it to the next.

    Waits some seconds for another writer, then raises IndexBusy. Deletions read the state the writer starts from.
    """
    last = {one.key: one for one in changes}
    with _writer(index, seconds) as writer:
        sweep(index.storage)
        snapshot = Snapshot(index, before, TOC(writer.schema, writer.segments, writer.generation))
        for key in (*last, layout.META):
            for number in snapshot.numbers_of(key):
                writer.delete_document(number)
        for one in last.values():
            if one.document is not None:
                writer.add_document(**layout.whoosh_document(one.document))
        writer.add_document(**layout.meta_document(watermark))
    return snapshot


@contextmanager
def _writer(index: FileIndex, seconds: float) -> Iterator[Any]:
    """Commits at the end, or cancels."""
    try:
        writer = ArrayWriter(index, seconds)
    except LockError as failure:
        raise IndexBusy("another process is writing the index") from failure
    try:
        yield writer
    except BaseException:
        writer.cancel()
        raise
    writer.commit(mergetype=merge_tiers)

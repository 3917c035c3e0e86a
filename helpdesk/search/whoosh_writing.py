"""Filling a Whoosh index: one batch per commit, its watermark included, or a whole build. For one writer at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.index import TOC, FileIndex, LockError
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.index import Change, IndexBusy
from helpdesk.search.pool import Pool
from helpdesk.search.postings import Postings
from helpdesk.search.whoosh_codec import ArrayCodec, postings_at
from helpdesk.search.whoosh_compat import DurableStorage, merge_tiers, sweep
from helpdesk.search.whoosh_reading import Snapshot

NAME = "MAIN"
COLLECTED = 256 * 2**20
"""Bytes of postings that are kept in memory, about; beyond, they go to the disk in sorted runs: a rebuild takes hardly
more memory for a million documents than for a hundred thousand."""


class ArrayWriter(SegmentWriter):
    """Whoosh's writer with our codec and pool, and a short way for segments that are merged.

    Raises LockError when another writer is still at work after some seconds.
    """

    def __init__(self, index: FileIndex, seconds: float = 0.0) -> None:
        # In a compound file the arrays would not be aligned.
        super().__init__(index, timeout=seconds, codec=ArrayCodec(), compound=False)
        self.pool = Pool(Path(self.temp_storage().folder), COLLECTED)

    def add_postings_to_pool(self, reader: SegmentReader, startdoc: int, docmap: dict[int, int] | None) -> None:
        """Take over all postings of a segment; `docmap` leads from its living documents to their new numbers."""
        moved = np.arange(startdoc, startdoc + reader.doc_count_all())
        if docmap is not None:
            moved = np.full(reader.doc_count_all(), -1)
            moved[list(docmap)] = list(docmap.values())
        for (field, term), info in reader._terms.items():
            if field in self.schema:
                self._take_over(field, term, postings_at(reader._terms._postfile, info), moved)

    def _take_over(self, field: str, term: bytes, postings: Postings, moved: NDArray[np.intp]) -> None:
        numbers = moved[postings.numbers]
        living = numbers >= 0
        weights = postings.codes >> 8 if postings.weights is None else postings.weights
        values = (
            [value for value, alive in zip(postings.values.all(), living, strict=True) if alive]
            if postings.values
            else []
        )
        if living.any():
            self.pool.extend(field, term, numbers[living].tolist(), weights[living].tolist(), values)


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
        snapshot = Snapshot(index, before)
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

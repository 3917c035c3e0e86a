"""Filling a Whoosh index: one batch per commit, its watermark included, or a whole build. For one writer at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from whoosh.index import FileIndex, LockError
from whoosh.writing import SegmentWriter

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.index import Change, IndexBusy
from helpdesk.search.whoosh_codec import ArrayCodec
from helpdesk.search.whoosh_compat import DurableStorage, merge_tiers, sweep
from helpdesk.search.whoosh_reading import Snapshot

NAME = "MAIN"
SORTING_MEGABYTES = 256
"""Postings are sorted in memory up to this estimate, then in runs on the disk: a rebuild takes no more memory for a
million documents than for a hundred thousand."""


def opened(folder: Path) -> FileIndex:
    """The index in a folder. Raises a dozen kinds of exceptions when there is none that can be read."""
    return FileIndex(DurableStorage(str(folder)), indexname=NAME)


def fill(folder: Path, documents: Iterable[Mapping[str, Any]], watermark: int) -> None:
    """Make an index of Whoosh documents, which are read one by one, in an empty folder."""
    index = FileIndex.create(DurableStorage(str(folder)), layout.schema(), NAME)
    with _writer(index, 0.0) as writer:
        for document in documents:
            writer.add_document(**document)
        writer.add_document(**layout.meta_document(watermark))


def change(
    index: FileIndex, before: Snapshot | None, changes: Sequence[Change], watermark: int, seconds: float
) -> None:
    """Make the changes and move the watermark in one commit. `before` may lend what it has read.

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


@contextmanager
def _writer(index: FileIndex, seconds: float) -> Iterator[Any]:
    """Commits at the end, or cancels."""
    try:
        writer = SegmentWriter(index, timeout=seconds, limitmb=SORTING_MEGABYTES, codec=ArrayCodec(), compound=False)
    except LockError as failure:
        raise IndexBusy("another process is writing the index") from failure
    try:
        yield writer
    except BaseException:
        writer.cancel()
        raise
    writer.commit(mergetype=merge_tiers)

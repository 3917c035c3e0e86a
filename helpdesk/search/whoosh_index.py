"""The index kept by Whoosh: builds side by side in the data folder, one writer, many readers.

    index/CURRENT            the name of the build in use; replaced atomically
    index/0007/              a build: Whoosh's files, and BUILD, the version that made it
    index/.writing           locked while somebody changes a build or swaps in another
    index/.rebuilding        locked while somebody makes a new build

Every reading thread holds its own snapshot, renewed when the generation changed (looked at every half
second at most). Anything that goes wrong on opening means "unusable": the index is derived, the follower
rebuilds it.
"""

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from whoosh.index import FileIndex, LockError

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.index import (
    Change,
    Document,
    Found,
    FoundPage,
    IndexBusy,
    IndexUnusable,
    PeopleFound,
    PersonHit,
    PrecedentHit,
    PrecedentKind,
    PrecedentsFound,
    TopicHit,
    TopicsFound,
)
from helpdesk.search.query import Query
from helpdesk.search.scoring import score
from helpdesk.search.whoosh_compat import DurableStorage, merge_tiers, synchronise
from helpdesk.search.whoosh_reading import Snapshot

NAME = "MAIN"
LOOK_AGAIN = 0.5
"""Seconds a thread trusts its snapshot before asking whether there is a newer one."""
WAIT_FOR_WRITER = 5.0
SORTING_MEGABYTES = 256


class WhooshIndex:
    """See `helpdesk.search.index.Index`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = threading.local()
        self._changes_here = 0
        """Commits made through this object: its own readers see them at once."""

    # --- reading

    def people(self, query: Query, limit: int = 50) -> PeopleFound:
        snapshot = self._snapshot()
        declared = score(query, layout.DECLARED, snapshot.source())
        history = score(query, layout.HISTORY, snapshot.source())
        numbers = dict.fromkeys(number for scores in (declared, history) for number, _ in scores.best(limit))
        hits = tuple(
            PersonHit(
                int(snapshot.stored(number)[0].partition(":")[2]),
                declared.totals.get(number, 0.0),
                history.totals.get(number, 0.0),
                declared.words(number),
            )
            for number in numbers
        )
        return PeopleFound(hits, declared.ideal, history.ideal)

    def topics(self, query: Query, limit: int = 20) -> TopicsFound:
        snapshot = self._snapshot()
        scores = score(query, layout.TOPICS, snapshot.source())
        hits = tuple(
            TopicHit(int(snapshot.stored(number)[0].partition(":")[2]), total, scores.words(number))
            for number, total in scores.best(limit)
        )
        return TopicsFound(hits, scores.ideal)

    def precedents(self, query: Query, limit: int = 50) -> PrecedentsFound:
        snapshot = self._snapshot()
        scores = score(query, layout.PRECEDENTS, snapshot.source())
        hits = []
        for number, total in scores.best(limit):
            key, facts = snapshot.stored(number)
            _, kind, source_id = key.split(":")
            credits_ = {int(person): float(strength) for person, strength in facts["credits"].items()}
            words = scores.words(number)
            hits.append(PrecedentHit(PrecedentKind(kind), int(source_id), total, credits_, words))
        return PrecedentsFound(tuple(hits), scores.ideal)

    def find(self, words: str, allowed: frozenset[str], limit: int, after: Found | None = None) -> FoundPage:
        return self._snapshot().find(words, allowed, limit, after)

    def watermark(self) -> int:
        return self._snapshot().watermark()

    def generation(self) -> str:
        build = self._current()
        return f"{build}:{self._open(build).latest_generation()}"

    def is_usable(self) -> bool:
        return self.problem() is None

    def problem(self) -> str | None:
        try:
            self.watermark()
        except IndexUnusable as unusable:
            return str(unusable)
        return None

    def location(self) -> Path:
        return self._folder

    def _snapshot(self) -> Snapshot:
        """This thread's snapshot, renewed when the index moved on."""
        held: _Held | None = getattr(self._threads, "held", None)
        looked = time.monotonic()
        if held and held.changes == self._changes_here and looked - held.looked < LOOK_AGAIN:
            return held.snapshot
        generation = self.generation()
        if held and held.generation == generation:
            held.looked, held.changes = looked, self._changes_here
            return held.snapshot
        changes = self._changes_here
        index = self._open(self._current())
        try:
            snapshot = Snapshot(index)
            snapshot.watermark()
        except Exception as failure:  # torn files fail in a dozen ways; all mean "rebuild"
            index.storage.release()
            raise IndexUnusable(f"the index can't be read: {failure!r}") from failure
        if held:
            held.snapshot.close()
        self._threads.held = _Held(snapshot, generation, looked, changes)
        return snapshot

    def _current(self) -> str:
        try:
            build = (self._folder / "CURRENT").read_text().strip()
            version = (self._folder / build / "BUILD").read_text().strip()
        except OSError as failure:
            raise IndexUnusable("no index has been built yet") from failure
        if not build or version != layout.VERSION:
            raise IndexUnusable(f"the index was made by version {version or '?'}, this is {layout.VERSION}")
        return build

    def _open(self, build: str) -> FileIndex:
        storage = DurableStorage(str(self._folder / build))
        try:
            return FileIndex(storage, indexname=NAME)
        except Exception as failure:  # see _snapshot
            storage.release()
            raise IndexUnusable(f"the index can't be opened: {failure!r}") from failure

    # --- writing

    def apply(self, changes: Sequence[Change], watermark: int) -> None:
        last = {change.key: change for change in changes}
        with self._locked(".writing"):
            index = self._open(self._current())
            try:
                writer = index.writer(timeout=WAIT_FOR_WRITER, limitmb=SORTING_MEGABYTES)
            except LockError as failure:
                raise IndexBusy("another process is writing the index") from failure
            with _commit_or_cancel(writer):
                with writer.searcher() as searcher:  # one for all the deletions: opening it costs most
                    for key in (*last, layout.META):
                        writer.delete_by_term("key", key, searcher=searcher)
                for change in last.values():
                    if change.document is not None:
                        writer.add_document(**layout.whoosh_document(change.document))
                writer.add_document(**layout.meta_document(watermark))
        self._changes_here += 1

    def rebuild(self, documents: Iterable[Document], watermark: int) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)  # the index is pickled: whoever can write here can run code as Relais
        with self._locked(".rebuilding"):
            build = self._new_build()
            self._fill(self._folder / build, documents, watermark)
            with self._locked(".writing"):
                before = self._pointer()
                self._point_to(build)
            self._sweep(keep={build, before})
        self._changes_here += 1

    def _fill(self, folder: Path, documents: Iterable[Document], watermark: int) -> None:
        try:
            index = FileIndex.create(DurableStorage(str(folder)), layout.schema(), NAME)
            with _commit_or_cancel(index.writer(limitmb=SORTING_MEGABYTES)) as writer:
                for document in documents:
                    writer.add_document(**layout.whoosh_document(document))
                writer.add_document(**layout.meta_document(watermark))
            (folder / "BUILD").write_text(layout.VERSION)
            synchronise(str(folder / "BUILD"))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _new_build(self) -> str:
        """A new folder, named after the highest number there is."""
        numbers = [int(entry.name) for entry in self._folder.iterdir() if entry.name.isdigit()]
        build = f"{max(numbers, default=0) + 1:04d}"
        (self._folder / build).mkdir(mode=0o700)
        return build

    def _pointer(self) -> str:
        pointer = self._folder / "CURRENT"
        return pointer.read_text().strip() if pointer.exists() else ""

    def _point_to(self, build: str) -> None:
        temporary = self._folder / f".CURRENT.{os.getpid()}"
        temporary.write_text(build)
        synchronise(str(temporary))
        temporary.replace(self._folder / "CURRENT")
        synchronise(str(self._folder))

    def _sweep(self, keep: set[str]) -> None:
        """Remove older and abandoned builds. The one before stays: somebody may be opening it just now."""
        for entry in self._folder.iterdir():
            if entry.name.isdigit() and entry.name not in keep:
                shutil.rmtree(entry)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """One process at a time on this machine; the kernel frees the lock of one that died."""
        if not self._folder.is_dir():
            raise IndexUnusable("no index has been built yet")
        with (self._folder / name).open("w") as lock:
            deadline = time.monotonic() + WAIT_FOR_WRITER
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise IndexBusy("another process is writing the index") from None
                    time.sleep(0.05)
            yield


class _Held:
    def __init__(self, snapshot: Snapshot, generation: str, looked: float, changes: int) -> None:
        self.snapshot = snapshot
        self.generation = generation
        self.looked = looked
        self.changes = changes


@contextmanager
def _commit_or_cancel(writer: Any) -> Iterator[Any]:
    try:
        yield writer
    except BaseException:
        writer.cancel()
        raise
    writer.commit(mergetype=merge_tiers)

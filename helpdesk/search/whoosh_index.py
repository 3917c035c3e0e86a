"""The index kept by Whoosh: builds side by side in the data folder (see `builds`), one writer, many readers.

All threads of a process share one snapshot, which is replaced when the generation changed (looked at every half second
at most, by one thread while the others go on with the old one). Anything that goes wrong on opening means "unusable":
the index is derived, the follower rebuilds it.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from whoosh.index import EmptyIndexError

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.alike import Alike, own_score
from helpdesk.search.builds import Builds
from helpdesk.search.index import (
    EVERYTHING,
    AskedFound,
    AskedHit,
    Change,
    Document,
    Found,
    FoundPage,
    IndexUnusable,
    Narrowing,
    PeopleFound,
    PersonHit,
    PrecedentHit,
    PrecedentKind,
    PrecedentsFound,
    TopicHit,
    TopicsFound,
)
from helpdesk.search.postings import TornPostings
from helpdesk.search.query import Query
from helpdesk.search.scoring import Question
from helpdesk.search.top import Places
from helpdesk.search.whoosh_reading import Snapshot
from helpdesk.search.whoosh_writing import change, fill, latest_generation, opened

LOOK_AGAIN = 0.5
"""Seconds a process trusts its snapshot before asking whether there is a newer one."""
WAIT_FOR_WRITER = 5.0
WAIT_FOR_FILES = 1.0
"""Seconds for which opening is tried again when files vanish meanwhile."""

_Answer = TypeVar("_Answer")


class _Held:
    """The snapshot in use, and when it was last known to be the latest."""

    def __init__(self, snapshot: Snapshot, build: Path, generation: str, looked: float, changes: int) -> None:
        self.snapshot = snapshot
        self.build = build
        self.generation = generation
        self.looked = looked
        self.changes = changes


class WhooshIndex:
    """See `helpdesk.search.index.Index`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._builds = Builds(folder)
        self._held: _Held | None = None
        self._written: tuple[Path | None, Snapshot | None] = (None, None)
        """The build that was last changed through this object, and the state it was changed from."""
        self._renewing = threading.Lock()
        self._changes_here = 0
        """Commits made through this object: its own readers see them at once."""

    # --- reading

    def people(self, query: Query, limit: int = 50) -> PeopleFound:
        return self._read(lambda snapshot: _people(snapshot, query, limit))

    def topics(self, query: Query, limit: int = 20) -> TopicsFound:
        return self._read(lambda snapshot: _topics(snapshot, query, limit))

    def precedents(self, query: Query, limit: int = 50) -> PrecedentsFound:
        return self._read(lambda snapshot: _precedents(snapshot, query, limit))

    def asked(self, query: Query, heading: str, limit: int = 10) -> AskedFound:
        return self._read(lambda snapshot: _asked(snapshot, query, heading, limit))

    def find(
        self,
        words: str,
        allowed: frozenset[str],
        limit: int,
        after: Found | None = None,
        narrowing: Narrowing = EVERYTHING,
    ) -> FoundPage:
        return self._read(lambda snapshot: snapshot.staff_search(words, allowed, limit, after, narrowing))

    def watermark(self) -> int:
        return self._read(Snapshot.watermark)

    def generation(self) -> str:
        build = self._builds.current(layout.VERSION)
        return f"{build.name}:{latest_generation(build)}"

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

    def _read(self, answer: Callable[[Snapshot], _Answer]) -> _Answer:
        held = self._latest()
        with self._unless_torn(held.build):
            return answer(held.snapshot)

    @contextmanager
    def _unless_torn(self, build: Path) -> Iterator[None]:
        """Give up a build in whose files something else stands than was written."""
        try:
            yield
        except TornPostings as failure:
            self._builds.condemn(build)
            self._held = None
            raise IndexUnusable(f"the index has torn files: {failure}") from failure

    def _latest(self) -> _Held:
        """What this process holds, renewed when the index moved on."""
        held = self._held
        if held and self._is_fresh(held):
            return held
        # A thread that finds another one renewing goes on with what there is, unless this object changed the index.
        waits = held is None or held.changes != self._changes_here
        if not self._renewing.acquire(blocking=waits):
            assert held is not None
            return held
        try:
            held = self._held
            if held is None or not self._is_fresh(held):
                held = self._held = self._renewed(held)
            return held
        finally:
            self._renewing.release()

    def _is_fresh(self, held: _Held) -> bool:
        return held.changes == self._changes_here and time.monotonic() - held.looked < LOOK_AGAIN

    def _renewed(self, held: _Held | None) -> _Held:
        looked, changes = time.monotonic(), self._changes_here
        build = self._builds.current(layout.VERSION)
        generation = self.generation()
        if held and held.generation == generation:
            return _Held(held.snapshot, held.build, generation, looked, changes)
        before = held.snapshot if held and held.build == build else None
        return _Held(_snapshot(build, before), build, generation, looked, changes)

    # --- writing

    def apply(self, changes: Sequence[Change], watermark: int) -> None:
        with self._builds.locked(".writing", WAIT_FOR_WRITER):
            build = self._builds.current(layout.VERSION)
            known, before = self._written
            with self._unless_torn(build):
                before = before if known == build else None
                self._written = (build, change(opened(build), before, changes, watermark, WAIT_FOR_WRITER))
        self._changes_here += 1

    def rebuild(self, documents: Iterable[Document], watermark: int) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)  # the index is pickled: whoever can write here can run code as Relais
        with self._builds.locked(".rebuilding", WAIT_FOR_WRITER):
            with self._builds.new(layout.VERSION) as build:
                fill(build, map(layout.whoosh_document, documents), watermark)
            with self._builds.locked(".writing", WAIT_FOR_WRITER):
                self._builds.use(build)
        self._changes_here += 1


def _snapshot(build: Path, before: Snapshot | None) -> Snapshot:
    """The latest state of a build. A writer may remove files while they are being opened: then there is a newer one."""
    deadline = time.monotonic() + WAIT_FOR_FILES
    while True:
        try:
            snapshot = Snapshot(opened(build), before)
            snapshot.watermark()
            return snapshot
        except (FileNotFoundError, EmptyIndexError) as failure:
            if time.monotonic() > deadline:
                raise IndexUnusable(f"files of the index are missing: {failure!r}") from failure
            time.sleep(0.005)
        except Exception as failure:  # torn files fail in a dozen ways; all mean "rebuild"
            raise IndexUnusable(f"the index can't be read: {failure!r}") from failure


# --- what is found, as the port says it -------------------------------------------------------------------------------


def _people(snapshot: Snapshot, query: Query, limit: int) -> PeopleFound:
    declared = Question.of(query, layout.DECLARED, snapshot)
    history, pairs = Question.of(query, layout.HISTORY, snapshot), Question.of(query, layout.PAIRS, snapshot)
    places = _either(declared.best(limit), history.best(limit), pairs.best(limit))
    said, done = declared.gains(places), history.gains(places).totals + pairs.gains(places).totals
    rows = zip(snapshot.stored(places), said.totals.tolist(), done.tolist(), said.words(), strict=True)
    hits = tuple(PersonHit(kept.number, score, practised, words) for kept, score, practised, words in rows)
    return PeopleFound(hits, declared.ideal, history.ideal + pairs.ideal)


def _topics(snapshot: Snapshot, query: Query, limit: int) -> TopicsFound:
    asked = Question.of(query, layout.TOPICS, snapshot)
    best = asked.hits(limit)
    rows = zip(snapshot.stored(best.places), best.totals.tolist(), best.words(), strict=True)
    return TopicsFound(tuple(TopicHit(kept.number, score, words) for kept, score, words in rows), asked.ideal)


def _precedents(snapshot: Snapshot, query: Query, limit: int) -> PrecedentsFound:
    asked = Question.of(query, layout.PRECEDENTS, snapshot)
    best = asked.hits(limit)
    rows = zip(snapshot.stored(best.places), best.totals.tolist(), best.words(), strict=True)
    hits = [PrecedentHit(_KINDS[kept.source], kept.number, score, kept.credits, words) for kept, score, words in rows]
    own = own_score(asked, query, layout.PRECEDENTS, "question", snapshot)
    return PrecedentsFound(tuple(hits), asked.ideal, own)


def _asked(snapshot: Snapshot, query: Query, heading: str, limit: int) -> AskedFound:
    alike = Alike(query, heading, snapshot)
    places = alike.best(limit)
    stored = snapshot.stored(places)
    shares = alike.shares(places, [kept.sizes for kept in stored])
    rows = zip(stored, alike.scores(places), shares, strict=True)
    return AskedFound(tuple(AskedHit(kept.number, score, share) for kept, score, share in rows))


def _either(*lists: Places) -> Places:
    """The lists, one after the other, each place once."""
    return np.array(list(dict.fromkeys(place for listed in lists for place in listed.tolist())), np.intp)


_KINDS = {str(kind): kind for kind in PrecedentKind}

"""The port: what the rest of Relais asks of a search index, whichever engine keeps it.

An index is derived from the database and can be thrown away and rebuilt. It is changed by one writer in
batches, each with the watermark (the last number of the change sequence it contains) in the same commit.
It never decides alone what a person may see: `find` filters by reader keys, and the pages fetch the rows
through the person again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from helpdesk.search.query import Key, Query


class IndexUnusable(Exception):
    """There is no index that can be read: none was built, another version made it, or its files are torn."""


class IndexBusy(Exception):
    """Another process is writing. Try again later: nothing was changed."""


class PrecedentKind(StrEnum):
    OFFICIAL_ANSWER = "official_answer"
    TICKET = "ticket"


# --- what is indexed ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonDocument:
    """Somebody who can be asked: as described (title, profile, topics, department), as practised
    (history)."""

    person_id: int
    title: str = ""
    profile: str = ""
    topics: str = ""
    """Labels and synonyms, in both languages, of the declared topics."""
    department: str = ""
    history: str = ""
    """Questions answered so far, one after the other."""

    @property
    def key(self) -> str:
        return f"person:{self.person_id}"


@dataclass(frozen=True, slots=True)
class TopicDocument:
    """A topic with its labels and synonyms in both languages."""

    topic_id: int
    words: str

    @property
    def key(self) -> str:
        return f"topic:{self.topic_id}"


@dataclass(frozen=True, slots=True)
class PrecedentDocument:
    """A question that was answered, and who is to be credited for it."""

    kind: PrecedentKind
    source_id: int
    question: str
    answer: str = ""
    credits: Mapping[int, float] = field(default_factory=dict)
    """Person → how strongly the precedent speaks for them, 0 to 1."""

    @property
    def key(self) -> str:
        return f"precedent:{self.kind}:{self.source_id}"


BREAK = "\x1e"
"""Stands between two parts of a conversation: no phrase reaches over it."""


@dataclass(frozen=True, slots=True)
class TicketDocument:
    """A ticket for the staff's search. `readers` are the keys of those who may find it."""

    ticket_id: int
    text: str
    """What everybody who sees the ticket may read of it, its parts apart by BREAK."""
    readers: frozenset[str]
    language: str | None = None
    notes: str = ""
    """What is written inside about it, and for whom."""
    notes_readers: frozenset[str] = frozenset()
    asker: str = ""
    asker_readers: frozenset[str] = frozenset()
    facets: frozenset[str] = frozenset()
    """What it can be filtered by: words such as "state:received" or "department:3"."""
    opened_at: datetime | None = None
    due_at: datetime | None = None
    """Set only while something is to be done."""

    @property
    def key(self) -> str:
        return f"ticket:{self.ticket_id}"


@dataclass(frozen=True, slots=True)
class AnswerDocument:
    """An official answer for the staff's search."""

    answer_id: int
    text: str
    readers: frozenset[str]
    language: str | None = None
    facets: frozenset[str] = frozenset()
    opened_at: datetime | None = None
    """When its present version was approved."""

    @property
    def key(self) -> str:
        return f"answer:{self.answer_id}"


@dataclass(frozen=True, slots=True)
class AskedDocument:
    """A question that still waits for its answer: what a new one may repeat."""

    ticket_id: int
    heading: str
    """The subject, or the first sentence where there is none."""
    text: str
    language: str | None = None

    @property
    def key(self) -> str:
        return f"asked:{self.ticket_id}"


Document = PersonDocument | TopicDocument | PrecedentDocument | TicketDocument | AnswerDocument | AskedDocument


@dataclass(frozen=True, slots=True)
class Change:
    """One document put in (replacing the one with its key), or taken out (`document` is None)."""

    key: str
    document: Document | None = None

    @classmethod
    def put(cls, document: Document) -> "Change":
        return cls(document.key, document)

    @classmethod
    def remove(cls, key: str) -> "Change":
        return cls(key)


# --- what is found -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonHit:
    person_id: int
    declared: float
    """Score of what is said about the person."""
    history: float
    """Score of what the person answered."""
    words: Mapping[Key, float]
    """Terms of the question found in what is said about the person, and what each gave."""


@dataclass(frozen=True, slots=True)
class PeopleFound:
    hits: tuple[PersonHit, ...] = ()
    ideal_declared: float = 0.0
    ideal_history: float = 0.0


@dataclass(frozen=True, slots=True)
class TopicHit:
    topic_id: int
    score: float
    words: Mapping[Key, float]


@dataclass(frozen=True, slots=True)
class TopicsFound:
    hits: tuple[TopicHit, ...] = ()
    ideal: float = 0.0


@dataclass(frozen=True, slots=True)
class PrecedentHit:
    kind: PrecedentKind
    source_id: int
    score: float
    credits: Mapping[int, float]
    words: Mapping[Key, float]
    nearness: float | None = None
    """How near its meaning is to the question's, -1 to 1, where an embedding model says so; None where none does."""

    @property
    def key(self) -> str:
        """That of its document."""
        return f"precedent:{self.kind}:{self.source_id}"


@dataclass(frozen=True, slots=True)
class PrecedentsFound:
    hits: tuple[PrecedentHit, ...] = ()
    """Best first."""
    ideal: float = 0.0
    """The score of a precedent that would hold every word of the question: what to compare a hit with."""
    own: float = 0.0
    """The score the question would reach against itself, were it a precedent: what "the same" is worth."""


@dataclass(frozen=True, slots=True)
class AskedHit:
    ticket_id: int
    score: float
    share: float
    """How much of the question the other one holds, by words, pairs of words and pieces of words: 0 to 1."""


@dataclass(frozen=True, slots=True)
class AskedFound:
    hits: tuple[AskedHit, ...] = ()
    """Best first."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the staff's search is narrowed to, whatever the words."""

    any_of: tuple[frozenset[str], ...] = ()
    """Of each of these sets, one facet at least."""
    none_of: frozenset[str] = frozenset()
    opened_from: datetime | None = None
    opened_before: datetime | None = None
    late: bool | None = None
    """Whether it is overdue at `now`, which must be given with it."""
    now: datetime | None = None

    def __bool__(self) -> bool:
        times = (self.opened_from, self.opened_before, self.late)
        return bool(self.any_of or self.none_of) or any(value is not None for value in times)


EVERYTHING = Narrowing()


@dataclass(frozen=True, slots=True)
class Found:
    """One result of the staff's search."""

    key: str
    score: float


@dataclass(frozen=True, slots=True)
class FoundPage:
    hits: tuple[Found, ...] = ()
    complete: bool = True
    """False when the time limit cut the search short."""
    tickets: int = 0
    """How many there are in all, on every page: as far as the keys tell."""
    answers: int = 0


class Index(Protocol):
    """An index of one node. Reading is safe from any thread; `apply` and `rebuild` are for one writer."""

    def people(self, query: Query, limit: int = 50) -> PeopleFound: ...

    def topics(self, query: Query, limit: int = 20) -> TopicsFound: ...

    def precedents(self, query: Query, limit: int = 50) -> PrecedentsFound: ...

    def asked(self, query: Query, heading: str, limit: int = 10) -> AskedFound:
        """Open questions that look like `query`; `heading` is its subject, or its first sentence."""

    def find(
        self,
        words: str,
        allowed: frozenset[str],
        limit: int,
        after: Found | None = None,
        narrowing: Narrowing = EVERYTHING,
    ) -> FoundPage:
        """Tickets and official answers that hold all `words`, wherever, in what may be read with the `allowed` keys.

        Best first, or newest first where there are no words, then by number; `after` is the last result of the page
        before. For what may be typed, see `asked`.
        """

    def apply(self, changes: Sequence[Change], watermark: int) -> None:
        """Make the changes and move the watermark in one commit. The last change of a key wins."""

    def rebuild(self, documents: Iterable[Document], watermark: int) -> None:
        """Build a new index beside the old one, which keeps serving, and swap it in."""

    def watermark(self) -> int:
        """The last change contained. Raises IndexUnusable."""

    def generation(self) -> str:
        """A word that changes with every commit and rebuild. Raises IndexUnusable."""

    def is_usable(self) -> bool: ...

    def problem(self) -> str | None:
        """Why the index can't be used, for the operator; None when it can."""

    def location(self) -> Path: ...

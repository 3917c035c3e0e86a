"""What a search of the staff found, as pages and programs show it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.answers.models import OfficialAnswer
from helpdesk.errors import BadInput, Problem
from helpdesk.search.conversations import PartKind
from helpdesk.search.excerpt import Piece
from helpdesk.search.index import Found
from helpdesk.tickets.models import Ticket


@dataclass(frozen=True)
class Extract:
    """Where the words stand: in which part of the conversation, and around which words."""

    kind: PartKind
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class Result:
    """A ticket or an official answer, and the parts of it where the words stand."""

    ticket: Ticket | None = None
    answer: OfficialAnswer | None = None
    extracts: Sequence[Extract] = ()

    @property
    def pieces(self) -> Sequence[Piece]:
        """The first extract."""
        return self.extracts[0].pieces if self.extracts else ()


@dataclass(frozen=True)
class Counts:
    tickets: int
    answers: int


@dataclass(frozen=True)
class Results:
    items: Sequence[Result] = ()
    next_cursor: str | None = None
    complete: bool = True
    """False when the search ran out of time: narrower words find more."""
    by_database: bool = False
    """True when no index could be used and the database answered: exact words only."""
    counts: Counts | None = None
    """How many there are in all, when that is known without looking at each."""


Cursor = Found | dict[str, int]
"""The last result of the page before: a hit of the index, or the id of a row when the database answered."""


def after_hit(hit: Found | None) -> str | None:
    return _packed([hit.score, hit.key]) if hit else None


def after_row(item: Result) -> str:
    return _packed({"ticket": item.ticket.id} if item.ticket else {"answer": item.answer.id if item.answer else 0})


def read_cursor(cursor: str | None) -> Cursor | None:
    """Raises BadInput for a cursor that is not ours."""
    if not cursor:
        return None
    try:
        value = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(value, dict):
            return {name: int(value[name]) for name in ("ticket", "answer") if name in value}
        score, key = value
        kind, _, number = str(key).partition(":")
        if kind not in ("ticket", "answer") or not 0 <= int(number) < 2**31:
            raise ValueError(key)
        return Found(str(key), float(score))
    except (ValueError, TypeError, UnicodeDecodeError) as error:
        raise BadInput([Problem("cursor", "invalid")]) from error


def _packed(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

"""The staff's search over tickets and official answers: only what the person may see. Reads only."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import selectinload

from helpdesk.accounts.models import Person
from helpdesk.answers.models import AnswerVersion, OfficialAnswer
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.search import reading_keys
from helpdesk.search.access import the_index
from helpdesk.search.excerpt import Piece, excerpt
from helpdesk.search.index import Found, FoundPage, Index, IndexUnusable
from helpdesk.search.text import analyse
from helpdesk.tickets.models import Question, Ticket, TicketNamed
from helpdesk.tickets.seeing import visible_tickets

ROUNDS = 5
"""Pages asked of the index for one page shown, when much of what is found turns out to be out of sight."""
LONGEST_SEARCH = 500


@dataclass(frozen=True)
class Result:
    """A ticket or an official answer, and the part of it where the words stand."""

    ticket: Ticket | None = None
    answer: OfficialAnswer | None = None
    pieces: Sequence[Piece] = ()


@dataclass(frozen=True)
class Results:
    items: Sequence[Result] = ()
    next_cursor: str | None = None
    complete: bool = True
    """False when the search ran out of time: narrower words find more."""
    by_database: bool = False
    """True when no index could be used and the database answered: exact words only."""


@dataclass
class _Seen:
    """The rows of one page of hits that the person may see."""

    tickets: dict[int, Ticket] = field(default_factory=dict)
    answers: dict[int, OfficialAnswer] = field(default_factory=dict)


def find(
    person: Person, words: str, *, limit: int = 20, cursor: str | None = None, index: Index | None = None
) -> Results:
    """What `person` may see that holds all of `words`, best first.

    Accents, capitals and endings make no difference; "quoted words" must follow one another; `abcd*` stands for
    any ending. Raises BadInput for a cursor that is not ours.
    """
    words = words.strip()[:LONGEST_SEARCH]
    after = _read_cursor(cursor)
    if not words:
        return Results()
    if isinstance(after, dict):
        return _from_database(person, words, limit, after)
    try:
        return _from_index(person, words, limit, after, index or the_index())
    except IndexUnusable:
        return _from_database(person, words, limit, {})


def _from_index(person: Person, words: str, limit: int, after: Found | None, index: Index) -> Results:
    allowed = reading_keys.held_by(person)
    items: list[Result] = []
    page = FoundPage()
    for _ in range(ROUNDS):
        page = index.find(words, allowed, limit + 1, after)
        seen = _seen_by(person, page.hits)
        for hit in page.hits:
            if len(items) == limit:
                return Results(items, _cursor(after), page.complete)
            item = _result(hit, seen, words)
            if item is not None:
                items.append(item)
            after = hit
        if len(page.hits) <= limit:
            return Results(items, None, page.complete)
    return Results(items, _cursor(after), page.complete)


def _seen_by(person: Person, hits: Sequence[Found]) -> _Seen:
    """Fetch what was found through the person: what they may not see does not come back."""
    ids: dict[str, list[int]] = {"ticket": [], "answer": []}
    for hit in hits:
        kind, _, number = hit.key.partition(":")
        ids[kind].append(int(number))
    tickets = db.session.scalars(
        visible_tickets(person).where(Ticket.id.in_(ids["ticket"])).options(selectinload(Ticket.questions))
    )
    answers = db.session.scalars(
        select(OfficialAnswer)
        .where(OfficialAnswer.id.in_(ids["answer"]), *_answers_open_to(person))
        .options(selectinload(OfficialAnswer.versions))
    )
    return _Seen({row.id: row for row in tickets}, {row.id: row for row in answers})


def _answers_open_to(person: Person) -> list[ColumnElement[bool]]:
    """The conditions on what `person` may see: the rules of the role, and the ticket when it is restricted."""
    if reading_keys.ANSWERS not in reading_keys.held_by(person):
        return [false()]
    named = select(TicketNamed.ticket_id).where(TicketNamed.person_id == person.id)
    hidden = select(Ticket.id).where(Ticket.restricted, Ticket.id.not_in(named))
    return [or_(OfficialAnswer.ticket_id.is_(None), OfficialAnswer.ticket_id.not_in(hidden))]


def _result(hit: Found, seen: _Seen, words: str) -> Result | None:
    kind, _, number = hit.key.partition(":")
    if kind == "ticket":
        ticket = seen.tickets.get(int(number))
        return _ticket_result(ticket, words) if ticket else None
    answer = seen.answers.get(int(number))
    return _answer_result(answer, words) if answer else None


def _ticket_result(ticket: Ticket, words: str) -> Result:
    asked = " ".join(part for q in ticket.questions for part in (q.subject, q.text) if part)
    return Result(ticket=ticket, pieces=excerpt(asked, words))


def _answer_result(answer: OfficialAnswer, words: str) -> Result:
    return Result(answer=answer, pieces=excerpt(answer.current.plain, words))


# --- without an index -----------------------------------------------------------------------------------------------


def _from_database(person: Person, words: str, limit: int, after: dict[str, Any]) -> Results:
    """Newest first, words as they are written: official answers first, then tickets."""
    terms = [words[token.start : token.end] for token in analyse(words, "fr") if not token.common] or [words]
    items: list[Result] = []
    if "ticket" not in after:
        answers = select(OfficialAnswer).where(*_answers_open_to(person), _answer_holds(terms))
        if "answer" in after:
            answers = answers.where(OfficialAnswer.id < after["answer"])
        found = db.session.scalars(answers.order_by(OfficialAnswer.id.desc()).limit(limit + 1)).all()
        items += [_answer_result(answer, words) for answer in found]
    if len(items) <= limit:
        tickets = visible_tickets(person).where(_ticket_holds(terms))
        if "ticket" in after:
            tickets = tickets.where(Ticket.id < after["ticket"])
        rows = db.session.scalars(tickets.order_by(Ticket.id.desc()).limit(limit + 1 - len(items)))
        items += [_ticket_result(ticket, words) for ticket in rows]
    more = len(items) > limit
    return Results(items[:limit], _database_cursor(items[limit - 1]) if more else None, by_database=True)


def _holds(column: Any, term: str) -> ColumnElement[bool]:
    return func.lower(column).contains(term.lower(), autoescape=True)


def _ticket_holds(terms: Sequence[str]) -> ColumnElement[bool]:
    """Every term in the reference or in some question of the ticket."""
    return and_(
        *(
            or_(
                _holds(Ticket.ref, term),
                Ticket.questions.any(or_(_holds(Question.text, term), _holds(Question.subject, term))),
            )
            for term in terms
        )
    )


def _answer_holds(terms: Sequence[str]) -> ColumnElement[bool]:
    return and_(
        *(
            OfficialAnswer.versions.any(or_(_holds(AnswerVersion.title, term), _holds(AnswerVersion.plain, term)))
            for term in terms
        )
    )


# --- cursors --------------------------------------------------------------------------------------------------------


def _cursor(after: Found | None) -> str | None:
    return _packed([after.score, after.key]) if after else None


def _database_cursor(item: Result) -> str:
    return _packed({"ticket": item.ticket.id} if item.ticket else {"answer": item.answer.id if item.answer else 0})


def _packed(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> Found | dict[str, Any] | None:
    """The last result of the page before: a hit of the index, or the id of a row when the database answered."""
    if not cursor:
        return None
    try:
        value = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(value, dict):
            return {name: int(value[name]) for name in ("ticket", "answer") if name in value}
        score, key = value
        return Found(str(key), float(score))
    except (ValueError, TypeError, UnicodeDecodeError) as error:
        raise BadInput([Problem("cursor", "invalid")]) from error

"""The staff's search while no index can be used: words as they are written, newest first, the same filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select

from helpdesk.accounts.models import Person
from helpdesk.answers.models import AnswerStatus, AnswerTopic, AnswerVersion, Draft, OfficialAnswer
from helpdesk.db import db
from helpdesk.routing.models import Offer
from helpdesk.search.asked import Clause, asked
from helpdesk.search.conversations import PartKind
from helpdesk.search.excerpt import excerpt
from helpdesk.search.filter_words import Filter
from helpdesk.search.index import Narrowing
from helpdesk.search.narrowing import Sought
from helpdesk.search.results import Extract, Result, Results, after_row
from helpdesk.search.text import analyse
from helpdesk.tickets.models import Clarification, Question, Ticket, TicketTopic
from helpdesk.tickets.queues import OPEN_QUEUES
from helpdesk.tickets.seeing import visible_tickets
from helpdesk.tickets.workflow import State

Condition = ColumnElement[bool]


def find(person: Person, what: Sought, limit: int, after: dict[str, int], open_answers: Iterable[Condition]) -> Results:
    """Official answers first, then tickets: those that hold every word in what everybody may read who sees them."""
    wanted, unwanted = _terms(what.words)
    items: list[Result] = []
    if "ticket" not in after:
        answers = select(OfficialAnswer).where(
            *open_answers,
            *(_answer_holds(term) for term in wanted),
            *(not_(_answer_holds(term)) for term in unwanted),
            *_narrowed(what.narrowing, _ANSWER_COLUMNS),
            *_answered_in_time(what.narrowing),
        )
        if "answer" in after:
            answers = answers.where(OfficialAnswer.id < after["answer"])
        found = db.session.scalars(answers.order_by(OfficialAnswer.id.desc()).limit(limit + 1)).all()
        items += [_answer_result(answer, what.words) for answer in found]
    if len(items) <= limit:
        tickets = visible_tickets(person).where(
            *(_ticket_holds(term) for term in wanted),
            *(not_(_ticket_holds(term)) for term in unwanted),
            *_narrowed(what.narrowing, _TICKET_COLUMNS),
            *_asked_in_time(what.narrowing),
        )
        if "ticket" in after:
            tickets = tickets.where(Ticket.id < after["ticket"])
        rows = db.session.scalars(tickets.order_by(Ticket.id.desc()).limit(limit + 1 - len(items)))
        items += [_ticket_result(ticket, what.words) for ticket in rows]
    more = len(items) > limit
    return Results(items[:limit], after_row(items[limit - 1]) if more else None, by_database=True)


def _ticket_result(ticket: Ticket, words: str) -> Result:
    said = " ".join(part for q in ticket.questions for part in (q.subject, q.text) if part)
    return Result(ticket=ticket, extracts=[Extract(PartKind.QUESTION, excerpt(said, words))])


def _answer_result(answer: OfficialAnswer, words: str) -> Result:
    return Result(answer=answer, extracts=[Extract(PartKind.ANSWER, excerpt(answer.current.plain, words))])


# --- words ----------------------------------------------------------------------------------------------------------


def _terms(words: str) -> tuple[list[str], list[str]]:
    """The words that must, and must not, stand there, as they were typed."""
    sought = asked(words)
    unwanted = [term for clause in sought.unwanted for term in _as_typed(clause)]
    kept = " ".join(word for word in words.split() if not word.startswith("-"))
    typed = [kept[token.start : token.end] for token in analyse(kept, "fr") if not token.common]
    return typed or ([kept] if kept and not unwanted else []), unwanted


def _as_typed(clause: Clause) -> Sequence[str]:
    if clause.pieces:
        return clause.pieces
    return [clause.beginning] if clause.beginning else clause.terms.get("fr", ())


def _holds(column: Any, term: str) -> Condition:
    return func.lower(column).contains(term.lower(), autoescape=True)


def _ticket_holds(term: str) -> Condition:
    """In the reference, in some question or clarification, or in a draft."""
    clarified = exists().where(Clarification.ticket_id == Ticket.id, _holds(Clarification.wording, term))
    drafted = exists().where(Draft.ticket_id == Ticket.id, or_(_holds(Draft.body, term), _holds(Draft.title, term)))
    return or_(
        _holds(Ticket.ref, term),
        Ticket.questions.any(or_(_holds(Question.text, term), _holds(Question.subject, term))),
        clarified,
        drafted,
    )


def _answer_holds(term: str) -> Condition:
    return OfficialAnswer.versions.any(or_(_holds(AnswerVersion.title, term), _holds(AnswerVersion.plain, term)))


# --- filters --------------------------------------------------------------------------------------------------------


def _narrowed(narrowing: Narrowing, columns: dict[str, Any]) -> list[Condition]:
    kept = [or_(false(), *(_has(facet, columns) for facet in facets)) for facets in narrowing.any_of]
    return kept + [not_(func.coalesce(_has(facet, columns), false())) for facet in narrowing.none_of]


def _has(facet: str, columns: dict[str, Any]) -> Condition:
    name, _, value = facet.partition(":")
    condition = columns.get(name)
    return condition(value) if condition is not None else false()


def _asked_in_time(narrowing: Narrowing) -> list[Condition]:
    kept = _within(narrowing, Ticket.opened_at)
    if narrowing.late is not None:
        late = and_(Ticket.due_at.is_not(None), Ticket.due_at < narrowing.now, Ticket.queue.in_(OPEN_QUEUES))
        kept.append(late if narrowing.late else not_(late))
    return kept


def _answered_in_time(narrowing: Narrowing) -> list[Condition]:
    if narrowing.late:
        return [false()]
    within = _within(narrowing, AnswerVersion.approved_at)
    latest = select(func.max(AnswerVersion.version)).where(AnswerVersion.official_answer_id == OfficialAnswer.id)
    current = AnswerVersion.version == latest.correlate(OfficialAnswer).scalar_subquery()
    return [OfficialAnswer.versions.any(and_(current, *within))] if within else []


def _within(narrowing: Narrowing, column: Any) -> list[Condition]:
    kept = []
    if narrowing.opened_from is not None:
        kept.append(column >= narrowing.opened_from)
    if narrowing.opened_before is not None:
        kept.append(column < narrowing.opened_before)
    return kept


def _is(column: Any) -> Any:
    """A row's id; "none" for no row, and anything else for one that does not exist."""
    return lambda value: column.is_(None) if value == "none" else column == (int(value) if value.isdigit() else -1)


def _about(column: Any, *conditions: Condition) -> Any:
    return lambda value: exists().where(*conditions, _is(column)(value))


_TICKET_COLUMNS: dict[str, Any] = {
    Filter.KIND: lambda value: (Ticket.id > 0) if value == "ticket" else false(),
    Filter.STATE: lambda value: (Ticket.state == value) if value in set(State) else false(),
    Filter.DEPARTMENT: _is(Ticket.department_id),
    Filter.EXPERT: lambda value: or_(
        exists().where(Offer.ticket_id == Ticket.id, Offer.person_id == int(value)),
        exists().where(Draft.ticket_id == Ticket.id, Draft.author_id == int(value)),
    ),
    Filter.TOPIC: _about(TicketTopic.topic_id, TicketTopic.ticket_id == Ticket.id),
    Filter.CHANNEL: _is(Ticket.channel_id),
    Filter.PRIORITY: lambda value: Ticket.priority == value,
    Filter.LANGUAGE: lambda value: Ticket.language.is_(None) if value == "unknown" else Ticket.language == value,
    Filter.CLASS: lambda value: Ticket.class_ == value,
}
_ANSWER_COLUMNS: dict[str, Any] = {
    Filter.KIND: lambda value: (OfficialAnswer.id > 0) if value == "answer" else false(),
    Filter.STATE: lambda value: (OfficialAnswer.status == value) if value in set(AnswerStatus) else false(),
    Filter.DEPARTMENT: _is(OfficialAnswer.department_id),
    Filter.EXPERT: lambda value: OfficialAnswer.versions.any(AnswerVersion.author_id == int(value)),
    Filter.TOPIC: _about(AnswerTopic.topic_id, AnswerTopic.official_answer_id == OfficialAnswer.id),
    Filter.LANGUAGE: lambda value: OfficialAnswer.language == value,
}

"""The staff's search over tickets and official answers: only what the person may see. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import selectinload

from helpdesk import clock
from helpdesk.accounts.models import Person
from helpdesk.answers.models import OfficialAnswer
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.search import finding_by_database, reading_keys
from helpdesk.search.access import the_index
from helpdesk.search.asked import Asked, asked
from helpdesk.search.conversations import Part, PartKind, Tier, conversations, with_questions
from helpdesk.search.extracts import extracts_of
from helpdesk.search.index import Found, FoundPage, Index, IndexUnusable
from helpdesk.search.narrowing import Sought, sought
from helpdesk.search.results import Counts, Result, Results, after_hit, read_cursor
from helpdesk.search.ticket_documents import keys_of, standings
from helpdesk.tickets.models import Ticket, TicketNamed
from helpdesk.tickets.seeing import visible_tickets

ROUNDS = 5
"""Pages asked of the index for one page shown, when much of what is found turns out to be out of sight."""
LONGEST_SEARCH = 500


@dataclass
class _Seen:
    """The rows of one page of hits that the person may see, with all that was said about them."""

    tickets: dict[int, Ticket] = field(default_factory=dict)
    answers: dict[int, OfficialAnswer] = field(default_factory=dict)
    said: dict[int, list[Part]] = field(default_factory=dict)
    open: dict[int, frozenset[Tier]] = field(default_factory=dict)
    """By ticket, what of it the person may read."""


def find(
    person: Person, words: str | Sought, *, limit: int = 20, cursor: str | None = None, index: Index | None = None
) -> Results:
    """What `person` may see that holds all of `words` anywhere in its conversation, best first; within its filters.

    Accents, capitals and endings make no difference. "Quoted words" must follow one another; `abcd*` stands for any
    ending, `-word` for none of it, `state:closed` narrows (see `narrowing`). With filters alone, newest first. Raises
    BadInput for a cursor that is not ours, and for a filter whose value nobody can understand.
    """
    if isinstance(words, str):
        words = sought(words.strip()[:LONGEST_SEARCH], person, clock.now())
    after = read_cursor(cursor)
    if not words.is_clear:
        bad = next(each for each in words.misunderstood if each.code != "unknown_filter")
        raise BadInput([Problem("q", f"filter_{bad.code}", {"name": bad.typed.name, "value": bad.typed.value})])
    if not words.words and not words.narrowing:
        return Results()
    try:
        if not isinstance(after, dict):
            return _from_index(person, words, limit, after, index or the_index())
    except IndexUnusable:
        after = {}
    return finding_by_database.find(person, words, limit, after, answers_open_to(person))


def _from_index(person: Person, what: Sought, limit: int, after: Found | None, index: Index) -> Results:
    allowed, looked_for = reading_keys.held_by(person), asked(what.words)
    items: list[Result] = []
    counts = None
    page = FoundPage()
    for _ in range(ROUNDS):
        page = index.find(what.words, allowed, limit + 1, after, what.narrowing)
        counts = counts or _counts(page, allowed)
        seen = _seen_by(person, page.hits, allowed)
        for hit in page.hits:
            if len(items) == limit:
                return Results(items, after_hit(after), page.complete, counts=counts)
            item = _result(hit, seen, looked_for)
            if item is not None:
                items.append(item)
            after = hit
        if len(page.hits) <= limit:
            return Results(items, None, page.complete, counts=counts)
    return Results(items, after_hit(after), page.complete, counts=counts)


def _counts(page: FoundPage, allowed: frozenset[str]) -> Counts | None:
    """How many there are, for those whose keys open exactly what the rules let them see."""
    if not page.complete or reading_keys.UNRESTRICTED not in allowed:
        return None
    return Counts(page.tickets, page.answers)


def _seen_by(person: Person, hits: Sequence[Found], allowed: frozenset[str]) -> _Seen:
    """Fetch what was found through the person: what they may not see does not come back."""
    ids: dict[str, list[int]] = {"ticket": [], "answer": []}
    for hit in hits:
        kind, _, number = hit.key.partition(":")
        ids[kind].append(int(number))
    tickets = db.session.scalars(
        visible_tickets(person).where(Ticket.id.in_(ids["ticket"])).options(*with_questions())
    ).all()
    answers = db.session.scalars(
        select(OfficialAnswer)
        .where(OfficialAnswer.id.in_(ids["answer"]), *answers_open_to(person))
        .options(selectinload(OfficialAnswer.versions))
    )
    standing = standings([row.id for row in tickets])
    readable = {
        row.id: frozenset(tier for tier, keys in keys_of(row, standing[row.id]).items() if keys & allowed)
        for row in tickets
    }
    by_id = {row.id: row for row in tickets}
    return _Seen(by_id, {row.id: row for row in answers}, conversations(tickets), readable)


def answers_open_to(person: Person) -> list[ColumnElement[bool]]:
    """The conditions on what `person` may see: the rules of the role, and the ticket when it is restricted."""
    if reading_keys.ANSWERS not in reading_keys.held_by(person):
        return [false()]
    named = select(TicketNamed.ticket_id).where(TicketNamed.person_id == person.id)
    hidden = select(Ticket.id).where(Ticket.restricted, Ticket.id.not_in(named))
    return [or_(OfficialAnswer.ticket_id.is_(None), OfficialAnswer.ticket_id.not_in(hidden))]


def _result(hit: Found, seen: _Seen, looked_for: Asked) -> Result | None:
    """None for what is out of sight, or holds the words only in what is."""
    kind, _, number = hit.key.partition(":")
    row_id = int(number)
    if kind == "ticket" and row_id in seen.tickets:
        extracts = extracts_of(seen.said[row_id], seen.open[row_id] | {Tier.OPEN}, looked_for)
        return None if extracts is None else Result(ticket=seen.tickets[row_id], extracts=extracts)
    if kind == "answer" and row_id in seen.answers:
        answer = seen.answers[row_id]
        extracts = extracts_of(parts_of_answer(answer), frozenset({Tier.OPEN}), looked_for)
        return None if extracts is None else Result(answer=answer, extracts=extracts)
    return None


def parts_of_answer(answer: OfficialAnswer) -> list[Part]:
    """What an official answer says, as it is indexed."""
    version = answer.current
    text = "\n".join([version.plain, version.short])
    parts = {PartKind.TITLE: version.title, PartKind.ANSWER: text, PartKind.REFERENCE: answer.code}
    return [Part(kind, said, answer.language) for kind, said in parts.items()]

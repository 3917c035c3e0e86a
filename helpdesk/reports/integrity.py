"""Walks everything that can be proved: every ticket with its log, the official answers, the audit log, the counters.

Reads in batches, so that a million tickets need no more memory than a thousand, and inside one snapshot, so that it
may run while Relais works.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Row, Select, Table, func, select

from helpdesk.accounts import auditing
from helpdesk.accounts.models import AuditEntry
from helpdesk.answers import ledger
from helpdesk.answers.models import AnswerStatus, AnswerVersion, Approval, Draft, OfficialAnswer
from helpdesk.db import Base, db
from helpdesk.publishing.models import Judgement, Publication
from helpdesk.reports.ticket_integrity import Fault, Story, faults_of
from helpdesk.routing.models import Offer
from helpdesk.tickets.models import Event, Question, QuestionOriginal, QueueCount, Ticket
from helpdesk.tickets.workflow import Kind

AT_ONCE = 400  # tickets; with their rows a few megabytes


def faults(progress: Callable[[str, int], None] = lambda _what, _count: None) -> Iterator[Fault]:
    """Every fault, as it is found. `progress(what, count)` is told how many rows were looked at."""
    hold_still()
    yield from _ticket_faults(progress)
    yield from _answer_faults(progress)
    yield from _audit_faults(progress)
    yield from _counter_faults(progress)


def hold_still() -> None:
    """Read everything as it is at this instant, whatever is written meanwhile (SQLite does so by itself)."""
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _ticket_faults(progress: Callable[[str, int], None]) -> Iterator[Fault]:
    last, count = 0, 0
    while tickets := _rows(_by_id(Ticket).where(_table(Ticket).c.id > last).limit(AT_ONCE)):
        for story in stories(tickets):
            yield from faults_of(story)
        last, count = tickets[-1].id, count + len(tickets)
        progress("tickets", count)


def stories(tickets: list[Row[Any]]) -> Iterator[Story]:
    """The tickets with every row that belongs to them, in a few queries for all."""
    found = {ticket.id: Story(ticket) for ticket in tickets}
    first, last = tickets[0].id, tickets[-1].id
    for model, name in (
        (Event, "events"),
        (Question, "questions"),
        (Draft, "drafts"),
        (Offer, "offers"),
        (Publication, "publications"),
        (Judgement, "judgements"),
    ):
        table = _table(model)
        query = _by_id(model).where(table.c.ticket_id.between(first, last))
        for row in _rows(query.order_by(None).order_by(table.c.sequence if model is Event else table.c.id)):
            if row.ticket_id in found:
                getattr(found[row.ticket_id], name).append(row)
    _add_rows_of_rows(found, first, last)
    yield from found.values()


def _add_rows_of_rows(found: dict[int, Story], first: int, last: int) -> None:
    """What hangs on a question, on a draft, or is named by an event."""
    questions, drafts = _table(Question), _table(Draft)
    originals, approvals = _table(QuestionOriginal), _table(Approval)
    query = select(originals, questions.c.ticket_id).join(questions, questions.c.id == originals.c.question_id)
    for row in _rows(query.where(questions.c.ticket_id.between(first, last))):
        found[row.ticket_id].originals[row.question_id] = row
    query = select(approvals, drafts.c.ticket_id).join(drafts, drafts.c.id == approvals.c.draft_id)
    for row in _rows(query.where(drafts.c.ticket_id.between(first, last))):
        found[row.ticket_id].approvals.append(row)
    named = {
        event.facts["version_id"]: story for story in found.values() for event in story.told(Kind.APPROVED, Kind.REUSED)
    }
    if named:
        versions = _table(AnswerVersion)
        rows = {row.id: row for row in _rows(select(versions).where(versions.c.id.in_(named)))}
        for story in found.values():
            story.versions = rows


def _answer_faults(progress: Callable[[str, int], None]) -> Iterator[Fault]:
    """The chains of versions, and withdrawals that only the log remembers."""
    for version, code in ledger.broken_versions():
        yield Fault(f"answer_version.{code}", "answer_version", version.id, version.official_answer.code)
    withdrawn = set(
        db.session.scalars(
            select(AuditEntry.object_id).where(
                AuditEntry.object_kind == "official_answer", AuditEntry.action == ledger.WITHDRAWN
            )
        )
    )
    count = 0
    for row in _rows(_by_id(OfficialAnswer), stream=True):
        count += 1
        said = row.status is AnswerStatus.WITHDRAWN, row.withdrawn_at is not None
        if said != (row.id in withdrawn, row.id in withdrawn):
            yield Fault("official_answer.withdrawn", "official_answer", row.id, row.code)
    progress("official answers", count)


def _audit_faults(progress: Callable[[str, int], None]) -> Iterator[Fault]:
    for entry in auditing.broken_entries():
        yield Fault("audit_entry.chain", "audit_entry", entry.id, entry.action)
    progress("audit entries", db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0)


def _counter_faults(progress: Callable[[str, int], None]) -> Iterator[Fault]:
    """The counters of the working lists against the tickets that stand in them."""
    tickets = _table(Ticket)
    grouped = select(tickets.c.queue, tickets.c.department_id, func.count()).group_by(
        tickets.c.queue, tickets.c.department_id
    )
    counted = Counter({(row[0], row[1] or 0): row[2] for row in db.session.execute(grouped)})
    kept = Counter({(row.queue, row.department_id): row.count for row in _rows(select(_table(QueueCount)))})
    for queue, department_id in sorted(counted.keys() | kept.keys()):
        if counted[queue, department_id] != kept[queue, department_id]:
            yield Fault("queue_count.count", "queue_count", department_id, str(queue))
    progress("counters", len(kept))


# --- rows -------------------------------------------------------------------------------------------------------------


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _by_id(model: type[Base]) -> Select[Any]:
    return select(_table(model)).order_by(_table(model).c.id)


def _rows(query: Select[Any], *, stream: bool = False) -> Any:
    """Rows as plain tuples with names, past whatever the session remembers."""
    if stream:
        return db.session.connection().execute(query, execution_options={"yield_per": 500})
    return db.session.connection().execute(query).all()


def first_of_each_kind(found: Iterator[Fault]) -> dict[str, tuple[Fault, int]]:
    """Kind to its first fault and how many there are; stops counting where a kind has very many."""
    firsts: dict[str, tuple[Fault, int]] = {}
    for fault in islice(found, 1_000_000):
        first, count = firsts.get(fault.kind, (fault, 0))
        firsts[fault.kind] = (first, count + 1)
    return firsts

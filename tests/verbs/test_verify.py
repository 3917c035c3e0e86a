"""`verify`: whatever was altered behind the application's back is found, one column at a time."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import inspect, text

from builders.answers import (
    a_submitted_draft,
    an_approved_ticket,
    an_approver,
    an_official_answer,
    at,
    in_days,
)
from builders.offers import a_manager, a_question, an_accepted_offer, an_expert, an_offer
from helpdesk import clock
from helpdesk.accounts.models import SYSTEM
from helpdesk.accounts.organisation import change_setting
from helpdesk.answers.approving import return_draft
from helpdesk.answers.reusing import reuse
from helpdesk.answers.withdrawing import withdraw_answer
from helpdesk.commands import verify
from helpdesk.db import db, transaction
from helpdesk.errors import NotAllowed
from helpdesk.publishing.posting import publish
from helpdesk.reports import integrity
from helpdesk.routing import offering
from helpdesk.routing.models import DeclineReason
from helpdesk.tickets.closing import close
from helpdesk.tickets.triaging import triage
from helpdesk.tickets.workflow import Outcome
from people import a_channel, a_department

pytestmark = pytest.mark.usefixtures("app")

POST = "https://forum.example.org/t/fibre/42/3"


@pytest.fixture
def a_busy_day(app, monkeypatch):
    """Tickets in every state, with everything that can hang on one."""
    manager, approver = a_manager(handle="manager"), an_approver(handle="approver")
    expert = an_expert(handle="expert", max_open=50)
    a_department("MOB")
    forum = a_channel("discourse", "discourse", account="https://forum.example.org")
    a_question("Première question ?")
    an_offer(expert)
    an_accepted_offer(expert)
    declined = an_offer(expert)
    with transaction():
        offering.decline(declined, by=expert, reason=DeclineReason.OUT_OF_SCOPE)
    draft = a_submitted_draft(expert=expert)
    with transaction():
        return_draft(draft.ticket, draft.revision, by=approver, comment="Plus court.")
    a_submitted_draft(expert=expert)
    posted = an_approved_ticket("Oui, en **juin**.", by=approver, expert=expert, channel=forum, short="Juin.")
    with transaction():
        publish(posted, by=manager, url=POST, posted_text="Oui, en juillet.")
    reused, answer = a_question(), an_official_answer("Officielle.")
    with transaction():
        reuse(reused, answer, by=manager)
    gone = an_official_answer("Retirée.")
    with transaction():
        withdraw_answer(gone, by=approver, reason="Faux.")
    expired = an_approved_ticket(by=approver, expert=expert, review_by=in_days(1))
    pointless = an_offer(expert)
    with transaction():
        triage(pointless.ticket, by=manager, class_="question", priority="P3", topics=[])
    with transaction():
        close(pointless.ticket, by=manager, outcome=Outcome.NO_REPLY, reason="Sans objet.")
    with transaction():
        change_setting("signature", "— Nous", by=SYSTEM)
    with monkeypatch.context() as later:
        at(later, clock.now().replace(year=clock.now().year + 1))
        with pytest.raises(NotAllowed), transaction():
            publish(expired, by=manager)
    return app


def altered(*statements: str, **values: object) -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), values)
    db.session.remove()


def kinds_found() -> set[str]:
    return {fault.kind for fault in integrity.faults()}


def test_a_day_of_work_is_sound(a_busy_day):
    assert list(integrity.faults()) == []
    result = verify.run(None, a_busy_day)
    assert result.exit_code == 0
    assert result.document["sound"] is True
    assert result.document["checked"]["tickets"] == db.session.execute(text("SELECT COUNT(*) FROM ticket")).scalar()


LAST = "WHERE id = (SELECT MAX(id) FROM {table})"
FIRST = "WHERE id = (SELECT MIN(id) FROM {table})"
# table: {column: (new value, the kinds of which at least one must be found)}
COLUMNS = {
    "event": {
        "sequence": ("sequence + 100", {"event.sequence"}),
        "kind": ("'claimed'", {"event.hash"}),
        "actor_id": ("(SELECT MAX(id) FROM person)", {"event.hash"}),
        "role": ("'admin'", {"event.hash"}),
        "at": ("'2001-01-01 00:00:00.000000'", {"event.hash"}),
        "recorded_at": ("'2001-01-01 00:00:00.000000'", {"event.hash"}),
        "facts": ('\'{"question_id": 1, "digest": "0", "channel": "web"}\'', {"event.hash"}),
        "previous_hash": ("'1'", {"event.chain"}),
        "hash": ("'1'", {"event.hash", "event.chain"}),
    },
    "ticket": {
        "state": ("'escalated'", {"ticket.state"}),
        "queue": ("'answered'", {"ticket.queue"}),
        "version": ("version + 1", {"ticket.version"}),
        "last_hash": ("'1'", {"ticket.last_hash"}),
        "counted_queue": ("'restricted'", {"ticket.queue"}),
        "counted_department_id": ("77", {"ticket.department"}),
        "department_id": ("(SELECT MAX(id) FROM department)", {"ticket.department"}),
        "triaged_at": ("'2001-01-01 00:00:00.000000'", {"ticket.queue"}),
    },
    "question": {
        "digest": ("'1'", {"question.digest"}),
        "ticket_id": ("ticket_id + 1", {"question.missing"}),
        "posted_at": ("'2001-01-01 00:00:00.000000'", {"question.posted_at"}),
    },
    "draft": {
        "body": ("'autre'", {"draft.digest"}),
        "short": ("'autre'", {"draft.digest"}),
        "title": ("'autre'", {"draft.digest"}),
        "sources": ("'autre'", {"draft.digest"}),
        "language": ("'en'", {"draft.digest"}),
        "review_by": ("'2031-01-01'", {"draft.digest"}),
        "digest": ("'1'", {"draft.digest"}),
        "revision": ("revision + 5", {"draft.digest"}),
        "author_id": ("author_id - 1", {"draft.author"}),
    },
    "approval": {
        "decision": ("CASE decision WHEN 'return' THEN 'approve' ELSE 'return' END", {"approval.decision"}),
        "approver_id": ("approver_id - 1", {"approval.decision"}),
        "draft_id": ("draft_id + 1", {"approval.decision", "approval.missing"}),
    },
    "offer": {
        "state": ("'redirected'", {"offer.state"}),
        "person_id": ("person_id - 1", {"offer.state"}),
        "ticket_id": ("ticket_id + 1", {"offer.missing", "offer.unknown"}),
    },
    "publication": {
        "version_id": ("version_id + 1", {"publication.digest"}),
        "approved_digest": ("'1'", {"publication.digest"}),
        "posted_digest": ("'1'", {"publication.digest"}),
        "posted_text": ("'autre'", {"publication.digest"}),
        "verdict": ("'equal'", {"publication.digest"}),
        "posted_by_id": ("posted_by_id + 1", {"publication.digest"}),
    },
    "answer_version": {
        "body": ("'autre'", {"answer_version.digest"}),
        "html": ("'autre'", {"answer_version.seal"}),
        "plain": ("'autre'", {"answer_version.seal"}),
        "hash": ("'1'", {"answer_version.seal"}),
        "previous_hash": ("'1'", {"answer_version.chain"}),
        "version": ("version + 1", {"answer_version.sequence"}),
    },
    "official_answer": {
        "kind": ("'edl'", {"answer_version.seal"}),
        "visibility": ("'internal'", {"answer_version.seal"}),
        "language": ("'en'", {"answer_version.seal"}),
    },
    "audit_entry": {
        "action": ("'nothing'", {"audit_entry.chain"}),
        "object_id": ("99", {"audit_entry.chain"}),
        "actor_id": ("(SELECT MAX(id) FROM person)", {"audit_entry.chain"}),
        "facts": ("'{}'", {"audit_entry.chain"}),
        "at": ("'2001-01-01 00:00:00.000000'", {"audit_entry.chain"}),
        "previous_hash": ("'1'", {"audit_entry.chain"}),
    },
    "question_original": {"text": ("'autre'", {"question.digest"})},
    "queue_count": {"count": ("count + 1", {"queue_count.count"})},
}
WHERE = {
    "question_original": "WHERE question_id = (SELECT MIN(question_id) FROM question_original)",
    "queue_count": "WHERE queue = 'publish' AND department_id = 0",
    ("audit_entry", "actor_id"): LAST.format(table="audit_entry"),
}


@pytest.mark.parametrize("table", COLUMNS)
def test_one_altered_column_is_found(a_busy_day, table):
    for column, (value, expected) in COLUMNS[table].items():
        where = WHERE.get((table, column)) or WHERE.get(table) or FIRST.format(table=table)
        key = KEY.get(table, "id")
        found = text(f"SELECT {key.split()[-1]}, {column} FROM {table} {where}")
        row, before = db.session.execute(found).one()
        altered(f"UPDATE {table} SET {column} = {value} {where}")
        found = kinds_found()
        assert found & expected, (column, found)
        before = json.dumps(before) if isinstance(before, dict | list) else before
        altered(f"UPDATE {table} SET {column} = :before WHERE {key} = :row", before=before, row=row)
        assert not kinds_found(), (column, "was not put back")


KEY = {"question_original": "question_id", "queue_count": "department_id = 0 AND queue"}


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DELETE FROM event WHERE id = (SELECT MAX(id) FROM event)", "ticket.state"),
        ("DELETE FROM event WHERE sequence = 2 AND ticket_id = (SELECT MIN(ticket_id) FROM draft)", "event.sequence"),
        ("DELETE FROM publication", "publication.missing"),
        ("DELETE FROM approval", "approval.missing"),
        ("DELETE FROM question_original", "question.digest"),
        ("UPDATE official_answer SET status = 'in_force', withdrawn_at = NULL", "official_answer.withdrawn"),
        ("UPDATE official_answer SET status = 'withdrawn', withdrawn_at = '2026-01-01'", "official_answer.withdrawn"),
        ("DELETE FROM audit_entry WHERE action = 'answer_recorded'", "answer_version.anchor"),
        ("DELETE FROM queue_count", "queue_count.count"),
        ("UPDATE queue_count SET department_id = department_id + 50", "queue_count.count"),
        (
            (
                "INSERT INTO offer (ticket_id, person_id, state, mode, offered_at, note) SELECT ticket_id, person_id, "
                "'accepted', mode, offered_at, '' FROM offer WHERE id = (SELECT MIN(id) FROM offer)"
            ),
            "offer.unknown",
        ),
    ],
)
def test_rows_taken_away_or_put_in_are_found(a_busy_day, statement, kind):
    altered(statement)
    assert kind in kinds_found()


def test_the_command_names_the_first_row_of_each_kind_and_fails(a_busy_day):
    altered("UPDATE draft SET body = 'autre'", "UPDATE ticket SET last_hash = '1'")
    result = verify.run(None, a_busy_day)
    assert result.exit_code == 1
    assert result.document["sound"] is False
    breaks = {each["kind"]: each for each in result.document["breaks"]}
    drafts = db.session.execute(text("SELECT COUNT(*), MIN(id) FROM draft")).one()
    assert (breaks["draft.digest"]["count"], breaks["draft.digest"]["row"]) == tuple(drafts)
    assert breaks["ticket.last_hash"]["ref"].startswith("R-")
    assert any("its text is not the one that the log speaks of" in line for line in result.lines)
    json.dumps(result.document)


def test_it_changes_nothing_and_reads_in_batches(a_busy_day, monkeypatch):
    monkeypatch.setattr(integrity, "AT_ONCE", 2)
    assert list(integrity.faults()) == []
    session = db.session()
    assert not session.dirty
    assert not session.new


def test_every_kind_of_fault_has_words():
    import re
    from pathlib import Path

    source = "".join(
        Path(module.__file__).read_text(encoding="utf-8")
        for module in (integrity, __import__("helpdesk.reports.ticket_integrity", fromlist=["x"]))
    )
    named = {code for _table, code in re.findall(r'"(\w+)\.(\w+)"', source)}
    assert named <= verify.MEANINGS.keys()


def test_all_the_tables_a_ticket_has_are_walked():
    """A table with a ticket of its own that is not looked at would be a place to hide."""
    looked_at = {"event", "question", "draft", "offer", "publication", "judgement"}
    not_proof = {  # derived, or words about a ticket that no decision rests on
        "ticket_topic", "ticket_named", "scratch", "clarification", "routing_decision", "official_answer",
        "clock_reading", "passing",
    }  # fmt: skip
    found = {
        table
        for table in inspect(db.engine).get_table_names()
        if any(key["referred_table"] == "ticket" for key in inspect(db.engine).get_foreign_keys(table))
    }
    assert found - looked_at - not_proof <= {"ticket", "letter", "remark"}, found

"""Did the answer help? Asked of the asker alone, kept once per answer, changed at will, and counted from the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from builders.answers import an_approved_ticket, an_approver, at
from builders.offers import a_draft, a_manager, an_accepted_offer, an_expert
from helpdesk import clock
from helpdesk.accounts.models import ASKER
from helpdesk.answers import approving, withdrawing, writing
from helpdesk.answers.models import OfficialAnswer
from helpdesk.db import db, transaction
from helpdesk.errors import NotFound
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.intake.status_links import status_token
from helpdesk.publishing.judging import judge
from helpdesk.publishing.models import Judgement
from helpdesk.publishing.posting import publish
from helpdesk.reports.integrity import faults
from helpdesk.rollups import following
from helpdesk.rollups.models import EVERY, DayCount
from helpdesk.tickets.closing import reopen
from helpdesk.tickets.models import Event, Remark, Ticket
from helpdesk.tickets.triaging import merge
from helpdesk.tickets.workflow import Kind
from helpdesk.web.limits import limiter
from people import a_channel, a_department


@pytest.fixture
def answered(app: Flask) -> Ticket:
    ticket = an_approved_ticket("La fibre arrive en **mai**.", expert=an_expert(department=a_department("FIX")))
    with transaction():
        publish(ticket, by=a_manager(handle="poster"))
    return ticket


def address_of(app: Flask, ticket: Ticket) -> str:
    return f"/status/{status_token(ticket, app.extensions['relais_settings'].secret_key)}"


def say(client: FlaskClient, app: Flask, ticket: Ticket, helped: str, **more: str) -> Any:
    return client.post(f"{address_of(app, ticket)}/judgement", data={"helped": helped, **more})


def told() -> list[bool]:
    events = db.session.scalars(select(Event).where(Event.kind == Kind.JUDGED).order_by(Event.id))
    return [event.facts["helped"] for event in events]


def counted() -> dict[str, int]:
    following.follow()
    kinds = ("helped", "not_helped", "corrected", "reopened", "returned", "withdrawn")
    rows = db.session.scalars(select(DayCount).where(DayCount.kind.in_(kinds), DayCount.department_id != EVERY))
    found: dict[str, int] = {}
    for row in rows:
        found[row.kind] = found.get(row.kind, 0) + row.count
    return found


def test_an_asker_says_once_whether_it_helped_and_may_change_their_mind(
    client: FlaskClient, app: Flask, answered: Ticket
) -> None:
    page = client.get(address_of(app, answered)).text
    assert "Cette réponse vous a-t-elle aidé" in page
    version = answered.version
    answer = say(client, app, answered, "yes")
    assert answer.status_code == 303
    assert "Vous avez dit que oui" in client.get(answer.location).text
    say(client, app, answered, "yes")  # a second click
    assert told() == [True]
    say(client, app, answered, "no", comment="Rien sur le prix. Appelez-moi au 06 39 98 12 34.")
    assert told() == [True, False]
    judgement = db.session.scalars(select(Judgement)).one()
    assert (judgement.helped, judgement.ticket_id) == (False, answered.id)
    assert answered.version == version + 2
    page = client.get(address_of(app, answered)).text
    assert "Rien sur le prix" in page
    assert "06 39 98" not in page
    assert [remark.text for remark in db.session.scalars(select(Remark))] == [
        "Rien sur le prix. Appelez-moi au ⟦phone⟧."
    ]
    say(client, app, answered, "no", comment="")
    assert db.session.scalars(select(Remark)).all() == []  # taken back, and gone
    assert counted() == {"not_helped": 1}
    assert list(faults()) == []


def test_the_log_of_a_judgement_holds_no_word_of_the_asker(client: FlaskClient, app: Flask, answered: Ticket) -> None:
    say(client, app, answered, "no", comment="merci")
    event = db.session.scalars(select(Event).where(Event.kind == Kind.JUDGED)).one()
    assert event.facts["reason"] == "in_words"
    assert event.role == "asker"


def test_a_judgement_altered_behind_the_back_is_found(client: FlaskClient, app: Flask, answered: Ticket) -> None:
    say(client, app, answered, "no")
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE judgement SET helped = true"))
    db.session.expire_all()
    assert [fault.kind for fault in faults()] == ["judgement.said"]


def test_each_asker_of_a_merged_question_has_a_say_of_their_own(
    client: FlaskClient, app: Flask, answered: Ticket
) -> None:
    lead = an_approved_ticket("La 5G arrive en **mai**.")
    a_channel()
    with transaction():
        other = receive(clean(text="La même", channel="web", now=clock.now()), by=ASKER, origin="form").ticket
        merge(other, lead, by=a_manager_in_session())
        publish(lead, by=a_manager_in_session())
    say(client, app, lead, "yes")
    say(client, app, other, "no")
    rows = db.session.scalars(select(Judgement).order_by(Judgement.id)).all()
    assert [(row.ticket_id, row.helped) for row in rows] == [(lead.id, True), (lead.id, False)]
    assert counted() == {"helped": 1, "not_helped": 1}


def a_manager_in_session() -> Any:
    from helpdesk.accounts.directory import person_with

    return person_with("poster")


def test_without_an_answer_there_is_nothing_to_judge(client: FlaskClient, app: Flask) -> None:
    ticket = an_approved_ticket()
    assert "judgement" not in client.get(address_of(app, ticket)).text
    assert say(client, app, ticket, "yes").status_code == 404
    with pytest.raises(NotFound), transaction():
        judge(ticket, helped=True, by=ASKER)
    assert client.post(f"/status/{'0' * 38}/judgement", data={"helped": "yes"}).status_code == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"helped": "perhaps"}, 400),
        ({}, 400),
        ({"helped": "yes", "comment": "é" * 1_001}, 422),
        ({"helped": "yes", "comment": "a\x00b"}, 422),
    ],
)
def test_what_is_no_judgement_is_refused_and_changes_nothing(
    client: FlaskClient, app: Flask, answered: Ticket, sent: dict[str, str], status: int
) -> None:
    assert client.post(f"{address_of(app, answered)}/judgement", data=sent).status_code == status
    assert told() == []


def test_it_is_protected_like_its_neighbours(
    client: FlaskClient, app: Flask, answered: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "enabled", True)
    asked = [say(client, app, answered, "yes" if number % 2 else "no").status_code for number in range(11)]
    assert asked == [303] * 10 + [429]
    monkeypatch.setattr(limiter, "enabled", False)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert say(client, app, answered, "yes", csrf_token="of yesterday").status_code == 400


def test_what_was_done_again_is_counted_on_its_day(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text corrected after it was posted, and then withdrawn; a judgement that moves to another day takes its
    count along; and made anew from the log, the figures are the same."""
    start = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
    at(monkeypatch, start)
    expert, manager, approver = an_expert(department=a_department("FIX")), a_manager(), an_approver()
    held = an_accepted_offer(expert, by=manager)
    ticket = held.ticket
    for day, body in enumerate(("La fibre arrive en mai.", "La fibre arrive en juin.")):
        at(monkeypatch, start + timedelta(days=day))
        if day:
            with transaction():
                reopen(ticket, by=manager, reason="le mois est faux")
            held = an_accepted_offer(expert, by=manager, ticket=ticket)
        draft = a_draft(held, body)
        with transaction():
            writing.submit(ticket, draft.revision, by=expert)
        with transaction():
            approving.approve(ticket, draft.revision, by=approver)
        with transaction():
            publish(ticket, by=manager)
    with transaction():
        judge(ticket, helped=False, by=ASKER)
    assert counted() == {"reopened": 1, "corrected": 1, "not_helped": 1}
    at(monkeypatch, start + timedelta(days=9))
    with transaction():
        judge(ticket, helped=True, by=ASKER)
    at(monkeypatch, start + timedelta(days=12))
    with transaction():
        withdrawing.withdraw_answer(db.session.scalars(select(OfficialAnswer)).one(), by=approver, reason="faux")
    found = counted()
    assert found == {"reopened": 1, "corrected": 1, "helped": 1, "withdrawn": 1}
    before = rows_of_counts()
    following.rebuild()
    assert rows_of_counts() == before


def rows_of_counts() -> list[tuple[Any, ...]]:
    db.session.rollback()
    rows = db.session.scalars(select(DayCount).order_by(DayCount.day, DayCount.department_id, DayCount.kind))
    return [(row.day, row.department_id, row.kind, row.other_id, row.count) for row in rows]

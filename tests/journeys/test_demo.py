"""The demo: every working list, page and role has something true to show, and all of it can be proved."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask
from sqlalchemy import func, select

import workers.demo
from helpdesk import clock, demo
from helpdesk.accounts.entering import person_with_password
from helpdesk.db import db, transaction
from helpdesk.demo import documents, past, reliving
from helpdesk.loading import load_documents
from helpdesk.outbox import OutboxRow, RowState
from helpdesk.publishing.models import Publication
from helpdesk.reports.integrity import faults
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets.models import Event, Question, Ticket
from helpdesk.tickets.workflow import Kind, Queue


def test_the_demo_fills_every_list_with_what_can_be_proved(demo_app: Flask) -> None:
    with demo_app.app_context():
        everything_is_there_and_true(demo_app)


def everything_is_there_and_true(app: Flask) -> None:
    every_working_list_has_something()
    assert list(faults()) == []
    assert db.session.scalar(select(func.max(Event.at))) <= clock.now()
    newest = db.session.scalar(select(func.max(Ticket.opened_at)))
    assert newest is not None
    assert (clock.now() - newest).total_seconds() < 86_400
    for _role, handle, password in demo.accounts():
        assert person_with_password(handle, password) is not None, handle
    before = db.session.scalar(select(func.count()).select_from(Event))
    db.session.rollback()
    demo.load(app)  # a second start plays nothing again
    assert db.session.scalar(select(func.count()).select_from(Event)) == before


def every_working_list_has_something() -> None:
    rows = db.session.execute(select(Ticket.queue, func.count()).group_by(Ticket.queue))
    counts = dict(rows.all())
    assert all(counts.get(queue, 0) >= 2 for queue in Queue), counts
    kinds = set(db.session.scalars(select(Event.kind).distinct()))
    assert {Kind.DECLINED, Kind.RETURNED, Kind.REUSED, Kind.PUBLISHED, Kind.MERGED, Kind.ESCALATED} <= kinds
    states = set(db.session.scalars(select(Offer.state).distinct()))
    assert {OfferState.OFFERED, OfferState.ACCEPTED, OfferState.DECLINED, OfferState.DONE} <= states
    published = db.session.scalar(select(func.count()).select_from(Publication))
    assert published is not None
    assert published > 30


def test_its_past_is_lived_by_the_same_verbs_and_leaves_nothing_to_do(app: Flask) -> None:
    """Two days of it, one of them long ago: true in every row, over by now, and carried out then."""
    with transaction():
        load_documents(documents.read().organisation)
    days = past.days(clock.now())
    assert len({day.isocalendar()[:2] for day in days}) == past.WEEKS
    busy = [day for day in days if day.weekday() < 5]
    for day in (busy[10], busy[-3]):
        with transaction():
            count = reliving.relive(day)
        assert count >= 3
        assert len(past.courses_of(day, clock.now())) == count  # the same every time
    assert list(faults()) == []
    rows = db.session.scalars(select(OutboxRow)).all()
    assert rows
    assert {row.state for row in rows} == {RowState.DONE}
    assert all(row.created_at < clock.now() - timedelta(days=1) for row in rows)
    assert {ticket.queue for ticket in db.session.scalars(select(Ticket))} <= {Queue.ANSWERED, Queue.CLOSED}
    texts = db.session.scalars(select(Question.text)).all()
    assert len(set(texts)) == len(texts)


def test_its_past_is_left_to_the_workers_day_by_day(app: Flask) -> None:
    with transaction():
        load_documents(documents.read().organisation)
        days = reliving.announce()
    rows = db.session.scalars(select(OutboxRow).where(OutboxRow.job == reliving.DAY).order_by(OutboxRow.id)).all()
    assert len(rows) == days
    assert [row.payload["day"] for row in rows] == sorted((row.payload["day"] for row in rows), reverse=True)
    row = next(row for row in rows if date.fromisoformat(row.payload["day"]).weekday() == 6)
    db.session.rollback()
    workers.demo.relive(row)
    assert db.session.get_one(OutboxRow, row.id).state is RowState.DONE


def test_moving_the_demo_to_today_keeps_its_order() -> None:
    moved = documents.move_to_today(documents.read()).questions
    times = [row["received_at"] for row in moved]
    assert times == sorted(times)
    assert times[-1] <= clock.now()

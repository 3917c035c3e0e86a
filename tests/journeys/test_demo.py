"""The demo: every working list, page and role has something true to show, and all of it can be proved."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from helpdesk import clock, demo
from helpdesk.accounts.entering import person_with_password
from helpdesk.db import db
from helpdesk.demo import documents
from helpdesk.publishing.models import Publication
from helpdesk.reports.integrity import faults
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets.models import Event, Ticket
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


def test_moving_the_demo_to_today_keeps_its_order() -> None:
    moved = documents.move_to_today(documents.read()).questions
    times = [row["received_at"] for row in moved]
    assert times == sorted(times)
    assert times[-1] <= clock.now()

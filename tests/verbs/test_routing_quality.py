"""How good routing is, read from decisions, offers and the log: the figures equal a count by hand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from builders.answers import at
from builders.decisions import a_decision, an_offer_then
from builders.offers import a_manager, a_question, an_expert, an_offer
from helpdesk.db import db, transaction
from helpdesk.reports.routing_quality import Point, outcomes, quality, week_starts
from helpdesk.routing import offering
from helpdesk.routing.confidence import Confidence
from helpdesk.routing.models import DeclineReason, OfferState
from helpdesk.routing.shares import Share

pytestmark = pytest.mark.usefixtures("app")

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
LAST_WEEK = NOW - timedelta(days=7)


@pytest.fixture(autouse=True)
def wednesday(monkeypatch):
    at(monkeypatch, NOW)


def test_weeks_begin_on_monday_where_the_organisation_is():
    paris = ZoneInfo("Europe/Paris")
    starts = week_starts(datetime(2026, 10, 25, 23, 30, tzinfo=UTC), 2, paris)  # Monday half past midnight in Paris
    assert [start.isoformat() for start in starts] == [
        "2026-10-19T00:00:00+02:00",
        "2026-10-26T00:00:00+01:00",
        "2026-11-02T00:00:00+01:00",
    ]


def test_precision_by_week_and_by_word_and_the_curve():
    for number in range(12):
        a_decision(LAST_WEEK, 0.9, right=number < 11)
    for number in range(10):
        a_decision(NOW, 0.7, right=number < 6)
    a_decision(NOW, 0.3, right=False, mode="abstain")
    a_decision(NOW, 0.98, right=True, mode="automatic")
    a_decision(NOW, 0.7)  # nobody was asked yet
    a_decision(NOW - timedelta(days=14), 0.9, right=True)  # before the weeks read
    found = quality(2)
    assert [week.first for week in found.weeks] == [Share(11, 12), Share(7, 12)]
    assert [week.suggested for week in found.weeks] == [12, 13]
    assert found.total.first == Share(18, 24)
    assert (found.total.abstained, found.total.automatic, found.total.automatic_right) == (1, 1, Share(1, 1))
    assert found.bands == {
        Confidence.SURE: Share(12, 13),
        Confidence.LIKELY: Share(6, 10),
        Confidence.HESITANT: Share(),
    }
    (low, high) = found.curve  # the one at 0.3 joins those at 0.7, the one at 0.98 those at 0.9
    assert (low.predicted, low.observed) == (pytest.approx((0.3 + 7.0) / 11), Share(6, 11))
    assert (high.predicted, high.observed) == (pytest.approx((0.98 + 12 * 0.9) / 13), Share(12, 13))
    assert isinstance(low, Point)


def test_a_ticket_counts_once_by_what_was_on_the_table_when_somebody_was_asked():
    ticket = a_question()
    a_decision(LAST_WEEK, 0.4, ticket=ticket, mode="abstain")
    a_decision(NOW, 0.9, right=True, ticket=ticket)
    a_decision(NOW, 0.95, ticket=ticket)  # made again later, of no consequence
    nobody_asked = a_question()
    a_decision(LAST_WEEK, 0.4, ticket=nobody_asked, mode="abstain")
    a_decision(NOW, 0.7, ticket=nobody_asked)
    found = quality(2)
    assert [week.suggested for week in found.weeks] == [0, 2]
    assert (found.total.abstained, found.total.first) == (0, Share(1, 1))


def test_few_are_not_told():
    for _ in range(9):
        a_decision(NOW, 0.9, right=True)
    found = quality(1)
    assert found.total.first.value is None
    assert found.curve == []
    assert found.weeks[0].lost_hours is None


def test_declines_redirects_and_acceptance_by_the_log():
    manager, fibre, bills = a_manager(), an_expert(), an_expert()
    for reason in (DeclineReason.OUT_OF_SCOPE, DeclineReason.OUT_OF_SCOPE, DeclineReason.OVERLOADED):
        offer = an_offer(fibre, by=manager)
        with transaction():
            offering.decline(offer, by=fibre, reason=reason)
    offer = an_offer(fibre, by=manager)
    with transaction():
        offering.redirect(offer, by=fibre, instead=bills)
    offer = an_offer(bills, by=manager)
    with transaction():
        offering.accept(offer, by=bills)
    (week,) = quality(1).weeks
    assert week.declines == Counter(out_of_scope=2, overloaded=1)
    assert (week.redirects, week.asked) == (1, 5)
    assert week.said_yes == Share(1, 5)  # the colleague asked second does not count


def test_time_lost_runs_from_a_wrong_offer_to_the_next():
    expert = an_expert()
    for hours in range(1, 11):
        ticket = a_question()
        an_offer_then(ticket, expert, LAST_WEEK, OfferState.DECLINED)
        an_offer_then(ticket, expert, LAST_WEEK + timedelta(hours=hours), OfferState.REDIRECTED)
    waiting = a_question()
    an_offer_then(waiting, expert, LAST_WEEK, OfferState.EXPIRED)  # nobody was asked since
    withdrawn = a_question()
    an_offer_then(withdrawn, expert, LAST_WEEK, OfferState.WITHDRAWN)
    an_offer_then(withdrawn, expert, NOW, OfferState.ACCEPTED)
    week = quality(2).weeks[0]
    assert sorted(week.lost) == [timedelta(hours=hours) for hours in range(1, 11)]
    assert week.lost_hours == 5.5


def test_outcomes_are_the_decided_ones_oldest_first():
    a_decision(NOW, 0.9, right=True)
    a_decision(NOW, 0.5)
    a_decision(NOW, 0.6, right=False)
    assert outcomes() == [(0.9, True), (0.6, False)]


def test_the_cost_depends_on_the_weeks_and_not_on_all_tickets():
    """Every statement goes through an index: none reads a whole table."""
    said: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        said.append((statement, parameters))

    if db.engine.dialect.name != "sqlite":
        pytest.skip("reads SQLite's query plans")
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        quality(4)
        outcomes()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    tables = ("routing_decision", "event", "offer")
    for statement, parameters in said:
        if not any(f"FROM {table}" in statement for table in tables):
            continue
        with db.engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        whole = [row[3] for row in plan if row[3].startswith("SCAN") and "ix_routing_decision_decided" not in row[3]]
        assert whole == [], statement

"""The figures summed up for reports: equal to the log however they came to be, and never twice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select

from builders.answers import at
from builders.offers import a_draft, a_manager, an_accepted_offer, an_expert
from builders.triage import a_triaged_ticket
from builders.whole import a_whole_organisation
from helpdesk import clock
from helpdesk.accounts.models import ASKER
from helpdesk.accounts.organisation import setting
from helpdesk.answers import writing
from helpdesk.commands import rebuild as rebuild_command
from helpdesk.db import db, transaction
from helpdesk.intake.cleaning import clean
from helpdesk.publishing import posting
from helpdesk.reports.flow import flow, themes
from helpdesk.reports.periods import last_weeks
from helpdesk.reports.response_times import STAGES, response_times
from helpdesk.rollups import following
from helpdesk.rollups.days import packed, quantile, read, unpacked
from helpdesk.rollups.models import EVERY, STARTED, ClockDay, ClockReading, DayCount
from helpdesk.rollups.reading import ASKER as ASKED_BACK
from helpdesk.routing import offering
from helpdesk.search.following import changes_after
from helpdesk.sla.explaining import explain
from helpdesk.tickets import triaging
from helpdesk.tickets.models import Ticket
from people import a_channel


@pytest.fixture
def whole(app):
    return a_whole_organisation()


def direct_reading():
    """(day, department, clock, outcome) → how many, straight from the log."""
    zone = ZoneInfo(setting("timezone"))
    found = Counter()
    for ticket in db.session.scalars(select(Ticket).where(Ticket.restricted.is_(False))):
        for each in explain(ticket).clocks:
            key = each.clock.department or ticket.department_id or 0, each.clock.name
            found[each.segments[0].start.astimezone(zone).date(), *key, STARTED] += 1
            if each.outcome not in ("running", "paused"):
                found[each.segments[-1].end.astimezone(zone).date(), *key, each.outcome] += 1
    return found


def sums():
    found, every = Counter(), Counter()
    for row in db.session.scalars(select(ClockDay)):
        for group in read(row.counts, row.targets, row.seconds):
            assert group.outcome == STARTED or len(unpacked([group.seconds])) == group.count
            if row.department_id == EVERY:
                every[row.day, group.clock, group.outcome] += group.count
            elif group.clock != ASKED_BACK:
                found[row.day, row.department_id, group.clock, group.outcome] += group.count
    summed = Counter()
    for (day, _department, name, outcome), count in found.items():
        summed[day, name, outcome] += count
    assert {key: count for key, count in every.items() if key[1] != ASKED_BACK} == summed
    return found


def everything():
    """Every derived row as it stands, without its number."""
    db.session.rollback()
    tables = (ClockReading, ClockDay, DayCount)
    return {
        table.__tablename__: sorted(
            repr([getattr(row, column.key) for column in table.__table__.columns if column.key != "id"])
            for row in db.session.scalars(select(table))
        )
        for table in tables
    }


def test_the_sums_say_what_the_log_says(whole):
    assert following.follow() > 0
    assert sums() == direct_reading()
    assert {row.clock for row in db.session.scalars(select(ClockReading))} <= set(STAGES)
    assert following.lag() == 0


def test_a_ticket_that_goes_on_is_read_again_and_counted_once(whole):
    following.follow()
    ticket = a_triaged_ticket(whole.manager)
    following.follow()
    with transaction():
        offer = offering.offer(ticket, whole.people["expert"], by=whole.manager)
    following.follow()
    with transaction():
        offering.decline(offer, by=whole.people["expert"], reason="out_of_scope")
    following.follow()
    assert sums() == direct_reading()
    theirs = DayCount.kind == "declined", DayCount.department_id != EVERY
    declined = db.session.scalars(select(DayCount).where(*theirs)).one()
    assert (declined.count, declined.department_id) == (1, whole.people["expert"].department_id)


def test_made_anew_they_are_the_same(whole):
    following.follow()
    before = everything()
    with transaction() as session:
        for table in (ClockDay, DayCount, ClockReading):
            session.execute(delete(table))
    arguments = type("Arguments", (), {"what": "reports"})
    done = rebuild_command.run(arguments, None)
    assert done.document["tickets"] == len(db.session.scalars(select(Ticket.id)).all())
    assert everything() == before


def test_made_anew_over_wrong_sums_they_are_right(whole):
    following.follow()
    before = everything()
    with transaction() as session:
        stray = session.scalars(select(ClockDay)).first()
        session.add(
            ClockDay(
                day=stray.day - timedelta(days=900),
                department_id=0,
                counts=[["answer", "late", 7, 28]],
                targets=[[]],
                seconds=packed([60] * 7),
            )
        )
        stray.counts, stray.targets = [*stray.counts, ["answer", "late", 100, 0]], [*stray.targets, []]
    following.rebuild()
    assert everything() == before


def test_a_ticket_that_becomes_restricted_leaves_the_figures(whole):
    following.follow()
    ticket = whole.tickets["offered"]
    assert db.session.scalar(select(ClockReading.id).where(ClockReading.ticket_id == ticket.id)) is not None
    with transaction():
        triaging.escalate(ticket, by=whole.manager, circuit="legal", reason="A formal notice.")
    following.follow()
    assert db.session.scalar(select(ClockReading.id).where(ClockReading.ticket_id == ticket.id)) is None
    assert sums() == direct_reading()


def test_who_comes_second_changes_nothing(whole, monkeypatch):
    """Two follow at once: the one that finds the watermark moved leaves everything as it is."""
    stale = changes_after(0, following.BATCH)
    following.follow()
    before = everything()
    following._read_again({change.entity_id for change in stale if change.kind == "ticket"}, 0, stale[-1].id)
    assert everything() == before


def test_a_report_counts_what_ended_in_its_period(whole):
    following.follow()
    today = clock.now().astimezone(ZoneInfo(setting("timezone"))).date()
    report = response_times(None, last_weeks(4, today), clock.now())
    direct = direct_reading()
    for stage in STAGES:
        figures = report.stages[stage]
        of_stage = {key[3]: 0 for key in direct}
        for (_, _, name, outcome), count in direct.items():
            of_stage[outcome] += count if name == stage else 0
        assert figures.started == of_stage.pop(STARTED)
        assert {name: count for name, count in figures.outcomes.items() if count} == {
            name: count for name, count in of_stage.items() if count
        }
    open_now = [
        each.clock.name
        for ticket in db.session.scalars(select(Ticket).where(Ticket.restricted.is_(False)))
        for each in explain(ticket).clocks
        if each.outcome in ("running", "paused")
    ]
    assert {stage: running.count for stage, running in report.running.items() if running.count} == Counter(open_now)
    assert sum(len(week.stages["triage"].times) for week in report.weeks) == report.stages["triage"].count
    assert response_times([], last_weeks(4, today), clock.now()).stages["triage"].count == 0


def test_flow_and_themes_count_what_came(whole):
    following.follow()
    today = clock.now().astimezone(ZoneInfo(setting("timezone"))).date()
    period = last_weeks(1, today)
    came = flow(None, period, response_times(None, period, clock.now()).stages)
    assert came.quality.returned.hits == 0
    assert came.came_in > 0
    theme = themes(None, period)[0]
    assert theme.count > 0
    assert theme.before is None  # nothing is known of earlier: nobody can say what is new
    assert not theme.is_new


def test_what_is_posted_for_a_leading_question_ends_the_clock_of_those_attached_to_it(whole):
    lead = whole.tickets["ready"]
    a_channel("letterbox", public=False)
    child = a_triaged_ticket(whole.manager, channel="letterbox")
    with transaction():
        triaging.merge(child, lead, by=whole.manager)
    following.follow()
    public = select(ClockReading).where(ClockReading.ticket_id == child.id, ClockReading.clock == "public")
    assert db.session.scalars(public).one().ended_at is None
    with transaction():
        posting.publish(lead, by=whole.manager, url="https://forum.example.org/t/fibre/77/1")
    following.follow()
    assert db.session.scalars(public.execution_options(populate_existing=True)).one().ended_at is not None
    assert sums() == direct_reading()


def test_waiting_for_the_asker_is_nobodys_time_here(app, monkeypatch):
    start = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
    at(monkeypatch, start)
    expert, manager = an_expert(), a_manager()
    held = an_accepted_offer(expert, by=manager)
    at(monkeypatch, start + timedelta(minutes=10))
    with transaction():
        triaging.ask_clarification(held.ticket, by=manager, wording="Which box do you have?")
    at(monkeypatch, start + timedelta(minutes=55))
    with transaction():
        triaging.record_reply(held.ticket, clean(text="The white one", channel="web", now=clock.now()), by=ASKER)
    a_draft(held)
    at(monkeypatch, start + timedelta(minutes=75))
    with transaction():
        writing.submit(held.ticket, 1, by=expert)
    following.follow()
    rows = db.session.scalars(select(ClockReading).where(ClockReading.clock.in_(("answer", ASKED_BACK))))
    assert {row.clock: row.seconds / 60 for row in rows} == {"answer": 30, ASKED_BACK: 45}


def test_times_are_packed_and_told():
    assert unpacked([packed([1, 2**33]), packed([-4])]).tolist() == [1, 2**32 - 1, 0]
    assert quantile(unpacked([packed([10, 20, 30, 40])]), 0.5) == 25
    assert quantile(unpacked([packed([10, 20, 30, 40])]), 0.9) == pytest.approx(37)
    assert quantile(unpacked([]), 0.5) is None

"""Calendars and policies are written in versions; what open tickets are held to changes only when somebody asks."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import yaml
from sqlalchemy import select

from builders.offers import a_manager, a_question, an_expert, an_offer
from builders.organisation import an_administrator
from config import PROJECT
from helpdesk import clock
from helpdesk.accounts.models import SYSTEM, AuditEntry
from helpdesk.counts import Counts
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, NotAllowed
from helpdesk.loading.sla import load_calendars, load_policies
from helpdesk.outbox import OutboxRow
from helpdesk.routing import offering
from helpdesk.sla import explaining
from helpdesk.sla.models import CalendarVersion, PolicyVersion
from helpdesk.sla.promising import calendar_with, policies
from helpdesk.sla.versioning import put_calendar, put_day, put_policy
from helpdesk.tickets import retargeting, triaging
from helpdesk.tickets.workflow import Kind
from people import a_department, a_person
from workers import clocks

DEMO = PROJECT / "data" / "demo"
WEEK = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
OFFICE = {"id": "office", "timezone": "Europe/Paris", "valid_from": date(2026, 1, 1), "hours": WEEK}
EVERYTHING = {"id": "all", "order": 9, "targets": {"triage": 60, "accept": 120}, "calendar": {"triage": "office"}}


@pytest.fixture
def clock_at(app, monkeypatch):
    def move(text):
        instant = datetime.fromisoformat(text).astimezone(UTC)
        monkeypatch.setattr(clock, "now", lambda: instant)

    move("2026-04-01T10:00:00+02:00")  # a Wednesday
    return move


@pytest.fixture
def promises(clock_at):
    with transaction():
        put_calendar(OFFICE, by=SYSTEM)
        put_policy(EVERYTHING, by=SYSTEM)


def utc(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def the(ticket, name):
    return [each for each in explaining.explain(ticket).clocks if each.clock.name == name][-1]


def carry_out(job):
    """Run the rows of a job as a worker would, to the last."""
    while row := db.session.scalar(select(OutboxRow).where(OutboxRow.job == job, OutboxRow.done_at.is_(None))):
        getattr(clocks, job.rpartition(".")[2])(row)
        db.session.expire_all()


def refused(verb, *arguments, **named):
    with pytest.raises(BadInput) as refusal, transaction():
        verb(*arguments, **named)
    return [(problem.field, problem.code) for problem in refusal.value.problems]


def test_the_demo_loads_every_version_once_and_the_second_time_nothing_changes(app):
    for expected in ("new", "unchanged"):
        counts = Counts()
        with transaction():
            load_calendars(yaml.safe_load((DEMO / "calendars.yaml").read_text("utf-8")), counts)
            load_policies(yaml.safe_load((DEMO / "sla_policies.yaml").read_text("utf-8")), counts)
        assert (getattr(counts, expected), counts.refused) == (16, [])
    assert [version.number for version in calendar_with("cal-facturation").versions] == [1, 2]
    assert [policy.version for policy in policies().policies] == [1] * 8


def test_hours_that_were_written_are_not_written_over(promises):
    document = {"calendars": [{**OFFICE, "hours": {"mon": ["08:00-09:00"]}}]}
    counts = Counts()
    with transaction():
        load_calendars(document, counts)
    assert counts.refused == ["office: calendars.office.version: version_written (value 1)"]
    load_calendars({"calendar_changes": [{"calendar": "moon", "change": "monday 08:00-09:00"}]}, counts)
    assert counts.refused[-1] == "moon: calendar_changes.moon: unknown_calendar (value moon)"


def test_new_hours_hold_from_a_day_to_come_and_each_day_is_counted_in_its_own(promises, clock_at):
    ticket = a_question()
    clock_at("2026-04-01T16:30:00+02:00")
    later = a_question()
    assert refused(put_calendar, {**OFFICE, "valid_from": date(2026, 4, 1)}, by=SYSTEM) == [
        ("valid_from", "not_before")
    ]
    with transaction():
        put_calendar({**OFFICE, "valid_from": date(2026, 4, 2), "hours": {"thu": ["14:00-17:00"]}}, by=SYSTEM)
    carry_out("workers.clocks.retime")
    assert ticket.due_at == utc("2026-04-01T11:00:00+02:00")
    assert later.due_at == the(later, "triage").due_at == utc("2026-04-02T14:30:00+02:00")  # half an hour each day
    clock_at("2026-04-02T15:00:00+02:00")
    assert [each.versions for each in the(later, "triage").segments] == [(1, 2)]
    assert the(later, "triage").spent_minutes == 30 + 60


def test_a_closing_written_afterwards_corrects_what_runs_and_stands_beside_what_is_over(promises, clock_at):
    over, running = a_question(), a_question()
    expert = an_expert(department=a_department("FAC", calendar="office"))
    clock_at("2026-04-01T10:40:00+02:00")
    an_offer(expert, ticket=over)
    clock_at("2026-04-03T10:00:00+02:00")
    with transaction():
        put_day("office", date(2026, 4, 1), [], by=SYSTEM, reason="strike")
    assert (the(over, "triage").spent_minutes, the(over, "triage").corrected_minutes) == (40, 0)
    assert the(over, "triage").outcome == "kept"
    assert (the(running, "triage").corrected_minutes, the(running, "triage").spent_minutes) == (None, 480 + 60)
    [entry] = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "calendar_day_written"))
    assert (entry.facts["late"], entry.facts["day"]) == (True, "2026-04-01")


def test_an_edited_policy_holds_for_clocks_that_start_later_until_it_is_applied(promises, clock_at):
    administrator = an_administrator()
    before = a_question()
    with transaction():
        assert put_policy(EVERYTHING, by=SYSTEM)[1] == "unchanged"
        assert put_policy({**EVERYTHING, "targets": {"triage": 5, "accept": 120}}, by=SYSTEM)[1] == "changed"
    after = a_question()
    assert before.due_at == the(before, "triage").due_at == utc("2026-04-01T11:00:00+02:00")
    assert after.due_at == the(after, "triage").due_at == utc("2026-04-01T10:05:00+02:00")
    clock_at("2026-04-01T10:20:00+02:00")
    with transaction():
        retargeting.ask_to_apply(by=administrator)
    carry_out("workers.clocks.apply")
    triage = the(before, "triage")
    assert before.due_at == triage.due_at == utc("2026-04-01T10:05:00+02:00")
    assert (triage.late, triage.late_on_change) == (False, True)  # nobody could have known
    assert [event.kind for event in before.events] == [Kind.RECEIVED, Kind.RETARGETED]
    assert before.events[-1].facts == {"promises": ["triage/all@2/5/office@1"]}
    assert [event.kind for event in after.events] == [Kind.RECEIVED]
    clock_at("2026-04-01T10:30:00+02:00")
    an_offer(an_expert(), ticket=before)
    assert the(before, "triage").outcome == "late_on_change"


def test_a_lower_priority_never_mends_a_breach(promises, clock_at):
    with transaction():
        urgent = {"id": "urgent", "order": 1, "applies_to": {"priority": "P2"}, "targets": {"accept": 10}}
        put_policy(urgent, by=SYSTEM)
    manager, ticket = a_manager(), a_question()
    with transaction():
        triaging.triage(ticket, by=manager, class_="question", priority="P2", topics=[])
    offer = an_offer(an_expert(), ticket=ticket)
    clock_at("2026-04-01T10:30:00+02:00")
    with transaction():
        triaging.triage(ticket, by=manager, class_="question", priority="P3", topics=[])
    with transaction():
        offering.accept(offer, by=offer.person)
    accept = the(ticket, "accept")
    assert (accept.target_minutes, accept.outcome, accept.late) == (120, "late", True)
    assert accept.due_at == utc("2026-04-01T10:10:00+02:00")


def test_only_an_administrator_applies_policies(promises):
    with pytest.raises(NotAllowed), transaction():
        retargeting.ask_to_apply(by=a_person())


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"hours": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "calendars.office.hours.mon", "overlapping_hours"),
        ({"hours": {}}, "calendars.office.hours", "empty_calendar"),
        ({"timezone": "Mars/Olympus"}, "calendars.office.timezone", "unknown_zone"),
        ({"holidays": "FR-99"}, "calendars.office.holidays", "unknown_holidays"),
        ({"holidays": {"set": "atlantis"}}, "calendars.office.holidays", "unknown_holidays"),
        ({"holidays": {"set": "FR", "dates": "2026-05-01"}}, "calendars.office.holidays.dates", "not_a_list_of_dates"),
        ({"extra_closed": ["the day after"]}, "calendars.office.extra_closed", "bad_date"),
        ({"id": "œuf"}, "calendars.œuf", "bad_code"),
    ],
)
def test_a_calendar_that_cannot_be_counted_in_is_refused(clock_at, change, field, code):
    assert (field, code) in refused(put_calendar, {**OFFICE, **change}, by=SYSTEM)
    assert db.session.query(CalendarVersion).count() == 0


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"calendar": {"triage": "nowhere"}}, "policies.new.calendar.triage", "unknown_calendar"),
        ({"targets": {"triage": 0}}, "policies.new.targets.triage", "bad_target"),
        ({"applies_to": {"mood": "good"}}, "policies.new.applies_to.mood", "unknown_condition"),
        ({"applies_to": {"priority": []}}, "policies.new.applies_to.priority", "no_value"),
        ({"order": 9}, "policies.all", "policy_twice"),
        ({"order": 99}, "policies", "no_default_policy"),
    ],
)
def test_a_policy_that_makes_no_sense_among_the_others_is_refused(promises, change, field, code):
    new = {"id": "new", "order": 1, "applies_to": {"priority": "P1"}, "targets": {"triage": 5}}
    assert refused(put_policy, {**new, **change}, by=SYSTEM)[0][1] == code
    assert db.session.query(PolicyVersion).count() == 1
    assert field.startswith("policies")


@pytest.mark.parametrize(
    ("day", "hours", "code"), [(date(2026, 5, 1), ["9-12"], "bad_hours"), (date(1999, 1, 1), [], "bad_date")]
)
def test_an_exceptional_day_that_makes_no_sense_is_refused(promises, day, hours, code):
    assert [each[1] for each in refused(put_day, "office", day, hours, by=SYSTEM)] == [code]

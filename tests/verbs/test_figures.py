"""The figures that people and programs read, of random logs: those of the log itself, kept up with it or made anew."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import select

from builders.api import a_program
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.organisation import setting
from helpdesk.db import db, transaction
from helpdesk.reports.periods import Period
from helpdesk.reports.response_times import RAN_TO_THE_END, response_times
from helpdesk.rollups import following
from helpdesk.rollups.models import DayCount
from helpdesk.rollups.reading import ASKER
from helpdesk.sla.explaining import explain_many
from helpdesk.sla.segments import NAMES
from helpdesk.tickets.models import Event, IndexChange, Ticket
from helpdesk.tickets.workflow import Kind, Queue, State
from people import a_channel, a_department, a_person
from rules.test_clock_oracle import a_log, happenings

LOGS = 60
START = datetime(2026, 3, 20, tzinfo=UTC)  # the night of the 29th has 23 hours
PERIODS = (Period(date(2026, 3, 1), date(2026, 6, 1)), Period(date(2026, 3, 28), date(2026, 4, 8)))


def random_tickets(rng, departments):
    """Tickets without events, and what is to happen to each."""
    world = SimpleNamespace(at=lambda minute: START + timedelta(minutes=minute))
    channel, found = a_channel(), []
    with transaction() as session:
        for number in range(LOGS):
            # What the asker thought of an answer moves no clock, and needs a row of its own.
            log = [each for each in happenings(world, a_log(rng)[0]) if each.kind is not Kind.JUDGED]
            ticket = Ticket(
                ref=f"R-{number}", public_id=f"p{number}", state=State.RECEIVED, queue=Queue.TRIAGE,
                counted_queue=Queue.TRIAGE, counted_department_id=0, state_since=log[0].at, opened_at=log[0].at,
                channel_id=channel.id, excerpt="?", department_id=rng.choice([None, *departments.values()]),
            )  # fmt: skip
            session.add(ticket)
            found.append((ticket, log))
    return found


def happen(ticket, events, first, departments):
    for sequence, event in enumerate(events, first):
        facts = {**event.facts}
        if facts.get("department_id"):
            facts["department_id"] = departments[facts["department_id"]]
        db.session.add(
            Event(
                ticket_id=ticket.id,
                sequence=sequence,
                kind=event.kind,
                role="system",
                at=event.at,
                recorded_at=event.recorded_at,
                facts=facts,
                previous_hash="",
                hash="",
            )
        )
    db.session.add(IndexChange(kind="ticket", entity_id=ticket.id))


def by_the_log(explained, department, period):
    """Stage → figures, clock by clock from the logs."""
    zone, now = ZoneInfo(setting("timezone")), clock.now()
    theirs = dict(db.session.execute(select(Ticket.id, Ticket.department_id)).all())
    times, outcomes, running, late, targets = {}, Counter(), Counter(), Counter(), {}
    for ticket, found in explained.items():
        for each in found.clocks:
            name = each.clock.name
            if department not in (None, each.clock.department or theirs[ticket]):
                continue
            if each.clock.is_open:
                running[name] += 1
                late[name] += each.due_at is not None and each.due_at < now
                continue
            day = each.segments[-1].end.astimezone(zone).date()
            if not period.start <= day < period.end:
                continue
            outcomes[name, each.outcome] += 1
            if each.outcome in RAN_TO_THE_END:
                times.setdefault(name, []).append(round(each.spent_minutes * 60))
                targets.setdefault(name, Counter()).update([each.target_minutes] if each.target_minutes else [])
            waited = sum(segment.minutes for segment in each.segments if not segment.running)
            if name == "answer" and waited:
                times.setdefault(ASKER, []).append(round(waited * 60))
    return {
        stage: {
            "stage": stage,
            "count": len(times.get(stage, ())),
            "kept": outcomes[stage, "kept"],
            "late": outcomes[stage, "late"],
            "open": running[stage],
            "open_late": late[stage],
            "median": within(times.get(stage, []), 0.5),
            "p90": within(times.get(stage, []), 0.9),
            "target": most_often(targets.get(stage)),
        }
        for stage in (*NAMES, ASKER)
    }


def within(times, share):
    return round(float(np.quantile(times, share)) / 60, 1) if len(times) >= 10 else None


def most_often(targets):
    return float(min(targets, key=lambda target: (-targets[target], target))) if targets else None


def test_the_figures_of_random_logs_are_those_of_the_logs(app):
    rng = random.Random(11)
    departments = {1: a_department("ONE").id, 2: a_department("TWO").id}
    program = a_program(app, a_person(Role.COMMUNITY_MANAGER))
    tickets = random_tickets(rng, departments)
    for half in (False, True):
        with transaction():
            for ticket, log in tickets:
                cut = len(log) // 2
                happen(ticket, log[cut:] if half else log[:cut], cut + 1 if half else 1, departments)
                if half:  # what a question counts for may change without any clock
                    ticket.department_id = rng.choice([ticket.department_id, None, *departments.values()])
        following.follow()

    def figures():
        found, explained = {}, explain_many([ticket.id for ticket, _ in tickets])
        for code in (None, "ONE", "TWO"):
            for period in PERIODS:
                asked = {"from": period.start, "to": period.last} | ({"department": code} if code else {})
                rows = {row["stage"]: row for row in program.get("/reports/sla", **asked).json["stages"]}
                ids = [departments[{"ONE": 1, "TWO": 2}[code]]] if code else None
                assert rows == by_the_log(explained, ids[0] if ids else None, period)
                read = response_times(ids, period, clock.now())
                assert sum(len(week.stages["accept"].times) for week in read.weeks) == rows["accept"]["count"]
                found[code, period] = rows
        return found

    followed, counted = figures(), counts()
    assert sum(row["count"] for row in followed[None, PERIODS[0]].values()) > 150
    assert followed[None, PERIODS[1]] != followed[None, PERIODS[0]]
    following.rebuild()
    assert (figures(), counts()) == (followed, counted)


def counts():
    """What was declined, passed on, returned and reopened, by day and department."""
    rows = db.session.scalars(select(DayCount))
    return {(row.department_id, row.day, row.kind, row.other_id): row.count for row in rows}

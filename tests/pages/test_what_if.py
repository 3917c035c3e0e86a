"""The what-if of a department: who may ask, what it answers, what it refuses, and that it changes nothing."""

from __future__ import annotations

import itertools
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from builders.offers import a_question
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.db import db
from helpdesk.errors import BadInput
from helpdesk.reports.what_if import Changes, what_if
from helpdesk.rollups.models import ClockReading
from helpdesk.sla.calendar import due, elapsed
from helpdesk.sla.models import CalendarVersion
from helpdesk.sla.promising import calendar_with
from pages.examination import faults
from people import a_department, a_person, sign_in

_cycles = itertools.count(1)
PARIS = ZoneInfo("Europe/Paris")
HOUR = 3600
OFFICE = {
    "id": "office",
    "name": "Office hours",
    "timezone": "Europe/Paris",
    "version": 1,
    "valid_from": "2020-01-01",
    "hours": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
}
LATE_SHOP = OFFICE | {
    "id": "late-shop",
    "name": "Until nine",
    "hours": {day: ["09:00-21:00"] for day in OFFICE["hours"]},
}


@pytest.fixture
def fix(app):
    """A department with a head, one calendar more, and an expert's weeks: each working day at nine three questions
    that take two hours each, to be answered within three."""
    department = a_department("FIX", calendar="office")
    department.head_id = a_person(Role.HEAD, handle="head-fix", department=department, locale="en").id
    for document in (OFFICE, LATE_SHOP):
        db.session.add(
            CalendarVersion(
                code=document["id"],
                version=1,
                valid_from=date(2020, 1, 1),
                document={"calendars": [document]},
            )
        )
    db.session.commit()
    return department


@pytest.fixture
def head(fix):
    return fix.head


def last_monday() -> datetime:
    """The beginning of this week in Paris."""
    today = clock.now().astimezone(PARIS).date()
    return datetime.combine(today - timedelta(days=today.weekday()), datetime.min.time(), PARIS)


def answered(department, expert, ticket, offered, submitted, *, target=3 * HOUR, reaction=0, seconds=None):
    """The readings of an offer accepted after `reaction` seconds, and of the answer."""
    accepted = offered + timedelta(seconds=reaction)
    spent = seconds if seconds is not None else round((submitted - accepted).total_seconds())
    common = {"ticket_id": ticket.id, "department_id": department.id, "owner_id": expert.id, "cycle": next(_cycles)}
    for clock_name, begin, end, took, outcome in (
        ("accept", offered, accepted, reaction, "done"),
        ("answer", accepted, submitted, spent, "kept" if spent <= (target or 0) else "late" if target else "done"),
    ):
        db.session.add(
            ClockReading(
                **common,
                clock=clock_name,
                started_at=begin,
                started_on=begin.astimezone(PARIS).date(),
                ended_at=end,
                day=end.astimezone(PARIS).date(),
                due_at=None,
                outcome=outcome,
                seconds=took,
                target_seconds=target if clock_name == "answer" else None,
            )
        )


def busy_weeks(department, *experts, weeks=3, each_day=3):
    """Every working day at nine questions that take two hours each, by each expert in turn, one after the other."""
    ticket, office = a_question(), calendar_with("office")
    free = dict.fromkeys(experts, last_monday() - timedelta(days=7 * weeks))
    for day in range(7 * weeks):
        morning = last_monday() - timedelta(days=7 * weeks - day) + timedelta(hours=9)
        for number in range(each_day if morning.weekday() < 5 else 0):
            expert = experts[number % len(experts)]
            free[expert] = due(office, max(morning, free[expert]), 120)
            seconds = round(elapsed(office, morning, free[expert]) * 60)
            answered(department, expert, ticket, morning, free[expert], seconds=seconds)
    db.session.commit()


def test_one_more_expert_makes_what_waited_be_in_time(client, fix, head):
    busy_weeks(fix, a_person(Role.EXPERT, department=fix))
    found = what_if(fix, 3, Changes(experts=1), clock.now())
    # By hand: two, four and six hours, so one in three within three; with two experts two, two and four.
    assert (found.count, found.pool) == (45, 1)
    assert (found.comparison.real.kept, found.comparison.now.kept, found.comparison.changed.kept) == (15, 15, 30)
    assert found.comparison.now.median == found.comparison.real.median == 4 * HOUR
    assert found.comparison.real.took == found.comparison.now.took == 4 * HOUR
    assert found.comparison.fit == "close"
    sign_in(client, head)
    page = client.get("/department/what-if?code=FIX&weeks=3&experts=%2B1")
    assert page.status_code == 200
    assert "With one more expert, 67% of the answers would have been in time instead of 33%." in page.text
    assert "close to what really happened: 33% against 33%" in page.text
    assert not faults(page.text, "en")


def test_a_plus_in_an_address_is_a_space_and_still_one_more(client, fix, head):
    busy_weeks(fix, a_person(Role.EXPERT, department=fix))
    sign_in(client, head)
    assert "With one more expert" in client.get("/department/what-if?code=FIX&weeks=3&experts=+1").text


def test_longer_hours_and_a_tighter_target(client, fix, head):
    busy_weeks(fix, a_person(Role.EXPERT, department=fix), each_day=5)
    found = what_if(fix, 3, Changes(calendar="late-shop"), clock.now()).comparison
    # Ten hours of work a day in eight leave more for tomorrow; in twelve they do not.
    assert (found.changed.kept, found.changed.median) == (15, 6 * HOUR)
    assert found.real == found.now
    assert found.changed.p90 < found.now.p90
    assert found.changed.took < found.now.took
    tighter = what_if(fix, 3, Changes(target=60), clock.now()).comparison
    assert (tighter.changed.kept, tighter.changed.median) == (0, tighter.now.median)
    sign_in(client, head)
    both = client.get("/department/what-if?code=FIX&weeks=3&experts=2&calendar=late-shop&target=60").text
    assert "With 2 more experts, the hours “Until nine” for everybody and a target of 1 h, 0%" in both


def test_fewer_experts_until_nobody_is_left(client, fix, head):
    busy_weeks(fix, a_person(Role.EXPERT, department=fix), a_person(Role.EXPERT, department=fix), each_day=4)
    found = what_if(fix, 3, Changes(experts=-1), clock.now()).comparison
    assert (found.now.kept, found.changed.kept) == (30, 15)
    with pytest.raises(BadInput):
        what_if(fix, 3, Changes(experts=-2), clock.now())
    sign_in(client, head)
    refused = client.get("/department/what-if?code=FIX&weeks=3&experts=-2")
    assert refused.status_code == 422
    assert "Take fewer experts away: 2 share the questions" in refused.text
    assert "With one expert fewer" in client.get("/department/what-if?code=FIX&weeks=3&experts=−1").text


def test_who_answers_now_and_then_keeps_their_own_and_is_not_in_the_pool(fix):
    busy_weeks(fix, a_person(Role.EXPERT, department=fix))
    morning = last_monday() - timedelta(days=6) + timedelta(hours=9)
    answered(fix, a_person(Role.EXPERT, department=fix), a_question(), morning, morning + timedelta(hours=1))
    db.session.commit()
    found = what_if(fix, 3, Changes(), clock.now())
    assert (found.pool, found.others) == (1, 1)
    assert found.comparison.now.kept == 16


def test_what_is_open_and_late_counts_and_what_was_cut_short_does_not(fix):
    expert = a_person(Role.EXPERT, department=fix)
    busy_weeks(fix, expert)
    offered = last_monday() - timedelta(days=4) + timedelta(hours=9)
    tickets = [a_question() for _ in range(4)]
    ends = (("running", -1), ("running", 1), ("paused", -1), ("redirected", None))
    for ticket, (outcome, days) in zip(tickets, ends, strict=True):
        is_open = outcome in ("running", "paused")
        db.session.add(
            ClockReading(
                ticket_id=ticket.id, clock="answer", cycle=1, department_id=fix.id, owner_id=expert.id,
                started_at=offered, started_on=offered.date(), ended_at=None if is_open else offered,
                day=None if is_open else offered.date(), outcome=outcome, seconds=0, target_seconds=3 * HOUR,
                due_at=clock.now() + timedelta(days=days) if days else None,
            )
        )  # fmt: skip
    db.session.commit()
    found = what_if(fix, 3, Changes(), clock.now())
    assert (found.count, found.open_late) == (46, 1)
    assert found.comparison.real.kept == 15


def test_weeks_and_days_are_drawn_at_their_local_hours(fix):
    """Weeks that are all alike leave nothing to chance, also across a change of the clocks; others do."""
    expert = a_person(Role.EXPERT, department=fix)
    busy_weeks(fix, expert, weeks=30)
    for weeks in (3, 30):
        found = what_if(fix, weeks, Changes(experts=1), clock.now()).comparison
        assert found.now_interval == (found.now.share, found.now.share) == (1 / 3, 1 / 3)
        assert found.difference_interval == pytest.approx((1 / 3, 1 / 3))
    a_worse_day = last_monday() - timedelta(days=6) + timedelta(hours=17)
    for _ in range(5):
        answered(fix, expert, a_question(), a_worse_day, a_worse_day + timedelta(days=2), seconds=16 * HOUR)
        db.session.commit()
    low, high = what_if(fix, 3, Changes(), clock.now()).comparison.now_interval
    assert low < high


def test_few_answers_are_told_as_few(client, fix, head):
    sign_in(client, head)
    assert "Only 0 answers" in client.get("/department/what-if").text
    busy_weeks(fix, a_person(Role.EXPERT, department=fix), weeks=1)
    page = client.get("/department/what-if?code=FIX&weeks=2&experts=1").text
    assert "Only 15 answers of these weeks had a target, and 30 are needed" in page
    assert "of the answers would have been" not in page


@pytest.mark.parametrize(
    ("query", "said", "kept"),
    [
        ("experts=lots", "Write a whole number in figures.", 'value="lots"'),
        ("experts=6", "to five more (+5)", 'value="6"'),
        ("calendar=nowhere", "nowhere is none", '<option selected value="nowhere">'),
        ("target=0", "from 1 to 100", 'value="0"'),
        ("target=1e9", "Write a whole number in figures.", 'value="1e9"'),
        ("weeks=1", "Look at 2 to 52 weeks", 'value="1"'),
        ("weeks=99999999999999999999", "Look at 2 to 52 weeks", "99999999999999999999"),
    ],
)
def test_what_cannot_be_tried_is_said_and_what_was_typed_stays(client, fix, head, query, said, kept):
    sign_in(client, head)
    page = client.get(f"/department/what-if?code=FIX&{query}")
    assert page.status_code == 422
    assert said in page.text
    assert kept in page.text
    assert not faults(page.text, "en")


def test_only_for_ones_own_department(client, fix, head):
    a_department("MOB")
    for role in (Role.EXPERT, Role.APPROVER, Role.ADMINISTRATOR):
        sign_in(client, a_person(role))
        assert client.get("/department/what-if?code=FIX").status_code == 404
    sign_in(client, head)
    assert client.get("/department/what-if?code=FIX").status_code == 200
    assert client.get("/department/what-if?code=MOB").status_code == 404
    assert client.post("/department/what-if?code=FIX").status_code in (400, 405)
    assert "/department/what-if?code=FIX" in client.get("/department?code=FIX").text
    sign_in(client, a_person(Role.COMMITTEE))
    assert client.get("/department/what-if?code=MOB").status_code == 200


def test_it_names_nobody_writes_nothing_and_is_complete_in_french(client, fix, head):
    experts = [a_person(Role.EXPERT, department=fix, name=f"Zoé Quimper {n}") for n in range(2)]
    busy_weeks(fix, *experts, each_day=6)
    sign_in(client, head)
    before = db.session.scalar(select(func.count()).select_from(ClockReading))
    head.locale = "fr"
    db.session.commit()
    page = client.get("/department/what-if?code=FIX&weeks=3&experts=1").text
    assert "Zoé" not in page
    assert "Avec une personne ressource de plus, " in page
    assert re.search(r"La différence se situe entre .+ points, 19 fois sur 20\.", page)
    assert not faults(page, "fr")
    assert db.session.scalar(select(func.count()).select_from(ClockReading)) == before

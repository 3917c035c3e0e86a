"""When a clock passes each part of its target: held against the minutes counted and against the deadline."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.sla import measuring
from helpdesk.sla.calendar import Calendar, Version, elapsed, next_open
from helpdesk.sla.promise import Promise
from helpdesk.sla.segments import Clock, Stretch
from helpdesk.sla.thresholds import THRESHOLDS, crossings, next_of, used
from helpdesk.tickets.workflow import Kind

PARIS = ZoneInfo("Europe/Paris")
OFFICE = Calendar(
    "office",
    (Version("office", 1, date(2026, 1, 1), PARIS, ((((540, 750), (810, 1020)),) * 5) + ((), ()), holiday_set="FR"),),
)
BEGIN = datetime(2026, 3, 20, 8, tzinfo=UTC)


def calendars(code):
    return OFFICE if code == "office" else None


def a_clock(rng):
    """A clock with pauses, held to one promise, over or still running."""
    at, stretches = BEGIN + timedelta(minutes=rng.randrange(20_000)), []
    for _piece in range(rng.randrange(1, 6)):
        end = at + timedelta(minutes=rng.randrange(1, 4_000))
        stretches.append(Stretch(at, end, rng.random() < 0.7, ""))
        at = end
    promise = Promise("answer", "p", 1, rng.choice([1, 7, 60, 481, 2_000]), rng.choice([None, "office"]), 1)
    clock = Clock("answer", 1, stretches=stretches, promises=[(stretches[0].start, promise)])
    if rng.random() < 0.5:
        clock.outcome, clock.ended_by, clock.known_at = "done", Kind.SUBMITTED, at
    else:
        stretches[-1].end = None
        clock.outcome = "running" if stretches[-1].running else "paused"
    return clock


@pytest.mark.parametrize("seed", range(40))
def test_at_each_threshold_that_part_of_the_target_is_used_up_and_no_earlier(seed):
    clock = a_clock(random.Random(seed))
    _since, promise = clock.promises[0]
    calendar = calendars(promise.calendar)
    found = {each.percent: each.at for each in crossings(clock, calendars)}
    for percent in THRESHOLDS:
        wanted = promise.minutes * percent / 100
        at = found.get(percent)
        if at is None:
            assert not clock.is_open or clock.outcome == "paused"
            assert minutes(clock, calendar, clock.stretches[-1].end) <= wanted
            continue
        assert minutes(clock, calendar, at) == pytest.approx(wanted, abs=1e-6)
        assert minutes(clock, calendar, at - timedelta(seconds=1)) < wanted
    assert list(found.values()) == sorted(found.values())
    if clock.outcome == "running":
        assert found[100] == measuring.due_at(clock, calendars, promise)


def minutes(clock, calendar, until):
    """Used up by `until`, counted stretch by stretch."""
    spent = 0.0
    for each in clock.stretches:
        end = min(each.end or until or each.start, until or each.start)
        if each.running and end > each.start:
            spent += elapsed(calendar, each.start, end) if calendar else (end - each.start) / timedelta(minutes=1)
    return spent


def test_what_a_new_promise_finds_passed_counts_from_that_moment_and_what_was_passed_stays():
    start = datetime(2026, 3, 25, 9, tzinfo=UTC)
    change = start + timedelta(minutes=70)
    clock = Clock("answer", 1, stretches=[Stretch(start, None, True, "")])
    clock.promises = [(start, Promise("answer", "p", 1, 120)), (change, Promise("answer", "urgent", 1, 60))]
    found = {each.percent: each.at for each in crossings(clock, calendars)}
    assert found[50] == start + timedelta(minutes=60)  # by the first promise, and once
    assert found[75] == found[90] == found[100] == change
    assert found[150] == start + timedelta(minutes=90)


def test_without_a_promise_or_an_end_to_a_pause_nothing_is_passed():
    clock = Clock("answer", 1, stretches=[Stretch(BEGIN, None, True, "")])
    assert crossings(clock, calendars) == ()
    clock.promises = [(BEGIN, Promise("answer", "p", 1, None))]
    assert crossings(clock, calendars) == ()
    clock.promises = [(BEGIN, Promise("answer", "p", 1, 60))]
    clock.stretches = [Stretch(BEGIN, BEGIN + timedelta(minutes=31), True, ""), Stretch(BEGIN, None, False, "")]
    clock.outcome = "paused"
    assert [each.percent for each in crossings(clock, calendars)] == [50]
    clock.resumes_at = BEGIN + timedelta(days=7)
    assert crossings(clock, calendars)[1].at == BEGIN + timedelta(days=7, minutes=14)


def test_what_is_passed_and_what_comes_next():
    found = crossings(
        Clock(
            "answer", 1, stretches=[Stretch(BEGIN, None, True, "")], promises=[(BEGIN, Promise("answer", "p", 1, 100))]
        ),
        calendars,
    )
    assert [used(found, BEGIN + timedelta(minutes=at)) for at in (0, 49, 50, 80, 95, 100, 149, 151)] == [
        0, 0, 50, 75, 90, 100, 100, 150,
    ]  # fmt: skip
    assert next_of(found, BEGIN + timedelta(minutes=90)) == BEGIN + timedelta(minutes=100)
    assert next_of(found, BEGIN + timedelta(minutes=150)) is None


def test_working_time_opens_next_at_the_instant_itself_or_later():
    noon = datetime(2026, 3, 27, 13, 0, tzinfo=PARIS)
    assert next_open(OFFICE, noon) == datetime(2026, 3, 27, 13, 30, tzinfo=PARIS)
    assert next_open(OFFICE, datetime(2026, 3, 27, 10, 0, tzinfo=PARIS)) == datetime(2026, 3, 27, 10, tzinfo=PARIS)
    assert next_open(OFFICE, datetime(2026, 4, 3, 17, 0, tzinfo=PARIS)) == datetime(2026, 4, 7, 9, tzinfo=PARIS)

"""The past played again: what queueing theory says, what a history made by the same rule says, and what never holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import factorial
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.sla.calendar import due, elapsed
from helpdesk.sla.calendar_document import from_document
from helpdesk.sla.what_if.comparing import Blocks, closest, compare
from helpdesk.sla.what_if.hours import hours_of, whole
from helpdesk.sla.what_if.past import Observed, taken_apart
from helpdesk.sla.what_if.queue import Batch, Team, play

DEMO = Path(__file__).parents[2] / "data" / "demo"
BOOK = from_document(yaml.safe_load((DEMO / "calendars.yaml").read_text("utf-8")))
OFFICE, TURNS = BOOK["cal-bureau"], BOOK["cal-reunion"]
FIRST, LAST = datetime(2026, 3, 2, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
ALWAYS = hours_of(None, FIRST, LAST)
MINUTE, HOUR = 60, 3600


def a_team(*hours, keeps=(), roams=None):
    """Experts with these hours; those in `keeps` are not in the pool; of the pool all take anything, or `roams`."""
    different = list({id(each): each for each in hours}.values())
    place = np.array([next(n for n, each in enumerate(different) if each is whose) for whose in hours])
    pooled = np.array([expert not in keeps for expert in range(len(hours))])
    anything = pooled if roams is None else np.array([expert in roams for expert in range(len(hours))])
    return Team(different, place, pooled, ~pooled, anything)


def a_batch(offered, work, reaction=None, expert=None):
    offered, work = np.atleast_2d(offered), np.atleast_2d(work)
    nothing = np.zeros_like(offered)
    return Batch(
        offered,
        nothing if reaction is None else np.atleast_2d(reaction),
        work,
        nothing if expert is None else np.atleast_2d(expert),
        np.ones(offered.shape, dtype=bool),
    )


def moments(first=FIRST, last=LAST):
    return st.integers(whole(first), whole(last)).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(start=moments(), end=moments(), minutes=st.integers(1, 20_000), calendar=st.sampled_from([OFFICE, TURNS]))
@settings(max_examples=150, deadline=None)
def test_hours_are_those_of_the_calendar_to_the_second(start, end, minutes, calendar):
    start, end = sorted((start, end))
    hours = hours_of(calendar, FIRST, LAST + timedelta(days=200))
    first, last = hours.passed(np.array([whole(start), whole(end)]))
    assert last - first == round(elapsed(calendar, start, end) * 60)
    target = due(calendar, start, minutes)
    if target < LAST + timedelta(days=199):
        assert hours.reached(np.array([first + minutes * 60]))[0] == whole(target)


def test_after_a_closing_work_goes_on_at_the_next_opening():
    hours = hours_of(OFFICE, FIRST, LAST)
    friday = datetime(2026, 3, 6, 20, tzinfo=UTC)
    seconds = hours.passed(np.array([whole(friday)]))
    assert hours.reached(seconds)[0] < whole(friday)
    assert datetime.fromtimestamp(hours.resumed(seconds)[0], ZoneInfo("Europe/Paris")).weekday() == 0


def test_a_calendar_that_never_opens_is_refused():
    with pytest.raises(ValueError, match="does not open"):
        hours_of(OFFICE, datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC))


def erlang_c(desks: int, load: float) -> float:
    """The probability of having to wait in M/M/c; `load` is the arrival rate by the rate of one desk."""
    waiting = load**desks / factorial(desks) * desks / (desks - load)
    return waiting / (sum(load**k / factorial(k) for k in range(desks)) + waiting)


@pytest.mark.parametrize(("desks", "use"), [(1, 0.5), (3, 0.8)])
def test_the_mean_wait_is_that_of_erlang(desks, use):
    chance = np.random.default_rng(7)
    rows, count, work = 60, 3000, 40_000.0
    arrivals = np.cumsum(chance.exponential(work / desks / use, (rows, count)), axis=1).astype(np.int64)
    needed = chance.exponential(work, (rows, count)).astype(np.int64)
    spent = play(a_batch(arrivals + whole(FIRST), needed), a_team(*[ALWAYS] * desks)).spent
    mean = (spent - needed)[:, 300:].mean()
    expected = erlang_c(desks, desks * use) * work / (desks * (1 - use))
    assert mean == pytest.approx(expected, rel=0.06)


def histories(most=40):
    case = st.tuples(st.integers(0, 40 * 24 * 60), st.integers(0, 600), st.integers(1, 900))
    return st.lists(case, min_size=1, max_size=most)


def batch_of(history):
    """Minutes after the beginning, of reaction and of work."""
    offered, reaction, work = np.array(sorted(history), dtype=np.int64).T * 60
    return a_batch(offered + whole(FIRST), work, reaction)


@given(histories(), st.integers(1, 4), st.sampled_from([None, OFFICE, TURNS]))
@settings(max_examples=80, deadline=None)
def test_in_one_calendar_one_more_expert_makes_nobody_wait_longer(history, count, calendar):
    hours = hours_of(calendar, FIRST, LAST)
    batch = batch_of(history)
    spent = [play(batch, a_team(*[hours] * size)).spent[0] for size in (count, count + 1, len(history))]
    assert (spent[1] <= spent[0]).all()
    assert (spent[2] <= spent[1]).all()
    assert (spent[2] == batch.work[0]).all(), "with an expert for each question nobody waits"


def test_with_several_calendars_one_more_expert_may_keep_fewer():
    """Why the promise is of one calendar only: the new one could begin at once, and goes home before the end."""
    shop, office = hours_of(None, FIRST, LAST), hours_of(OFFICE, FIRST, LAST)
    noon = whole(datetime(2026, 3, 3, 12, tzinfo=UTC))
    batch = a_batch([noon, noon + MINUTE], [2 * HOUR, 8 * HOUR])
    alone, both = play(batch, a_team(shop)), play(batch, a_team(shop, office))
    assert both.took[0, 1] > alone.took[0, 1]


@given(histories(), st.integers(1, 3))
@settings(max_examples=50, deadline=None)
def test_replications_side_by_side_are_those_one_by_one(history, count):
    team = a_team(*[hours_of(OFFICE, FIRST, LAST)] * count, hours_of(TURNS, FIRST, LAST))
    one, other = batch_of(history), batch_of(history[: max(1, len(history) // 2)])
    short = other.offered.shape[1]
    present = np.stack([one.present[0], np.arange(one.offered.shape[1]) < short])
    columns = [np.zeros_like(present, dtype=np.int64) for _ in range(4)]
    for column, name in zip(columns, ("offered", "reaction", "work", "expert"), strict=True):
        column[0], column[1, :short] = getattr(one, name)[0], getattr(other, name)[0]
    both = play(Batch(*columns, present), team)
    assert (both.spent[0] == play(one, team).spent[0]).all()
    assert (both.took[1, :short] == play(other, team).took[0]).all()


def a_history_of_least_loaded(calendars, count=200, seed=3, busy_until=FIRST):
    """What happened where each question really went to who could begin first: by instants, one at a time."""
    chance = np.random.default_rng(seed)
    offers = np.sort(chance.integers(0, 42 * 24 * 60, count))
    free, turn, rows = [busy_until] * len(calendars), [0] * len(calendars), []
    for number, minute in enumerate(offers.tolist(), 1):
        offered = FIRST + timedelta(minutes=minute)
        work = int(chance.exponential(240)) + 1
        begins = [due(each, max(offered, free[place]), 1 / 60) for place, each in enumerate(calendars)]
        who = min(range(len(calendars)), key=lambda place: (begins[place], turn[place]))
        done = due(calendars[who], max(offered, free[who]), work)
        spent = round(elapsed(calendars[who], offered, done) * 60)
        target = 8 * HOUR
        rows.append(Observed(whole(offered), whole(offered), whole(done), 0, spent, who, target))
        free[who], turn[who] = done, number
    return rows


@pytest.mark.parametrize("calendars", [[OFFICE], [OFFICE] * 3, [OFFICE, OFFICE, TURNS]], ids=["one", "three", "mixed"])
def test_where_the_rule_was_followed_the_replay_is_what_happened(calendars):
    rows = a_history_of_least_loaded(calendars)
    known = {id(each): hours_of(each, FIRST, LAST) for each in calendars}
    hours = [known[id(each)] for each in calendars]
    past = taken_apart(rows, hours)
    played = play(a_batch(past.offered, past.work, past.reaction, past.expert), a_team(*hours))
    assert (played.spent[0] == past.spent).all()
    assert (played.took[0] == past.took).all()
    assert (past.spent > past.work).any(), "somebody waited"


def blocks(weeks=6):
    edges = np.array([whole(FIRST + timedelta(days=7 * week)) for week in range(weeks + 1)])
    return Blocks(edges, [0] * weeks)


def compared(rows, now, changed, target=None, first=FIRST):
    hours = hours_of(OFFICE, first, LAST)
    past = taken_apart(rows, [hours] * now)
    return compare(past, a_team(*[hours] * now), a_team(*[hours] * changed), blocks(), target)


def test_what_is_said_is_the_same_for_the_same_question_and_fits_together():
    rows = a_history_of_least_loaded([OFFICE] * 2)
    found = compared(rows, 2, 3)
    assert found == compared(rows, 2, 3)
    assert found.real == found.now, "the rule was followed"
    assert found.changed.share > found.now.share
    assert found.difference == pytest.approx(found.changed.share - found.now.share)
    for value, (low, high) in [
        (found.now.share, found.now_interval),
        (found.changed.share, found.changed_interval),
        (found.difference, found.difference_interval),
    ]:
        assert low <= value <= high
        assert low < high
    assert found.difference_interval[0] >= 0, "in one calendar, one more expert never keeps fewer, whatever is drawn"


def test_a_tighter_target_is_never_kept_more_often():
    rows = a_history_of_least_loaded([OFFICE] * 2)
    shares = [compared(rows, 2, 2, target=minutes * MINUTE).changed.share for minutes in (30, 120, 480, 2000)]
    assert shares == sorted(shares)
    same = compared(rows, 2, 2)
    assert same.now == same.changed
    assert same.difference_interval == (0, 0)


def test_under_thirty_questions_nothing_is_told():
    rows = a_history_of_least_loaded([OFFICE], count=30)
    assert compared(rows, 1, 2) is not None
    assert compared(rows[1:], 1, 2) is None
    without = [Observed(**{**vars(row), "target": 0}) for row in rows]
    assert compared(without, 1, 2) is None


def test_what_was_in_hand_before_takes_time_and_does_not_count():
    early, done = FIRST - timedelta(days=1), due(OFFICE, FIRST, 60 * 60)
    rows = a_history_of_least_loaded([OFFICE], count=60, busy_until=done)
    held = Observed(whole(early), whole(early), whole(done), 0, 60 * HOUR, 0, 8 * HOUR)
    found = compared([held, *rows], 1, 1, first=early)
    assert found.now == found.real
    assert found.now.count == 60


def test_pauses_are_no_work_and_waiting_is_told_from_it():
    """Accepted at nine, one after the other handed over: the second waited for the first. Its pause was no work."""
    at = [whole(datetime(2026, 3, 3, hour, tzinfo=ZoneInfo("Europe/Paris"))) for hour in (9, 10, 11, 12)]
    hours = hours_of(OFFICE, FIRST, LAST)
    first = Observed(at[0], at[0], at[1], 0, HOUR, 0)
    second = Observed(at[0], at[0], at[3], 0, 2 * HOUR, 0)  # three hours in hand, one of them paused
    past = taken_apart([first, second], [hours])
    assert past.work.tolist() == [HOUR, HOUR]


def test_who_is_not_in_the_pool_keeps_their_own():
    hours = hours_of(None, FIRST, LAST)
    start = whole(FIRST)
    batch = a_batch([start] * 3, [HOUR] * 3, expert=[1, 1, 0])
    played = play(batch, a_team(hours, hours, keeps=[1]))
    assert played.spent.tolist() == [[HOUR, 2 * HOUR, HOUR]]
    with pytest.raises(ValueError, match="somebody"):
        play(batch, a_team(hours, hours, keeps=[0, 1]))


@given(histories(), st.integers(1, 4), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_who_comes_makes_nobody_wait_longer_where_each_keeps_to_their_field(history, count, seed):
    hours, plain = hours_of(OFFICE, FIRST, LAST), batch_of(history)
    whose = np.random.default_rng(seed).integers(0, count, plain.offered.shape)
    batch = Batch(plain.offered, plain.reaction, plain.work, whose, plain.present)
    alone = play(batch, a_team(*[hours] * count, roams=())).spent
    helped = play(batch, a_team(*[hours] * (count + 1), roams=[count])).spent
    assert (helped <= alone).all()


def a_history_by_field(calendar, count=200, fields=3, seed=5):
    """What happened where each question went to one of several people by chance, whoever was free."""
    chance = np.random.default_rng(seed)
    free, rows = [FIRST] * fields, []
    for minute in np.sort(chance.integers(0, 42 * 24 * 60, count)).tolist():
        offered, who = FIRST + timedelta(minutes=minute), int(chance.integers(0, fields))
        free[who] = due(calendar, max(offered, free[who]), int(chance.exponential(150)) + 1)
        spent = round(elapsed(calendar, offered, free[who]) * 60)
        rows.append(Observed(whole(offered), whole(offered), whole(free[who]), 0, spent, who, 8 * HOUR))
    return rows


def test_the_rule_is_the_one_that_comes_closest_to_what_happened():
    hours = [hours_of(OFFICE, FIRST, LAST)] * 3
    rules = [a_team(*hours), a_team(*hours, roams=())]
    by_field = taken_apart(a_history_by_field(OFFICE), hours)
    assert closest(by_field, rules) == 1
    assert compare(by_field, rules[1], rules[1], blocks()).now == compare(by_field, rules[1], rules[1], blocks()).real
    assert compare(by_field, rules[0], rules[0], blocks()).fit != "close"
    assert closest(taken_apart(a_history_of_least_loaded([OFFICE] * 3), hours), rules) == 0


def test_what_somebody_leaves_behind_goes_to_anybody():
    hours = hours_of(None, FIRST, LAST)
    team = Team(
        [hours], np.zeros(3, dtype=int), np.array([True, True, False]), np.zeros(3, dtype=bool), np.zeros(3, bool)
    )
    start = whole(FIRST)
    played = play(a_batch([start] * 4, [HOUR] * 4, expert=[0, 0, 2, 2]), team)
    assert played.spent.tolist() == [[HOUR, 2 * HOUR, HOUR, 2 * HOUR]]

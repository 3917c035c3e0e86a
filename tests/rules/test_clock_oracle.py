"""Ten thousand random logs, in random calendars and zones and around the nights when clocks change, read by the
product and by the oracle: the same clocks, to the minute.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.sla.calendar import Calendar, ExceptionalDay, Version, due, elapsed
from helpdesk.sla.measuring import count
from helpdesk.sla.promise import Promise
from helpdesk.sla.segments import Happening
from helpdesk.sla.timer import clocks
from helpdesk.tickets.workflow import MOVES, Kind, State, next_state
from rules.clock_oracle import figures, played, worked_minutes

WORLDS = 20
LOGS = 500  # in each
DAYS = 50  # of a window
LENGTH = DAYS * 24 * 60
# Nights of 23, 25 and 24½ hours, Easter, the holidays of May and of December.
AROUND = (
    ("Europe/Paris", date(2026, 3, 29)), ("Europe/Paris", date(2026, 10, 25)), ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)), ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)), ("America/Havana", date(2026, 3, 8)),
    ("Atlantic/Azores", date(2026, 10, 25)), ("Indian/Reunion", date(2026, 12, 19)),
    ("Europe/Paris", date(2027, 4, 30)), ("Asia/Kathmandu", date(2026, 7, 14)),
)  # fmt: skip
HOLIDAYS = ("none", "fr-metropole", "fr-alsace-moselle", "fr-reunion")
PEOPLE = {1: 1, 2: 1, 3: 2, 4: 2, 5: None}  # person: department
BEGINS = {
    Kind.RECEIVED: ("triage", "acknowledge", "public"), Kind.TRIAGED: ("route",),
    Kind.OFFERED: ("accept", "department"),
    Kind.ACCEPTED: ("answer",), Kind.DECLINED: ("route",), Kind.EXPIRED: ("route",), Kind.REDIRECTED: ("route",),
    Kind.WITHDRAWN: ("route",), Kind.SUBMITTED: ("validate",), Kind.APPROVED: ("post",), Kind.REUSED: ("post",),
    Kind.REVERTED: ("validate",), Kind.REOPENED: ("triage", "route", "next_reply"), Kind.ESCALATED: ("legal",),
    Kind.ASKER_REPLIED: ("next_reply",), Kind.RELEASED_TO_ROUTE: ("triage", "route"),
}  # fmt: skip
EVERY_CLOCK = ("triage", "route", "accept", "answer", "validate", "post", "acknowledge", "public", "next_reply")
# How often something happens, where it may.
WEIGHTS = {Kind.CLOSED: 0.3, Kind.ESCALATED: 0.3, Kind.MERGED: 0.3, Kind.ASKER_REPLIED: 0.6, Kind.TRIAGED: 1.5}
QUIET = {Kind.CLAIMED, Kind.RELEASED, Kind.SUGGESTED, Kind.REFUSED_APPROVAL, Kind.ORIGINAL_READ, Kind.ERASED}


class World:
    """A window of time and three calendars, each said twice: for the product and for the oracle."""

    def __init__(self, rng):
        self.zone, around = rng.choice(AROUND)
        self.start = datetime.combine(around - timedelta(days=rng.randint(3, 9)), datetime.min.time(), UTC)
        self.calendars, self.plain, self._worked = {}, {}, {}
        for code in ("desk", "one", "two"):
            zone = self.zone if rng.random() < 0.8 else rng.choice(AROUND)[0]
            self.plain[code] = self._plain(rng, zone, around)
            self.calendars[code] = self._calendar(code, self.plain[code])

    def _plain(self, rng, zone, around):
        days = [around + timedelta(days=days) for days in (-30, rng.randint(-2, 4), 40)]
        versions = [self._version(rng, day) for day in (days if rng.random() < 0.5 else days[:1])]
        exceptions = []
        if rng.random() < 0.6:
            day = around + timedelta(days=rng.randint(-3, 6))
            written = rng.choice([None, rng.randint(0, 20 * 24 * 60)])
            exceptions.append((day, rng.choice([[], [(600, 720)]]), written))
        return {"zone": zone, "versions": versions, "exceptions": exceptions}

    def _version(self, rng, day):
        if rng.random() < 0.15:
            hours = {weekday: [(0, 1440)] for weekday in range(7)}
        else:
            hours = {weekday: intervals(rng) for weekday in range(7) if weekday < 5 or rng.random() < 0.4}
        holidays = rng.choice(HOLIDAYS)
        closed = {day + timedelta(days=rng.randint(0, 9))} if rng.random() < 0.3 else set()
        return {
            "from": day, "hours": hours, "holidays": holidays, "closed": closed,
            "holiday_hours": intervals(rng) if rng.random() < 0.3 else [],
        }  # fmt: skip

    def _calendar(self, code, plain):
        versions = tuple(
            Version(
                code, number, each["from"], ZoneInfo(plain["zone"]),
                tuple(tuple(each["hours"].get(weekday, ())) for weekday in range(7)),
                holiday_set=each["holidays"], holiday_hours=tuple(each["holiday_hours"]),
                extra_closed=frozenset(each["closed"]),
            )
            for number, each in enumerate(plain["versions"], 1)
        )  # fmt: skip
        exceptions = tuple(
            ExceptionalDay(day, tuple(hours), None if written is None else self.at(written))
            for day, hours, written in plain["exceptions"]
        )
        return Calendar(code, versions, exceptions)

    def at(self, minute):
        return self.start + timedelta(minutes=minute)

    def minute(self, instant):
        return (instant - self.start) / timedelta(minutes=1)

    def worked(self, code, known_until):
        written = [each[2] for each in self.plain[code]["exceptions"] if each[2] is not None]
        knows = all(known_until is None or each <= known_until for each in written)
        if (code, knows) not in self._worked:
            until = None if knows else min(written) - 1
            self._worked[code, knows] = worked_minutes(self.plain[code], self.start, LENGTH, until)
        return self._worked[code, knows]


def intervals(rng):
    """Up to three intervals of a day; some open in the hours that clocks skip or repeat."""
    cuts = sorted(rng.sample([0, 90, 120, 130, 150, 170, 180, 240, 510, 540, 720, 750, 810, 1020, 1080, 1260, 1440], 6))
    pairs = [(cuts[0], cuts[1]), (cuts[2], cuts[3]), (cuts[4], cuts[5])]
    return sorted(rng.sample(pairs, rng.randint(1, 3)))


def a_promise(rng, clock, number):
    minutes = None if rng.random() < 0.1 else rng.choice([1, 15, 30, 60, 120, 240, 480, 960, 1440])
    calendar = None if clock in ("acknowledge", "public", "next_reply", "legal") else rng.choice(["desk", "one", "two"])
    return Promise(clock, f"p{number}", 1, minutes, calendar, 1 if calendar else None)


def a_log(rng):
    """Events as the product and the oracle both take them: whatever the workflow allows, at any pace."""
    log, state, minute = [], None, 24 * 60
    for number in range(rng.randint(1, 22)):
        if state is None:
            kind = Kind.RECEIVED
        else:
            possible = [each for each in Kind if state in MOVES[each][0] and each not in QUIET]
            kind = rng.choices(possible, [WEIGHTS.get(each, 1) for each in possible])[0]
        if log and log[-1]["facts"].get("reason") == "reassigned" and log[-1]["kind"] is Kind.WITHDRAWN:
            kind = Kind.OFFERED
        else:
            minute += rng.choice([0, 1, rng.randint(1, 90), rng.randint(1, 900), rng.randint(1, 3000)])
            if rng.random() < 0.04:
                minute += rng.randint(0, 9 * 24 * 60)
        if minute > 30 * 24 * 60:
            break
        facts = facts_of(rng, kind, log, minute)
        if kind is Kind.OFFERED and log[-1]["facts"].get("reason") == "reassigned":
            facts["department_id"] = log[-1]["facts"]["department_id"]
        promised = promised_by(rng, kind, number)
        if promised:
            facts["promised"] = promised
        late = rng.choice([0, 0, 0, 0, 0, 5, 200]) if log else 0
        log.append({"kind": kind, "at": max(0, minute - late), "written": minute, "facts": facts})
        state = next_state(state, kind)
    return log, min(minute + rng.choice([0, 5, 700, 20_000]), 31 * 24 * 60)


def facts_of(rng, kind, log, minute):
    person = rng.choice(list(PEOPLE))
    facts = {}
    if kind in (Kind.RECEIVED, Kind.ASKER_REPLIED) and rng.random() < 0.6:
        facts["posted"] = max(0, minute + rng.choice([-700, -30, -1, 0, 10]))
    if kind is Kind.ASKER_REPLIED and rng.random() < 0.5:
        facts["clarification_id"] = 1
    if kind is Kind.OFFERED:
        facts |= {"person_id": person, "department_id": PEOPLE[person]}
    if kind in (Kind.REDIRECTED, Kind.WITHDRAWN) and rng.random() < 0.7:
        facts["department_id"] = PEOPLE[person]
        if kind is Kind.WITHDRAWN:
            facts["reason"] = "reassigned"
    if kind is Kind.PUBLISHED and rng.random() < 0.2:
        facts["holding"] = True
    if kind is Kind.CLOSED:
        facts["outcome"] = rng.choice(["answered", "no_reply", "handed_off", "no_detail"])
    if kind is Kind.ESCALATED:
        facts["circuit"] = rng.choice(["press", "legal", "security", "data"])
    if kind is Kind.REOPENED and log[-1]["kind"] is Kind.MERGED:
        facts["reason"] = "unmerged"
    return facts


def promised_by(rng, kind, number):
    names = BEGINS.get(kind, ()) if rng.random() < 0.9 else ()
    if kind is Kind.RETARGETED or (kind is Kind.TRIAGED and rng.random() < 0.4):
        names = (*names, *(name for name in EVERY_CLOCK if name not in names))
    return {name: a_promise(rng, name, number) for name in names}


def happenings(world, log):
    for event in log:
        facts = {name: value for name, value in event["facts"].items() if name not in ("promised", "posted")}
        if "posted" in event["facts"]:
            facts["posted_at"] = world.at(event["facts"]["posted"]).isoformat()
        if "promised" in event["facts"]:
            facts["promises"] = [promise.word for promise in event["facts"]["promised"].values()]
        yield Happening(event["kind"], world.at(event["at"]), world.at(event["written"]), facts)


def by_product(world, log, now):
    found = []
    for clock in clocks(happenings(world, log), now=world.at(now)):
        counted = count(clock, world.calendars.get, world.at(now))
        due_minute = None if counted.due_at is None else world.minute(counted.due_at)
        found.append(
            {
                "name": clock.name, "cycle": clock.cycle, "began": world.minute(clock.stretches[0].start),
                "ended": str(clock.ended_by) if clock.ended_by else None, "spent": counted.spent_minutes,
                "due": "beyond" if due_minute is not None and due_minute > LENGTH else due_minute,
                "late": counted.late, "late_on_change": counted.late_on_change,
            }
        )  # fmt: skip
    return sorted(found, key=order)


def by_oracle(world, log, now):
    plain = []
    for event in log:
        promised = event["facts"].get("promised")
        facts = dict(event["facts"])
        if promised:
            facts["promised"] = {
                name: {"minutes": each.minutes, "calendar": each.calendar} for name, each in promised.items()
            }
        plain.append({**event, "kind": str(event["kind"]), "facts": facts})
    found = [
        {"name": clock.name, "cycle": clock.cycle, "began": clock.began, "ended": clock.ended}
        | figures(clock, world.worked, now, LENGTH)
        for clock in played(plain, now)
    ]
    return sorted(found, key=order)


def order(row):
    return row["name"], row["cycle"], row["began"], str(row["ended"]), row["spent"]


@pytest.mark.slow
def test_ten_thousand_random_logs_agree_to_the_minute():
    seen = Counter()
    for seed in range(WORLDS):
        rng = random.Random(f"clocks {seed}")
        world = World(rng)
        for number in range(LOGS):
            log, now = a_log(rng)
            ours, theirs = by_product(world, log, now), by_oracle(world, log, now)
            assert ours == theirs, (seed, number, now, log)
            seen.update(row["name"] for row in ours)
            seen.update(word for row in ours for word in ("late", "late_on_change") if row[word])
            seen["paused"] += any(row["due"] is None and row["ended"] is None for row in ours)
    assert sum(1 for _ in seen) >= 13
    assert min(seen.values()) > 100, seen


@pytest.mark.slow
def test_due_and_elapsed_are_those_of_the_minutes_counted_one_by_one():
    for seed in range(WORLDS // 3):
        rng = random.Random(f"inverse {seed}")
        world = World(rng)
        for _ in range(50):
            code = rng.choice(list(world.calendars))
            calendar, worked = world.calendars[code], world.worked(code, None)
            start = rng.randint(0, 20 * 24 * 60)
            end = start + rng.randint(0, 10 * 24 * 60)
            spent = int(worked[start:end].sum())
            assert elapsed(calendar, world.at(start), world.at(end)) == spent
            if spent:
                reached = due(calendar, world.at(start), spent)
                assert elapsed(calendar, world.at(start), reached) == spent
                assert worked[start : int(world.minute(reached))].sum() == spent
                assert worked[int(world.minute(reached)) - 1]


def test_every_state_is_walked():
    states = set()
    for seed in range(300):
        log, _now = a_log(random.Random(seed))
        state = None
        for event in log:
            state = next_state(state, event["kind"])
            states.add(state)
    assert states == set(State)

"""A second opinion about clocks, deliberately naive: every minute of the window is asked whether it is worked, and
a log is played again as a ball that goes from hand to hand. It shares no code with `helpdesk.sla`.

Time is counted in whole minutes since the start of a window. A calendar is a plain dict:
{"zone", "versions": [{"from": date, "hours": {weekday: [(minute, minute)]}, "holidays": name or "none",
"holiday_hours": [...], "closed": {date}}], "exceptions": [(date, [...], minute written or None)]}.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

CAP = 7 * 24 * 60


# --- which minutes are worked -----------------------------------------------------------------------------------------


def easter(year):
    """Sunday, by the method of Meeus, Jones and Butcher."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def french_holidays(name, year):
    sunday = easter(year)
    days = {sunday + timedelta(days=after) for after in (1, 39, 50)}
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    days |= {date(year, month, day) for month, day in fixed}
    if name == "fr-alsace-moselle":
        days |= {sunday - timedelta(days=2), date(year, 12, 26)}
    if name == "fr-reunion":
        days |= {date(year, 12, 20)}
    return days


def hours_on(calendar, day, known_until):
    for when, hours, written in reversed(calendar["exceptions"]):
        if when == day and (written is None or known_until is None or written <= known_until):
            return hours
    version = calendar["versions"][0]
    for other in calendar["versions"]:
        if other["from"] <= day:
            version = other
    if day in version["closed"]:
        return []
    if version["holidays"] != "none" and day in french_holidays(version["holidays"], day.year):
        return version["holiday_hours"]
    return version["hours"].get(day.weekday(), [])


def worked_minutes(calendar, start, length, known_until=None):
    """For each of `length` minutes from `start` (UTC), whether it is worked. Walks every minute of every local day:
    what opens at 02:30 opens at the first minute that is 02:30 or later, and closes likewise."""
    zone, worked = ZoneInfo(calendar["zone"]), np.zeros(length, dtype=bool)
    day, first_seen, open_at = None, 0, set()
    for quarter in range(-2 * 24 * 60, length, 15):  # clocks are changed at full quarters only
        local = (start + timedelta(minutes=quarter)).astimezone(zone)
        if local.date() != day:
            day, first_seen = local.date(), -1
            hours = hours_on(calendar, day, known_until)
            open_at = {minute for opening, closing in hours for minute in range(opening, closing)}
        shown = local.hour * 60 + local.minute
        for minute in range(15):
            first_seen = max(first_seen, shown + minute)  # a wall clock put back opens nothing again
            if quarter >= 0:
                worked[quarter + minute] = first_seen in open_at
    return worked


# --- which minutes a clock ran ----------------------------------------------------------------------------------------

BALL = {
    "offered": "accept", "accepted": "answer", "declined": "route", "expired": "route", "redirected": "route",
    "withdrawn": "route", "submitted": "validate", "returned": "answer", "approved": "post", "reused": "post",
    "reverted": "validate", "published": None, "closed": None, "merged": None, "escalated": None,
}  # fmt: skip
"""Whose turn it is after an event, where that does not depend on anything else."""


class Ran:
    """A clock as minutes: `ranges` it ran in ([from, to], to None while it runs)."""

    def __init__(self, name, cycle, **of):
        self.name, self.cycle, self.of = name, cycle, of
        self.ranges, self.promises, self.ended, self.written, self.over = [], [], None, None, None
        self.began = self.resumes = None

    @property
    def runs(self):
        return bool(self.ranges) and self.ranges[-1][1] is None

    def run(self, minute):
        if not self.runs:
            self.ranges.append([minute, None])

    def halt(self, minute):
        if self.runs:
            self.ranges[-1][1] = max(minute, self.ranges[-1][0])

    def minutes(self, length, *, going_on):
        """For each minute of the window whether it ran; the last range as if it had gone on, if so asked."""
        ran = np.zeros(length, dtype=bool)
        for place, (start, end) in enumerate(self.ranges):
            last = place == len(self.ranges) - 1
            ran[start : length if end is None or (going_on and last) else end] = True
        return ran


class Desk:
    """Plays a log minute by minute: where the ball is, who waits for whom, and what runs because of that."""

    def __init__(self):
        self.clocks, self.cycle, self.ball, self.stage = [], 1, None, None
        self.outside = {}  # acknowledge, public, next_reply, legal: those that are open
        self.qualified, self.asked, self.count, self.waiting_since = False, None, 0, None
        self.unanswered, self.department, self.total, self.away, self.merged = None, None, None, False, None

    def clock(self, name, minute, **of):
        new = Ran(name, self.cycle, **of)
        new.began = minute
        self.clocks.append(new)
        return new

    def end(self, clock, minute, event):
        if clock is not None:
            clock.halt(minute)
            clock.ended, clock.written, clock.over = event["kind"], event["written"], minute

    def pass_time(self, minute):
        """What happens by itself: after seven days the asker is waited for no longer."""
        if self.asked is not None and minute >= self.asked + CAP:
            over, self.asked = self.asked + CAP, None
            self.settle(over)

    def settle(self, minute):
        """Let everything run or rest as the present situation says."""
        resting = self.ball == "answer" and self.asked is not None
        if self.stage is not None:
            minute = max(minute, self.stage.began)
            (self.stage.halt if resting else self.stage.run)(minute)
        if self.total is not None:
            (self.total.halt if resting or self.away else self.total.run)(minute)

    def move(self, ball, minute, event):
        """The ball goes to somebody else: their clock begins, the other's ends."""
        before, self.ball = self.stage, ball
        self.end(before, minute, event)
        self.stage = None
        if ball is None:
            return
        if event["kind"] == "returned":
            earlier = [each for each in self.clocks if each.name == "answer" and each.cycle == self.cycle]
            if earlier and earlier[-1].ended == "submitted":
                self.stage = earlier[-1]
                self.stage.ended = self.stage.written = None
        if self.stage is None:
            self.stage = self.clock(ball, minute)

    def play(self, event, inside, outside):
        kind, facts = event["kind"], event["facts"]
        self.pass_time(inside)
        if kind == "asker_replied":
            self.asked = None
        self.leave(kind, facts, inside, event)
        self.turn(kind, facts, inside, event)
        self.public(kind, facts, inside, outside, event)
        self.qualified = self.qualified or kind in ("triaged", "offered", "reused")
        if kind == "closed":
            self.asked = None
        self.settle(inside)
        for clock in [self.stage, self.total, *self.outside.values()]:
            promised = facts.get("promised", {}).get(clock.name) if clock else None
            if promised:
                clock.promises.append((inside, promised))

    def turn(self, kind, facts, at, event):
        back = "route" if self.qualified else "triage"
        if kind == "received":
            self.move("triage", at, event)
        elif kind == "triaged":
            if self.ball == "triage":
                self.move("route", at, event)
        elif kind == "reopened" and facts.get("reason") == "unmerged":
            if self.merged and self.merged.name in ("triage", "route"):
                self.ball, self.stage = self.merged.name, self.merged
                self.stage.ended = self.stage.written = None
            else:
                self.move("route", at, event)
        elif kind == "reopened":
            self.cycle, self.department = self.cycle + 1, None
            self.move(back, at, event)
        elif kind == "released_to_route":
            self.move(back, at, event)
        elif kind == "withdrawn" and facts.get("reason") == "reassigned":
            self.move(None, at, event)
        elif kind in BALL:
            if kind == "merged":
                self.merged = self.stage
            self.move(BALL[kind], at, event)

    def leave(self, kind, facts, at, event):
        """The department's total: until it is approved, or the question is somebody else's."""
        to = facts.get("department_id")
        moved = kind in ("offered", "redirected") or (kind == "withdrawn" and facts.get("reason") == "reassigned")
        if moved and (to is None or to != self.department):
            self.out(at, event)
        if kind == "offered":
            self.department, self.away = to, False
            if to is not None and self.total is None:
                self.total = self.clock("department", at)
        elif kind in ("redirected", "withdrawn"):
            self.away = not moved
        elif kind in ("approved", "reused", "closed", "merged", "escalated"):
            self.out(at, event)
        elif kind == "reverted" and self.total is None:
            mine = [each for each in self.clocks if each.name == "department" and each.cycle == self.cycle]
            if mine and mine[-1].ended == "approved":
                self.total, mine[-1].ended, mine[-1].written = mine[-1], None, None

    def out(self, at, event):
        self.end(self.total, at, event)
        self.total = None

    def public(self, kind, facts, inside, outside, event):
        """What the person outside waits for."""
        substance = kind == "published" and not facts.get("holding")
        wrote = min(facts.get("posted", inside), inside)
        if kind == "clarification_asked":
            self.count += 1
            if self.count <= 2 and self.asked is None:
                self.asked = inside
        if kind in ("published", "clarification_asked", "closed"):
            self.answer(("acknowledge",), outside, event)
        if substance or kind == "closed":
            self.answer(("public", "next_reply"), outside, event)
        if substance or kind in ("closed", "released_to_route"):
            self.answer(("legal",), inside, event)
        if substance:
            self.unanswered = None
        if kind == "received":
            self.received = inside
            self.wait("acknowledge", wrote)
            self.wait("public", wrote)
        if kind == "asker_replied":
            self.unanswered = wrote if self.unanswered is None else self.unanswered
            if "clarification_id" not in facts:
                self.wait("next_reply", wrote)
        if kind == "reopened" and facts.get("reason") != "unmerged":
            self.wait("next_reply", inside if self.unanswered is None else self.unanswered).cycle = self.cycle
        if kind == "escalated" and facts["circuit"] in ("legal", "data"):
            self.wait("legal", self.received)

    def wait(self, name, minute):
        if name not in self.outside:
            self.outside[name] = self.clock(name, minute)
            self.outside[name].run(minute)
        return self.outside[name]

    def answer(self, names, minute, event):
        for name in names:
            self.end(self.outside.pop(name, None), minute, event)


def played(events, now):
    """The clocks of a log: dicts with kind, at, written (minutes) and facts."""
    desk, latest = Desk(), None
    for event in events:
        outside = min(event["at"], event["written"])
        latest = outside if latest is None else max(outside, latest)
        desk.play(event, latest, outside)
    desk.pass_time(now)
    for clock in (desk.stage, desk.total):
        if clock is not None and not clock.runs and desk.asked is not None and not desk.away:
            clock.resumes = desk.asked + CAP
    return desk.clocks


# --- the figures ------------------------------------------------------------------------------------------------------


def figures(clock, worked, now, length):
    """Spent minutes, due minute ("beyond" the window; None), late, and late only because of a change.

    `worked(code, known_until)` gives the worked minutes of a calendar as known then; a code of None: every minute.
    """
    ran = clock.minutes(length, going_on=False)
    until = now if clock.ended is None else clock.over

    def counted(minutes, promise):
        if promise is None or promise["calendar"] is None:
            return minutes
        return minutes & worked(promise["calendar"], clock.written)

    late, past, broken = False, False, None
    for place, (since, promise) in enumerate(clock.promises):
        over = clock.promises[place + 1][0] if place + 1 < len(clock.promises) else until
        used = counted(ran, promise)
        target = length if promise["minutes"] is None else promise["minutes"]
        past = place > 0 and not late and used[:since].sum() > target
        if not late and not past and used[:over].sum() > target:
            late, broken = True, promise
    last = clock.promises[-1][1] if clock.promises else None
    return {
        "spent": int(counted(ran, last)[:until].sum()),
        "late": late,
        "late_on_change": past and not late,
        "due": due_minute(clock, broken or last, counted, length),
    }


def due_minute(clock, promise, counted, length):
    """The end of the minute that uses up the target, the last range going on as if nothing had ended it."""
    resting = clock.ended is None and not clock.runs
    if promise is None or promise["minutes"] is None or (resting and clock.resumes is None):
        return None
    if not resting and not clock.ranges:
        return None
    minutes = clock.minutes(length, going_on=not resting)
    if resting:
        minutes[clock.resumes :] = True
    places = np.flatnonzero(counted(minutes, promise))
    return int(places[promise["minutes"] - 1]) + 1 if len(places) >= promise["minutes"] else "beyond"

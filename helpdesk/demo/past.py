"""The weeks before the demo: how many questions came on each day, what became of each, and when.

What is drawn by chance depends on how long ago a day was, so that the demo is the same every day. Departments have
their ways: one gets better, one had a bad fortnight, one is slow. Every step falls into the working hours of whoever
takes it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from math import log
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.accounts.directory import person_with
from helpdesk.accounts.models import Person
from helpdesk.accounts.organisation import setting
from helpdesk.answers.validity import day_of
from helpdesk.demo.documents import read_document
from helpdesk.sla.calendar import due
from helpdesk.sla.promising import calendar_with

WEEKS = 13
WEEKDAYS = (8, 8, 8, 8, 7, 2, 1)
"""Questions on each day of an ordinary week."""
CHANNELS = ("web",) * 5 + ("facebook",) * 3 + ("discourse",) * 2 + ("mastodon",) * 2 + ("email",)
ENDINGS = {
    "answered": 74, "returned": 10, "declined": 6, "redirected": 5, "reopened": 3, "withdrawn": 1, "handed_off": 5,
}  # fmt: skip
MISTAKEN = {
    "BOX": "FIX", "FIX": "BOX", "FAC": "OFC", "OFC": "FAC", "MOB": "BOX", "TER": "FIX", "JUR": "FAC", "PRO": "FIX",
}  # fmt: skip
"""Whom a question of a department is first taken for."""
SPREAD = 0.8
"""Of the logarithm of a duration: most are short, some are very long."""
CLOSED_AFTER = timedelta(days=7)
"""Without another word."""
DESK = "cal-com"


@dataclass(frozen=True)
class Course:
    """One question of the past: its row (as in the other documents), how it went, and when each step was taken."""

    row: dict[str, Any]
    ending: str
    experts: Sequence[str]
    times: dict[str, datetime]
    helped: bool | None
    """What the asker said of the answer; None: nothing."""


def days(now: datetime) -> list[date]:
    """The days of the past, the newest first."""
    today = day_of(now)
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    return [today - timedelta(days=back) for back in range((today - first).days + 1)]


def courses_of(day: date, now: datetime) -> list[Course]:
    """What came on `day` and is over by `now`: a question that would still be open is left to the demo itself."""
    weeks_ago = (day_of(now) - timedelta(days=day_of(now).weekday()) - day).days // 7 + 1
    chance = random.Random(f"{weeks_ago}/{day.weekday()}")  # noqa: S311  the same demo every day
    found = [_course(day, number, weeks_ago, chance) for number in range(WEEKDAYS[day.weekday()])]
    over = [course for course in found if max(course.times.values()) <= now]
    for course in over:
        silent = max(course.times.values()) + CLOSED_AFTER
        if course.ending != "handed_off" and silent <= now:
            course.times["close"] = silent
    return over


def _course(day: date, number: int, weeks_ago: int, chance: random.Random) -> Course:
    written = _written()
    question = _drawn(written["questions"], sum(WEEKDAYS[: day.weekday()]) + number, weeks_ago)
    values = {name: chance.choice(written[f"{name}s" if name != "box" else "boxes"]) for name in ("place", "box")}
    values["since"] = chance.choice(written["since"])
    experts = _experts_of(question["topic"])
    department = _person(experts[0]).department
    assert department is not None
    ending = chance.choices(list(ENDINGS), list(ENDINGS.values()))[0]
    asked_at = datetime.combine(day, time(8), ZoneInfo(setting("timezone"))) + timedelta(minutes=chance.randint(0, 660))
    if ending == "redirected":
        experts = [_anybody_of(MISTAKEN[department.code]), *experts]
    steps = _Steps(asked_at, pace(department.code, weeks_ago), chance, experts)
    text = chance.choice(question["ask"]).format(**values)
    row = {
        "id": f"past-{day.isoformat()}-{number}",
        "lang": "fr",
        "channel": chance.choice(CHANNELS),
        "text": text[0].upper() + text[1:],
        "received_at": asked_at,
        "title": question["title"].format(**values),
        "written": {name: question[name].format(**values) for name in ("body", "short")},
        "expect": {
            "triage": "question",
            "priority": "P2" if chance.random() < 0.12 else "P3",
            "topics": [question["topic"]],
        },
    }
    helped = None if chance.random() > 0.45 else chance.random() < 0.93 - 0.1 * pace(department.code, weeks_ago)
    return Course(row, ending, experts, steps.of(ending), helped)


def _drawn(questions: list[dict[str, Any]], number: int, weeks_ago: int) -> dict[str, Any]:
    """A kind of question by its weight, so that each week has its share of every kind: steps of the golden ratio fill
    a line evenly."""
    place = (number * 0.618034 + weeks_ago * 0.37) % 1 * sum(each["weight"] for each in questions)
    for each in questions:
        place -= each["weight"]
        if place < 0:
            return each
    return questions[-1]


def pace(department: str, weeks_ago: int) -> float:
    """How slow a department was then: 1 is as usual."""
    if department == "BOX":
        return 0.6 + 0.11 * weeks_ago
    if department == "FIX" and weeks_ago in (5, 6):
        return 3.2
    return {"FIX": 0.9, "FAC": 1.0, "MOB": 0.8, "OFC": 1.5, "PRO": 0.5, "JUR": 1.6, "TER": 1.2}[department]


class _Steps:
    """The instants of one question's steps, one after the other, each in the hours of whoever takes it."""

    def __init__(self, start: datetime, slow: float, chance: random.Random, experts: Sequence[str]) -> None:
        self._at, self._slow, self._chance, self._experts = start, slow, chance, experts
        self._times: dict[str, datetime] = {}

    def of(self, ending: str) -> dict[str, datetime]:
        expert = _hours_of(self._experts[1 if ending == "redirected" else 0])
        self._take("triage", 13, DESK)
        if ending == "handed_off":
            self._take("close", 20, DESK)
            return self._times
        self._take("offer", 4, DESK)
        if ending == "redirected":
            self._take("redirect", 45 * self._slow, _hours_of(self._experts[0]))
            self._take("offer again", 12, DESK)
        if ending == "declined":
            self._take("decline", 50 * self._slow, expert)
            self._take("offer again", 10, DESK)
        self._answer("", expert)
        if ending == "returned":
            self._take("return", 45 * self._slow, expert)
            self._take("submit again", 60 * self._slow, expert)
        self._publish("")
        if ending == "reopened":
            self._take("reopen", 900, DESK)
            self._take("offer again", 10, DESK)
            self._answer(" again", expert)
            self._publish(" again")
        self._take("judge", 600, "cal-24x7")
        if ending == "withdrawn":
            self._take("withdraw", 1500, DESK)
        return self._times

    def _answer(self, again: str, expert: str) -> None:
        self._take(f"accept{again}", 38 * self._slow, expert)
        self._take(f"submit{again}", 105 * self._slow, expert)

    def _publish(self, again: str) -> None:
        self._take(f"approve{again}", 36 * self._slow, _hours_of(self._experts[-1]))
        self._take(f"publish{again}", 11, DESK)

    def _take(self, step: str, usual: float, hours: str) -> None:
        """Let `step` come after about so many minutes of working time in these hours."""
        minutes = min(usual * 25, max(1.0, self._chance.lognormvariate(log(usual), SPREAD)))
        calendar = calendar_with(hours)
        assert calendar is not None, hours
        self._at = due(calendar, self._at, round(minutes))
        self._times[step] = self._at


@cache
def _written() -> dict[str, Any]:
    return read_document("past")


@cache
def _organisation() -> list[dict[str, Any]]:
    people: list[dict[str, Any]] = read_document("organisation")["people"]
    return [person for person in people if "expert" in person["roles"]]


def _experts_of(topic: str) -> list[str]:
    """Who answers for a topic, then who stands in for them."""
    first = max(_organisation(), key=lambda person: person["topics"].get(topic, 0))
    return [first["id"], first["backup"]]


def _anybody_of(department: str) -> str:
    return str(next(person["id"] for person in _organisation() if person["department"] == department))


def _person(handle: str) -> Person:
    found = person_with(handle)
    assert found is not None, handle
    return found


def _hours_of(handle: str) -> str:
    person = _person(handle)
    return person.calendar or (person.department.calendar if person.department else None) or DESK

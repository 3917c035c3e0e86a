"""What is known about somebody who may be asked, and what it does to their chances. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import exp, log
from types import MappingProxyType
from typing import NamedTuple

from helpdesk.routing.reasons import Reason, ReasonKind

OTHER_LANGUAGE = 0.8


class Candidate(NamedTuple):
    """What is known about somebody who may be asked. (A tuple, because every question makes thousands.)"""

    person_id: int
    department_id: int | None = None
    languages: frozenset[str] = frozenset({"fr"})
    topics: Mapping[int, int] = MappingProxyType({})
    """Declared topic → level, 1 to 3."""
    open_offers: int = 0
    capacity: int = 6
    answered: int = 0
    """Questions answered so far."""
    absent_until: datetime | None = None
    """The first instant back, when absent now."""
    delegate_id: int | None = None
    last_asked_at: datetime | None = None
    declined: str | None = None
    """The coded reason for which they declined or passed on this very ticket."""
    presence: float = 1.0
    """The chance that they still answer, judged by their answers (see `presence`)."""
    last_answered_at: datetime | None = None


def exclusion(who: Candidate, urgent: bool) -> Reason | None:
    """Why somebody can't be asked now; None when they can."""
    if who.absent_until is not None:
        data = {"until": who.absent_until.isoformat(), "delegate": who.delegate_id}
        return Reason(ReasonKind.ABSENCE, data)
    if who.declined:
        return Reason(ReasonKind.DECLINED, {"reason": who.declined})
    if who.open_offers >= who.capacity and not urgent:
        return Reason(ReasonKind.OVERLOAD, {"open": who.open_offers, "capacity": who.capacity})
    return None


USUAL_GAP, PATIENT = timedelta(days=30), 0.5
"""The usual time between answers before any is known, a holiday being no reason, and how firmly that is believed."""
STAYING = 5
"""Answers after which leaving is as likely as at any later one."""
HABIT = 3
"""With fewer answers there is no habit to break: one answer, long ago, is no reason against anybody."""
MOST_COUNTED = 4
"""More answers than this prove no steadier habit: work comes in bursts."""


def presence(answered: int, first: datetime, last: datetime, now: datetime) -> float:
    """The chance that somebody who gave `answered` answers between `first` and `last` still answers, 0 to 1.

    Whoever answered every day and then fell silent for months does something else now; whoever answers twice a year is
    not missed for months. `now` is the last time anybody answered: when all are silent, nobody left. After Fader,
    Hardie and Lee 2005, "Counting Your Customers the Easy Way" (the BG/NBD model).
    """
    if answered < HABIT:
        return 1.0
    again = min(answered - 1, MOST_COUNTED)
    silent = log((USUAL_GAP + (now - first)) / (USUAL_GAP + (last - first)))
    odds_of_leaving = (PATIENT + again) * max(0.0, silent) - log(STAYING + max(again, 1) - 1)
    return 1 / (1 + exp(min(odds_of_leaving, 50.0)))


def language_factor(who: Candidate, language: str | None) -> float:
    """1 when they answer in the language asked or nobody knows it; less, never 0, when a translation is
    needed."""
    return 1.0 if language is None or language in who.languages else OTHER_LANGUAGE


def load_factor(who: Candidate) -> float:
    """1 up to half of the capacity, falling to 0.3 at capacity."""
    used = who.open_offers / who.capacity if who.capacity > 0 else 1.0
    return 1.0 if used <= 0.5 else max(0.3, 1.0 - 1.4 * (used - 0.5))

"""Events into clocks: when each stage began, paused and ended. Pure: a reading of the log, and nothing else.

Source: the clocks of the domain (section 3.2), as far as the events exist. The public clock never pauses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from helpdesk.tickets.workflow import Kind


@dataclass(frozen=True)
class Happening:
    """One event of the log, as far as clocks look at it. `owner`: the person an offer went to."""

    kind: Kind
    at: datetime
    owner: int | None = None


@dataclass
class Stretch:
    """A piece of a clock: from, until (None: it goes on), running or paused, and the event that began it."""

    start: datetime
    end: datetime | None
    running: bool
    why: str


@dataclass
class Clock:
    """One clock of one cycle. `outcome`: running, paused, or how it ended."""

    name: str
    cycle: int
    owner: int | None
    stretches: list[Stretch] = field(default_factory=list)
    outcome: str = "running"

    @property
    def is_open(self) -> bool:
        return self.outcome in ("running", "paused")


#   event                      ends (clock: outcome)                              starts
STOPS: dict[Kind, dict[str, str]] = {
    Kind.OFFERED: {"triage": "done", "accept": "withdrawn", "answer": "withdrawn"},
    Kind.REUSED: {"triage": "done"},
    Kind.ACCEPTED: {"accept": "done"},
    Kind.DECLINED: {"accept": "declined"},
    Kind.EXPIRED: {"accept": "expired"},
    Kind.REDIRECTED: {"accept": "redirected", "answer": "redirected"},
    Kind.WITHDRAWN: {"accept": "withdrawn", "answer": "withdrawn"},
    Kind.SUBMITTED: {"answer": "done"},
    Kind.RETURNED: {"validate": "returned"},
    Kind.APPROVED: {"validate": "done"},
    Kind.REVERTED: {"post": "reverted"},
    Kind.PUBLISHED: {"post": "done", "public": "done"},
    Kind.CLOSED: dict.fromkeys(("triage", "accept", "answer", "validate", "post", "public"), "closed"),
    Kind.MERGED: dict.fromkeys(("triage", "accept", "answer", "validate", "post"), "merged"),
    Kind.ESCALATED: dict.fromkeys(("triage", "accept", "answer", "validate", "post"), "escalated"),
}
STARTS: dict[Kind, tuple[str, ...]] = {
    Kind.RECEIVED: ("triage", "public"),
    Kind.OFFERED: ("accept",),
    Kind.DECLINED: ("triage",),  # whom to ask is to be chosen again
    Kind.REDIRECTED: ("triage",),
    Kind.WITHDRAWN: ("triage",),
    Kind.EXPIRED: ("triage",),
    Kind.ACCEPTED: ("answer",),
    Kind.SUBMITTED: ("validate",),
    Kind.RETURNED: ("answer",),  # the answer's clock goes on where it was
    Kind.APPROVED: ("post",),
    Kind.REUSED: ("post",),
    Kind.REVERTED: ("validate",),
    Kind.REOPENED: ("triage",),
    Kind.RELEASED_TO_ROUTE: ("triage",),
}


def clocks(happenings: Iterable[Happening], *, posted_at: datetime) -> list[Clock]:
    """The clocks of one ticket, in the order in which they began.

    `posted_at`: when the asker posted, from which the public clock runs whatever we knew of it then.
    """
    found: list[Clock] = []
    cycle = 1
    for event in happenings:
        if event.kind is Kind.REOPENED:
            cycle += 1
        for name, outcome in STOPS.get(event.kind, {}).items():
            _stop(_open(found, name), event.at, outcome)
        if event.kind is Kind.CLARIFICATION_ASKED:
            _switch(_open(found, "answer"), event, running=False)
        elif event.kind is Kind.ASKER_REPLIED:
            _switch(_open(found, "answer"), event, running=True)
        for name in STARTS.get(event.kind, ()):
            start = posted_at if name == "public" else event.at
            _start(found, name, cycle, start, event)
    return [clock for clock in found if not _is_no_wait(clock)]


def _is_no_wait(clock: Clock) -> bool:
    """An offer withdrawn to make another at once: nobody waited in between."""
    first = clock.stretches[0]
    return clock.name == "triage" and first.why == Kind.WITHDRAWN and first.start == first.end


def _open(found: list[Clock], name: str) -> Clock | None:
    return next((clock for clock in reversed(found) if clock.name == name and clock.is_open), None)


def _start(found: list[Clock], name: str, cycle: int, start: datetime, event: Happening) -> None:
    clock = _open(found, name)
    if clock is None and event.kind is Kind.RETURNED:
        # The same clock as before: what was used up stays used up.
        clock = next((each for each in reversed(found) if each.name == name and each.cycle == cycle), None)
    if clock is None:
        clock = Clock(name, cycle, event.owner)
        found.append(clock)
    elif clock.is_open:
        return
    clock.outcome = "running"
    clock.stretches.append(Stretch(start, None, True, str(event.kind)))


def _stop(clock: Clock | None, at: datetime, outcome: str) -> None:
    if clock is not None:
        clock.stretches[-1].end = max(at, clock.stretches[-1].start)
        clock.outcome = outcome


def _switch(clock: Clock | None, event: Happening, *, running: bool) -> None:
    if clock is None or clock.stretches[-1].running is running:
        return
    clock.stretches[-1].end = event.at
    clock.stretches.append(Stretch(event.at, None, running, str(event.kind)))
    clock.outcome = "running" if running else "paused"

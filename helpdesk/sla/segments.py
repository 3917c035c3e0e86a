"""What clocks are made of: an event as they see it, the stretches of a clock, and what was odd about a time. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpdesk.sla.promise import Promise
from helpdesk.tickets.workflow import Kind

NAMES = (
    "triage", "route", "accept", "answer", "validate", "post", "acknowledge", "public", "next_reply", "department",
    "legal",
)  # fmt: skip
STAGES = frozenset({"triage", "route", "accept", "answer", "validate", "post"})
"""The clocks of which at most one is open at a time: whose turn it is inside."""
OUTSIDE = frozenset({"acknowledge", "public", "next_reply"})
"""Those that the person outside feels: they begin when that person posted."""


@dataclass(frozen=True)
class Happening:
    """One event of the log. `recorded_at`: when it was written down; `elsewhere`: in the thread of the ticket that
    leads this one, whose answer this ticket's asker reads."""

    kind: Kind
    at: datetime
    recorded_at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: bool = False


@dataclass
class Stretch:
    """A piece of a clock: from, until (None: it goes on), running or paused, and the word for what began it."""

    start: datetime
    end: datetime | None
    running: bool
    why: str


@dataclass
class Clock:
    """One clock of one cycle. `place`: how many of its name began before it: of two people asked one after the other
    each has an `accept`.

    `outcome`: running, paused, or how it ended ("done", "declined", "merged"…). `promises`: what it was held to and
    since when, oldest first; empty when nothing was ever promised. `known_at`: when its end was written down, after
    which no change of a calendar touches it. `resumes_at`: when the present pause ends by itself, if it does.
    """

    name: str
    cycle: int
    person: int | None = None
    department: int | None = None
    stretches: list[Stretch] = field(default_factory=list)
    outcome: str = "running"
    promises: list[tuple[datetime, Promise]] = field(default_factory=list)
    ended_by: Kind | None = None
    known_at: datetime | None = None
    returned: int = 0
    resumes_at: datetime | None = None
    place: int = 0

    @property
    def is_open(self) -> bool:
        return self.outcome in ("running", "paused")

    @property
    def promise(self) -> Promise | None:
        """What it is held to now."""
        return self.promises[-1][1] if self.promises else None


@dataclass(frozen=True)
class Remark:
    """Something about an event's time that a reader should know: `arrived_late` (by so long) or `out_of_order`."""

    code: str
    kind: Kind
    at: datetime
    by: timedelta

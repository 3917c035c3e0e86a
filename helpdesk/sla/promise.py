"""What was promised for one clock when it started: copied into the event that starts it, as one short word. Pure.

The word is `clock/policy@version/minutes/calendar@version`, such as `accept/sla-urgent@3/60/cal-office@2`; `-` in
place of the minutes where nothing is promised, `real` in place of the calendar where every minute counts. The log
thereby says by itself what each clock was held to, whatever becomes of the policies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_CODE = 40
"""Letters of a policy's or calendar's code, so that a promise fits a word of the log."""
REAL = "real"
NOTHING = "-"
CODE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._\-]{{0,{LONGEST_CODE - 1}}}")
_WORD = re.compile(r"(\w+)/([\w.\-]+)@(\d+)/(\d+|-)/(real|([\w.\-]+)@(\d+))")


@dataclass(frozen=True)
class Promise:
    """`minutes`: None when nothing is promised. `calendar`: None when every minute counts."""

    clock: str
    policy: str
    version: int
    minutes: int | None
    calendar: str | None = None
    calendar_version: int | None = None

    @property
    def word(self) -> str:
        """As the log keeps it."""
        minutes = NOTHING if self.minutes is None else self.minutes
        calendar = REAL if self.calendar is None else f"{self.calendar}@{self.calendar_version}"
        return f"{self.clock}/{self.policy}@{self.version}/{minutes}/{calendar}"


def promises_of(words: Iterable[str]) -> dict[str, Promise]:
    """The promises of an event, by clock. Raises ValueError for a word that is none."""
    return {promise.clock: promise for promise in map(promise_of, words)}


def promise_of(word: str) -> Promise:
    """One promise as the log keeps it. Raises ValueError."""
    match = _WORD.fullmatch(word)
    if match is None:
        raise ValueError(f"no promise: {word!r}")
    clock, policy, version, minutes, _, calendar, calendar_version = match.groups()
    return Promise(
        clock,
        policy,
        int(version),
        None if minutes == NOTHING else int(minutes),
        calendar,
        int(calendar_version) if calendar_version else None,
    )

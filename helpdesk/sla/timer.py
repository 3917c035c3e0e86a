"""Events into clocks: when each stage began, paused and ended, whose it was, and what was promised for it.

Pure: a reading of the log and nothing else. Source: the clocks and the rules of the domain (sections 3.2 and 3.3), and
one more clock, `route`, for the desk's time between qualifying a question and asking somebody: without it, the stages
would not add up to the whole (docs/decisions/0016).

Inside clocks count from when something happened inside; `acknowledge`, `public` and `next_reply` from when the asker
posted, whenever we heard of it. An event that arrived late never moves an inside clock back before the event that
stands before it in the log, and nothing happens later than it was written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from helpdesk.sla.promise import promises_of
from helpdesk.sla.segments import OUTSIDE, STAGES, Clock, Happening, Remark, Stretch
from helpdesk.tickets.workflow import Kind, Outcome

MOST_PAUSES = 2
LONGEST_PAUSE = timedelta(days=7)
LATE_BY = timedelta(minutes=15)
"""An event heard of later than this after it happened is pointed out."""
LEGAL_CIRCUITS = frozenset({"legal", "data"})
REASSIGNED = "reassigned"  # the reason of a withdrawal that is followed at once by another offer
UNMERGED = "unmerged"  # the reason of a reopening that takes a merge back
AT_ONCE = "redirected"  # the mode of an offer that a redirection made at once

#   event                      ends (clock: outcome)
STOPS: dict[Kind, dict[str, str]] = {
    Kind.OFFERED: {"triage": "done", "route": "done", "accept": "withdrawn", "answer": "withdrawn"},
    Kind.REUSED: {"triage": "done", "route": "done", "department": "reused"},
    Kind.ACCEPTED: {"accept": "done"},
    Kind.DECLINED: {"accept": "declined"},
    Kind.EXPIRED: {"accept": "expired"},
    Kind.SUBMITTED: {"answer": "done"},
    Kind.RETURNED: {"validate": "done"},
    Kind.APPROVED: {"validate": "done", "department": "done"},
    Kind.REVERTED: {"post": "reverted"},
    Kind.CLARIFICATION_ASKED: {"acknowledge": "done"},
    Kind.PUBLISHED: {"post": "done", "acknowledge": "done"},
    Kind.MERGED: dict.fromkeys((*STAGES, "department"), "merged"),
    Kind.ESCALATED: dict.fromkeys((*STAGES, "department"), "escalated"),
    Kind.RELEASED_TO_ROUTE: {"legal": "released"},
}
#   event                      starts
STARTS: dict[Kind, str] = {
    Kind.OFFERED: "accept",
    Kind.DECLINED: "route",  # whom to ask is to be chosen again
    Kind.REDIRECTED: "route",
    Kind.EXPIRED: "route",
    Kind.ACCEPTED: "answer",
    Kind.SUBMITTED: "validate",
    Kind.APPROVED: "post",
    Kind.REUSED: "post",
    Kind.REVERTED: "validate",
}
# An answer of substance stops these; a holding statement or an acknowledgement does not.
ANSWERED = {"public": "done", "next_reply": "done", "legal": "done"}
QUALIFIES = frozenset({Kind.TRIAGED, Kind.OFFERED, Kind.REUSED})


class Reading:
    """A log read event by event. `clocks` are in the order in which they began; `begun` those of the last event."""

    def __init__(self) -> None:
        self.clocks: list[Clock] = []
        self.begun: list[Clock] = []
        self.remarks: list[Remark] = []
        self._cycle = 1
        self._last: datetime | None = None
        self._outside: datetime | None = None  # when the last event happened for the person outside
        self._qualified = False
        self._received_at: datetime | None = None
        self._asked_at: datetime | None = None  # a pausing question to the asker that waits for a reply
        self._pauses = 0
        self._written_at: datetime | None = None  # when the asker wrote what is not answered yet
        self._department: int | None = None
        self._withdrawn = False

    # --- looking ------------------------------------------------------------------------------------------------------

    def open(self, name: str) -> Clock | None:
        """The clock of this name that is not over."""
        return next((clock for clock in reversed(self.clocks) if clock.name == name and clock.is_open), None)

    @property
    def stage(self) -> Clock | None:
        """The clock of the present step."""
        return next((clock for clock in reversed(self.clocks) if clock.name in STAGES and clock.is_open), None)

    @property
    def waits(self) -> list[Clock]:
        """The clocks but for those in which nobody waited: between a redirection and the offer that it made at once."""
        return [clock for clock in self.clocks if (clock.name, clock.outcome) != ("route", AT_ONCE)]

    def until(self, now: datetime) -> Reading:
        """As of `now`: a pause that has lasted too long is over, and one that has not will be by then."""
        self._end_long_pause(now)
        for clock in self.clocks:
            waits = clock.outcome == "paused" and not self._withdrawn and self._asked_at is not None
            clock.resumes_at = self._asked_at + LONGEST_PAUSE if waits and self._asked_at else None
        return self

    # --- reading ------------------------------------------------------------------------------------------------------

    def take(self, event: Happening) -> None:
        """Read the next event of the log."""
        self.begun = []
        if event.elsewhere:
            self._outside = event.at
            self._stop(event, event.at, {"acknowledge": "done", **ANSWERED})
            return
        at = self._instant(event)
        self._end_long_pause(at)
        self._depart(event, at)
        self._stop(event, at, STOPS.get(event.kind, {}))
        name = STARTS.get(event.kind)
        if name is not None:
            self._start(name, at, event)
        special = _SPECIAL.get(event.kind)
        if special is not None:
            special(self, event, at)
        self._qualified = self._qualified or event.kind in QUALIFIES
        self._follow_department(event, at)
        self._promise(event, at)

    def _instant(self, event: Happening) -> datetime:
        """When it happened, as far as clocks inside are concerned; what is odd about it is remarked."""
        self._outside = at = min(event.at, event.recorded_at)
        if event.recorded_at - at > LATE_BY:
            self.remarks.append(Remark("arrived_late", event.kind, at, event.recorded_at - at))
        if self._last is not None and at < self._last:
            self.remarks.append(Remark("out_of_order", event.kind, at, self._last - at))
            at = self._last
        self._last = at
        return at

    def _start(self, name: str, at: datetime, event: Happening, *, why: str | None = None) -> Clock:
        clock = self.open(name)
        if clock is not None:
            return clock
        clock = Clock(name, self._cycle, place=sum(each.name == name for each in self.clocks))
        if name in ("accept", "answer"):
            clock.person = event.facts.get("person_id")
        if name in ("accept", "answer", "validate"):
            clock.department = self._department
        self.clocks.append(clock)
        self.begun.append(clock)
        paused = name == "answer" and self._asked_at is not None
        clock.outcome = "paused" if paused else "running"
        clock.stretches.append(Stretch(at, None, not paused, why or str(event.kind)))
        return clock

    def _stop(self, event: Happening, at: datetime, outcomes: Mapping[str, str]) -> None:
        for clock in self.clocks:
            outcome = outcomes.get(clock.name) if clock.is_open else None
            if outcome is None:
                continue
            when = self._outside if clock.name in OUTSIDE and self._outside is not None else at
            last = clock.stretches[-1]
            last.end = max(when, last.start)
            clock.outcome, clock.ended_by, clock.known_at = outcome, event.kind, event.recorded_at

    def _resume(self, clock: Clock, at: datetime, why: str) -> None:
        """Let a clock that had ended go on where it was: what was used up stays used up."""
        paused = clock.name == "answer" and self._asked_at is not None
        clock.outcome, clock.ended_by, clock.known_at = "paused" if paused else "running", None, None
        clock.stretches.append(Stretch(at, None, not paused, why))

    def _last_of(self, name: str) -> Clock | None:
        return next((each for each in reversed(self.clocks) if each.name == name and each.cycle == self._cycle), None)

    def _switch(self, clock: Clock | None, at: datetime, why: str, *, running: bool) -> None:
        if clock is None or clock.stretches[-1].running is running:
            return
        clock.stretches[-1].end = max(at, clock.stretches[-1].start)
        clock.stretches.append(Stretch(clock.stretches[-1].end, None, running, why))
        clock.outcome = "running" if running else "paused"

    # --- special rules ------------------------------------------------------------------------------------------------

    def _received(self, event: Happening, at: datetime) -> None:
        posted = min(instant_of(event.facts.get("posted_at")) or at, at)
        self._received_at = at
        self._start("triage", at, event)
        self._start("acknowledge", posted, event)
        self._start("public", posted, event)

    def _triaged(self, event: Happening, at: datetime) -> None:
        if self.open("triage") is not None:
            self._stop(event, at, {"triage": "done"})
            self._start("route", at, event)

    def _returned(self, event: Happening, at: datetime) -> None:
        answer = self._last_of("answer")
        if answer is None or answer.outcome != "done":  # written in a restricted circuit: nobody had accepted it
            answer = self._start("answer", at, event)
        else:
            self._resume(answer, at, str(event.kind))
        answer.returned += 1

    def _published(self, event: Happening, at: datetime) -> None:
        if event.facts.get("holding"):
            return
        self._stop(event, at, ANSWERED)
        self._written_at = None

    def _asked(self, event: Happening, at: datetime) -> None:
        self._pauses += 1
        if self._pauses <= MOST_PAUSES and self._asked_at is None:
            self._asked_at = at
            self._switch(self.open("answer"), at, str(event.kind), running=False)

    def _replied(self, event: Happening, at: datetime) -> None:
        self._asked_at = None
        self._switch(self.open("answer"), at, str(event.kind), running=True)
        posted = min(instant_of(event.facts.get("posted_at")) or at, at)
        self._written_at = self._written_at or posted
        if "clarification_id" not in event.facts:
            self._start("next_reply", posted, event)

    def _end_long_pause(self, now: datetime) -> None:
        if self._asked_at is None or now < self._asked_at + LONGEST_PAUSE:
            return
        over, self._asked_at = self._asked_at + LONGEST_PAUSE, None
        answer = self.open("answer")
        if answer is not None:
            over = max(over, answer.stretches[-1].start)
            self._switch(answer, over, "pause_over", running=True)
            self._switch(self.open("department"), over, "pause_over", running=True)

    def _closed(self, event: Happening, at: datetime) -> None:
        outcome = str(event.facts.get("outcome") or "closed")
        outside = "unanswered" if outcome == Outcome.ANSWERED else outcome
        inside = dict.fromkeys((*STAGES, "department"), outcome)
        self._stop(event, at, inside | dict.fromkeys(("acknowledge", "public", "next_reply"), outside))
        self._stop(event, at, {"legal": "done"})
        self._asked_at = None

    def _reopened(self, event: Happening, at: datetime) -> None:
        if event.facts.get("reason") == UNMERGED:
            stopped = next((each for each in reversed(self.clocks) if each.name in STAGES), None)
            if stopped is not None and stopped.name in ("triage", "route") and stopped.ended_by is Kind.MERGED:
                self._resume(stopped, at, str(event.kind))
            else:
                self._start("route", at, event)
            return
        self._cycle, self._department = self._cycle + 1, None
        following = self._start("next_reply", self._written_at or at, event)
        following.cycle = self._cycle
        self._start("route" if self._qualified else "triage", at, event)

    def _reused(self, event: Happening, at: datetime) -> None:
        self._department = None

    def _escalated(self, event: Happening, at: datetime) -> None:
        self._department = None
        if event.facts.get("circuit") in LEGAL_CIRCUITS:
            self._start("legal", self._received_at or at, event)

    def _released(self, event: Happening, at: datetime) -> None:
        self._start("route" if self._qualified else "triage", at, event)

    # --- departments --------------------------------------------------------------------------------------------------

    def _depart(self, event: Happening, at: datetime) -> None:
        """What becomes of a person's clocks and of the department's total when an offer goes elsewhere."""
        if event.kind is Kind.OFFERED:
            if event.facts.get("mode") == AT_ONCE:
                self._stop(event, at, {"route": AT_ONCE})
            self._come_to(event, at, event.facts.get("department_id"))
        if event.kind not in (Kind.REDIRECTED, Kind.WITHDRAWN):
            return
        withdrawn = event.kind is Kind.WITHDRAWN
        moved = not withdrawn or event.facts.get("reason") == REASSIGNED
        to = event.facts.get("department_id")
        stays = to is not None and to == self._department
        outcome = (REASSIGNED if stays else "redirected") if moved else "withdrawn"
        self._stop(event, at, {"accept": outcome, "answer": outcome})
        if moved and not stays:
            self._stop(event, at, {"department": "redirected"})
        self._withdrawn = not moved
        if not moved:
            self._start("route", at, event)

    def _come_to(self, event: Happening, at: datetime, department: int | None) -> None:
        if department != self._department:
            self._stop(event, at, {"department": "redirected"})
        self._department, self._withdrawn = department, False
        if department is not None:
            self._start("department", at, event).department = department

    def _follow_department(self, event: Happening, at: datetime) -> None:
        """The department's total pauses as its parts do, and while the desk has taken the question back."""
        total = self.open("department")
        if event.kind is Kind.REVERTED and total is None:
            total = self._last_of("department")
            if total is None or total.outcome != "done":
                return
            self._resume(total, at, str(event.kind))
        answer = self.open("answer")
        paused = self._withdrawn or (answer is not None and answer.outcome == "paused")
        self._switch(total, at, str(event.kind), running=not paused)

    # --- promises -----------------------------------------------------------------------------------------------------

    def _promise(self, event: Happening, at: datetime) -> None:
        """Give each clock what the event promises for it: from its origin if it begins, from now on if it runs."""
        for name, promise in promises_of(event.facts.get("promises") or ()).items():
            clock = self.open(name)
            if clock is not None:
                clock.promises.append((clock.stretches[0].start if not clock.promises else at, promise))


_SPECIAL = {
    Kind.RECEIVED: Reading._received,
    Kind.TRIAGED: Reading._triaged,
    Kind.RETURNED: Reading._returned,
    Kind.PUBLISHED: Reading._published,
    Kind.CLARIFICATION_ASKED: Reading._asked,
    Kind.ASKER_REPLIED: Reading._replied,
    Kind.CLOSED: Reading._closed,
    Kind.REOPENED: Reading._reopened,
    Kind.REUSED: Reading._reused,
    Kind.ESCALATED: Reading._escalated,
    Kind.RELEASED_TO_ROUTE: Reading._released,
}


def read(happenings: Iterable[Happening], *, now: datetime) -> Reading:
    """A whole log, as of `now`."""
    reading = Reading()
    for event in happenings:
        reading.take(event)
    return reading.until(now)


def clocks(happenings: Iterable[Happening], *, now: datetime) -> list[Clock]:
    """The clocks of one ticket as of `now`, in the order in which they began."""
    return read(happenings, now=now).waits


def instant_of(written: str | None) -> datetime | None:
    """An instant as the log keeps it (ISO 8601 with an offset)."""
    return datetime.fromisoformat(written).astimezone(UTC) if written else None

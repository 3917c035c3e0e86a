"""Which promise applies to a ticket, and how many minutes each of its clocks may run.

Policies are tried in order; the first whose conditions all hold is the one. Minutes are working time of the
calendar named for the clock, real time for `acknowledge` and `public`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from helpdesk.errors import BadInput, Problem

CLOCKS = ("triage", "accept", "answer", "validate", "post", "acknowledge", "public")
REAL_TIME = "cal-24x7"
DEPARTMENT = "department"
"""In place of a calendar: that of the department (or the person) who owns the clock."""


@dataclass(frozen=True)
class Policy:
    """`applies_to`: fact → value, or list of values, that it must have. `targets`: clock → minutes, None
    for no promise.
    """

    code: str
    order: int
    applies_to: Mapping[str, Any] = field(default_factory=dict)
    calendars: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, int | None] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True)
class PolicyBook:
    """Policies in the order in which they are tried, and the class of each channel."""

    policies: tuple[Policy, ...]
    class_of_channel: Mapping[str, str]
    thresholds_percent: Mapping[str, int] = field(default_factory=dict)


def choose(book: PolicyBook, *, priority: str, channel: str, **facts: Any) -> Policy:
    """The first policy that applies to a priority ("P1"…), a channel (its kind or code) and any other facts.

    Raises LookupError if none does; a book made by `from_document` always has a last one for everything.
    """
    known = {**facts, "priority": priority, "channel": channel, "channel_class": book.class_of_channel.get(channel)}
    for policy in book.policies:
        if all(_holds(known.get(fact), wanted) for fact, wanted in policy.applies_to.items()):
            return policy
    raise LookupError("no policy applies")


def _holds(value: Any, wanted: Any) -> bool:
    return value in wanted if isinstance(wanted, list | tuple | set | frozenset) else value == wanted


def target(policy: Policy, clock: str) -> int | None:
    """The minutes that a clock may run, or None when nothing is promised."""
    return policy.targets.get(clock)


def calendar_code(policy: Policy, clock: str, department_calendar: str) -> str:
    """The code of the calendar in which a clock runs."""
    named = policy.calendars.get(clock, REAL_TIME)
    return department_calendar if named == DEPARTMENT else named


def from_document(document: Mapping[str, Any]) -> PolicyBook:
    """Policies as people write them. Raises `BadInput` with every problem, each with the place where it
    stands.
    """
    problems: list[Problem] = []
    class_of_channel = _classes(document.get("channel_classes") or {}, problems)
    classes = set(class_of_channel.values())
    policies = [_policy(entry, classes, problems) for entry in document.get("policies") or ()]
    policies.sort(key=lambda policy: policy.order)
    for earlier, later in pairwise(policies):
        if earlier.order == later.order or earlier.code == later.code:
            problems.append(Problem(f"policies.{later.code}", "policy_twice"))
    if not policies or policies[-1].applies_to:
        problems.append(Problem("policies", "no_default_policy"))
    if problems:
        raise BadInput(problems)
    return PolicyBook(tuple(policies), class_of_channel, dict(document.get("thresholds_percent") or {}))


def _classes(written: Mapping[str, Any], problems: list[Problem]) -> dict[str, str]:
    """Channel → its class."""
    found: dict[str, str] = {}
    for channel, name in ((channel, name) for name, channels in written.items() for channel in channels):
        if found.setdefault(channel, name) != name:
            problems.append(Problem(f"channel_classes.{name}", "channel_in_two_classes", {"value": channel}))
    return found


def _policy(entry: Mapping[str, Any], classes: set[str], problems: list[Problem]) -> Policy:
    code = str(entry.get("id") or "")
    place = f"policies.{code}"
    targets, calendars = dict(entry.get("targets") or {}), dict(entry.get("calendar") or {})
    applies_to, order = dict(entry.get("applies_to") or {}), entry.get("order")
    if not code or not isinstance(order, int):
        problems.append(Problem(place, "missing_id" if not code else "missing_order"))
        order = 0
    for clock, minutes in targets.items():
        sound = minutes is None or (isinstance(minutes, int) and not isinstance(minutes, bool) and minutes > 0)
        if clock not in CLOCKS or not sound:
            problems.append(Problem(f"{place}.targets.{clock}", "bad_target", {"value": str(minutes)[:40]}))
    problems += [
        Problem(f"{place}.calendar.{clock}", "unknown_clock", {"value": str(clock)[:40]})
        for clock in calendars
        if clock not in CLOCKS
    ]
    wanted = applies_to.get("channel_class", [])
    problems += [
        Problem(f"{place}.applies_to.channel_class", "unknown_class", {"value": str(name)[:40]})
        for name in (wanted if isinstance(wanted, list) else [wanted])
        if name not in classes
    ]
    return Policy(code, order, applies_to, calendars, targets, int(entry.get("version") or 1))

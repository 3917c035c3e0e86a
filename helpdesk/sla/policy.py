"""Which promise applies to a ticket, and how many minutes each of its clocks may run.

Policies are tried in order; the first whose conditions all hold is the one. Minutes are working time of the
calendar named for the clock; real time for what the person outside feels and for what the law counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from helpdesk.errors import BadInput, Problem
from helpdesk.sla.promise import CODE

CLOCKS = (
    "triage", "route", "accept", "answer", "validate", "post", "acknowledge", "public", "next_reply", "department",
    "legal",
)  # fmt: skip
ALWAYS_REAL = frozenset({"acknowledge", "public", "next_reply", "legal"})
"""Clocks that count every minute, whatever a policy says of calendars."""
OF_DEPARTMENT = frozenset({"accept", "answer", "validate", "department"})
"""Clocks that count in the department's calendar when a policy names none."""
CONDITIONS = ("priority", "channel", "channel_class", "class", "topic", "department")
"""What a policy may look at. A ticket may have several topics: one of them is enough."""
LONGEST_TARGET = 366 * 24 * 60
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


@dataclass(frozen=True)
class Miss:
    """Why a policy does not apply: it wants `wanted` of a fact, and the ticket has `found`."""

    fact: str
    wanted: tuple[str, ...]
    found: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """A policy that was looked at; it applies when nothing is missing."""

    policy: Policy
    misses: tuple[Miss, ...]

    @property
    def applies(self) -> bool:
        return not self.misses


def tried(book: PolicyBook, *, priority: str, channel: str, **facts: Any) -> Iterator[Tried]:
    """The policies in the order in which they are tried, up to and with the one that applies.

    `priority` is "P1"…, `channel` its code or kind, other facts those of CONDITIONS; a fact may have several values.
    """
    known = {**facts, "priority": priority, "channel": channel, "channel_class": book.class_of_channel.get(channel)}
    for policy in book.policies:
        misses = tuple(
            Miss(fact, _values(wanted), _values(known.get(fact)))
            for fact, wanted in policy.applies_to.items()
            if not set(_values(wanted)) & set(_values(known.get(fact)))
        )
        yield Tried(policy, misses)
        if not misses:
            return


def choose(book: PolicyBook, *, priority: str, channel: str, **facts: Any) -> Policy:
    """The first policy that applies; see `tried`.

    Raises LookupError if none does; a book made by `from_document` always has a last one for everything.
    """
    for each in tried(book, priority=priority, channel=channel, **facts):
        if each.applies:
            return each.policy
    raise LookupError("no policy applies")


def looks_at(book: PolicyBook, fact: str) -> bool:
    """Whether any policy has a condition on this fact."""
    return any(fact in policy.applies_to for policy in book.policies)


def _values(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else (str(value),)


def target(policy: Policy, clock: str) -> int | None:
    """The minutes that a clock may run, or None when nothing is promised.

    A policy that says nothing of `route` gives the desk as long to ask somebody as it gives it to qualify.
    """
    if clock == "route" and "route" not in policy.targets:
        clock = "triage"
    return policy.targets.get(clock)


def calendar_code(policy: Policy, clock: str, department_calendar: str | None) -> str | None:
    """The code of the calendar in which a clock runs; None: every minute counts."""
    if clock in ALWAYS_REAL:
        return None
    if clock == "route":
        clock = "route" if "route" in policy.calendars else "triage"
    named = policy.calendars.get(clock) or (DEPARTMENT if clock in OF_DEPARTMENT else None)
    return department_calendar if named == DEPARTMENT else named


def from_document(document: Mapping[str, Any]) -> PolicyBook:
    """Policies as people write them. Raises `BadInput` with every problem, each with the place where it
    stands.
    """
    problems: list[Problem] = []
    class_of_channel = _classes(document.get("channel_classes") or {}, problems)
    classes = set(class_of_channel.values())
    entries = document.get("policies") or ()
    if not isinstance(entries, list | tuple) or not all(isinstance(entry, Mapping) for entry in entries):
        raise BadInput([Problem("policies", "not_a_list")])
    policies = [policy_of(entry, classes, problems) for entry in entries]
    policies.sort(key=lambda policy: policy.order)
    for earlier, later in pairwise(policies):
        if earlier.order == later.order or earlier.code == later.code:
            problems.append(Problem(f"policies.{later.code}", "policy_twice"))
    if not policies or policies[-1].applies_to:
        problems.append(Problem("policies", "no_default_policy"))
    if problems:
        raise BadInput(problems)
    return PolicyBook(tuple(policies), class_of_channel, dict(document.get("thresholds_percent") or {}))


def _classes(written: Any, problems: list[Problem]) -> dict[str, str]:
    """Channel → its class."""
    found: dict[str, str] = {}
    if not isinstance(written, Mapping) or not all(isinstance(channels, list) for channels in written.values()):
        problems.append(Problem("channel_classes", "not_a_list"))
        return found
    for channel, name in ((channel, name) for name, channels in written.items() for channel in channels):
        if found.setdefault(channel, name) != name:
            problems.append(Problem(f"channel_classes.{name}", "channel_in_two_classes", {"value": channel}))
    return found


def policy_of(entry: Mapping[str, Any], classes: Collection[str], problems: list[Problem]) -> Policy:
    """One policy; what is wrong with it is noted. `classes`: the classes of channels that there are."""
    code = str(entry.get("id") or "")
    place = f"policies.{code}"
    order, version = entry.get("order"), entry.get("version", 1)
    if not code:
        problems.append(Problem(place, "missing_id"))
    elif not CODE.fullmatch(code):
        problems.append(Problem(place, "bad_code", {"value": code[:60]}))
    if not isinstance(order, int) or isinstance(order, bool):
        problems.append(Problem(place, "missing_order"))
        order = 0
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        problems.append(Problem(f"{place}.version", "bad_version"))
        version = 1
    parts = {name: entry.get(name) or {} for name in ("targets", "calendar", "applies_to")}
    for name, part in parts.items():
        if not isinstance(part, Mapping):
            problems.append(Problem(f"{place}.{name}", "not_a_table", {"value": str(part)[:40]}))
            parts[name] = {}
    _check_targets(parts["targets"], place, problems)
    _check_calendars(parts["calendar"], place, problems)
    _check_conditions(parts["applies_to"], classes, place, problems)
    return Policy(code, order, dict(parts["applies_to"]), dict(parts["calendar"]), dict(parts["targets"]), version)


def _check_targets(targets: Mapping[str, Any], place: str, problems: list[Problem]) -> None:
    for clock, minutes in targets.items():
        whole = isinstance(minutes, int) and not isinstance(minutes, bool)
        if clock not in CLOCKS or not (minutes is None or (whole and 0 < minutes <= LONGEST_TARGET)):
            problems.append(Problem(f"{place}.targets.{clock}", "bad_target", {"value": str(minutes)[:40]}))


def _check_calendars(calendars: Mapping[str, Any], place: str, problems: list[Problem]) -> None:
    for clock, code in calendars.items():
        if clock not in CLOCKS:
            problems.append(Problem(f"{place}.calendar.{clock}", "unknown_clock", {"value": str(clock)[:40]}))
        elif not CODE.fullmatch(str(code)):
            problems.append(Problem(f"{place}.calendar.{clock}", "unknown_calendar", {"value": str(code)[:40]}))


def _check_conditions(
    conditions: Mapping[str, Any], classes: Collection[str], place: str, problems: list[Problem]
) -> None:
    for fact, wanted in conditions.items():
        if fact not in CONDITIONS:
            problems.append(Problem(f"{place}.applies_to.{fact}", "unknown_condition", {"value": str(fact)[:40]}))
        if not _values(wanted) or isinstance(wanted, Mapping):
            problems.append(Problem(f"{place}.applies_to.{fact}", "no_value"))
    problems += [
        Problem(f"{place}.applies_to.channel_class", "unknown_class", {"value": str(name)[:40]})
        for name in _values(conditions.get("channel_class"))
        if name not in classes
    ]

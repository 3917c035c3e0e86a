"""What the organisation promises, as its calendars and policies stand in the database now."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, cast, func, literal, select, union_all

from helpdesk.accounts.models import Department, Person
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.routing.models import Topic
from helpdesk.sla import calendar_document, policy
from helpdesk.sla.calendar import Calendar, ExceptionalDay, NeverOpen, Version, next_open
from helpdesk.sla.models import CalendarDay, CalendarVersion, PolicyVersion
from helpdesk.sla.promise import Promise
from helpdesk.sla.segments import Clock
from helpdesk.tickets.models import Ticket, TicketTopic

log = logging.getLogger(__name__)

# Every policy and calendar as it was written, in one statement, made once: each question that comes in asks for them.
_WRITTEN = union_all(
    select(
        literal("policy").label("kind"),
        PolicyVersion.code.label("code"),
        PolicyVersion.version.label("place"),
        cast(PolicyVersion.document, Text).label("document"),
        PolicyVersion.recorded_at.label("recorded_at"),
    ),
    select(
        literal("calendar"),
        CalendarVersion.code,
        func.row_number().over(order_by=CalendarVersion.valid_from),
        cast(CalendarVersion.document, Text),
        CalendarVersion.recorded_at,
    ),
    select(
        literal("day"),
        CalendarDay.code,
        CalendarDay.id,
        cast(CalendarDay.day, Text) + literal(" ") + cast(CalendarDay.hours, Text),
        CalendarDay.recorded_at,
    ),
).order_by("kind", "place")
Written = tuple[str, str, int, str, datetime | None]


@dataclass(frozen=True)
class Promised:
    """What the organisation promises: `policies` None when it has none or they clash.

    `calendars`: per code, the documents of its versions and when each was written, oldest first. `days`: likewise.
    """

    policies: policy.PolicyBook | None
    calendars: dict[str, tuple[tuple[str, datetime | None], ...]]
    days: dict[str, tuple[tuple[str, datetime | None], ...]]

    def facts_of(self, ticket: Ticket) -> dict[str, Any]:
        """What policies look at, as `ticket` is now."""
        book = self.policies
        department = db.session.get(Department, ticket.department_id) if ticket.department_id else None
        return self.facts(
            ticket.channel,
            ticket.priority,
            class_=ticket.class_,
            department=department.code if department else None,
            topics=_topics_of(ticket) if book is not None and policy.looks_at(book, "topic") else (),
        )

    def facts(
        self,
        channel: Channel,
        priority: str,
        *,
        class_: str | None = None,
        department: str | None = None,
        topics: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """What policies look at, of what came on `channel`."""
        classes = self.policies.class_of_channel if self.policies else {}
        name = channel.code if channel.code in classes else channel.kind
        return {"priority": priority, "channel": name, "class": class_, "department": department, "topic": topics}

    def policy_for(self, ticket: Ticket) -> policy.Policy | None:
        """The policy that applies to `ticket` as it is now. None: the organisation has none."""
        return policy.choose(self.policies, **self.facts_of(ticket)) if self.policies else None

    def tried_for(self, ticket: Ticket) -> Iterator[policy.Tried]:
        """The policies as they are tried for `ticket`, with why the earlier ones do not apply."""
        return policy.tried(self.policies, **self.facts_of(ticket)) if self.policies else iter(())

    def calendar_with(self, code: str) -> Calendar | None:
        """The calendar with this code and all that was ever written of it. None when there is none."""
        documents = self.calendars.get(code)
        return _calendar(code, documents, self.days.get(code, ())) if documents else None

    def in_hours_of(self, person: Person, instant: datetime) -> datetime:
        """`instant` where it lies in the working hours of `person`, else when these begin next; `instant` itself for
        somebody without a calendar, or whose calendar does not open any more."""
        code = person.calendar or (person.department.calendar if person.department else None)
        calendar = self.calendar_with(code) if code else None
        try:
            return next_open(calendar, instant) if calendar else instant
        except NeverOpen:
            return instant

    def promise(self, chosen: policy.Policy, clock: str, own_calendar: str | None, at: datetime) -> Promise | None:
        """What `chosen` promises for a clock that starts at `at` with whom works by `own_calendar`.

        None when its calendar is not known, and for a clock of real time without a target: there is nothing to say.
        """
        minutes = policy.target(chosen, clock)
        code = policy.calendar_code(chosen, clock, own_calendar)
        if code is None:
            return Promise(clock, chosen.code, chosen.version, minutes) if minutes is not None else None
        calendar = self.calendar_with(code)
        if calendar is None:
            log.error("the policy %s counts in the calendar %s, which does not exist", chosen.code, code)
            return None
        return Promise(clock, chosen.code, chosen.version, minutes, code, calendar.in_force(at).number)

    def promise_for(self, clock: Clock, chosen: policy.Policy) -> Promise | None:
        """What `chosen` promises for a clock of a ticket."""
        return self.promise(chosen, clock.name, own_calendar(clock), clock.stretches[0].start)


def own_calendar(clock: Clock) -> str | None:
    """The calendar of whoever a clock belongs to: the person's, if they have one, else their department's."""
    person = db.session.get(Person, clock.person) if clock.person else None
    if person is not None and person.calendar:
        return person.calendar
    department = db.session.get(Department, clock.department) if clock.department else None
    department = department or (person.department if person else None)
    return department.calendar if department else None


def promised() -> Promised:
    """What is promised at present."""
    rows = db.session.connection().execute(_WRITTEN)
    return _read(tuple((row.kind, row.code, row.place, row.document, row.recorded_at) for row in rows))


def policies() -> policy.PolicyBook | None:
    """The policies in force: the last version of each. None when there are none, or they can't be read together."""
    return promised().policies


def calendar_with(code: str) -> Calendar | None:
    """See `Promised.calendar_with`."""
    return promised().calendar_with(code)


def _topics_of(ticket: Ticket) -> tuple[str, ...]:
    ids = [row.topic_id for row in ticket.topic_rows if isinstance(row, TicketTopic)]
    return tuple(db.session.scalars(select(Topic.code).where(Topic.id.in_(ids)).order_by(Topic.code))) if ids else ()


@lru_cache(maxsize=4)
def _read(written: tuple[Written, ...]) -> Promised:
    """What was written (versions in order), read once for as long as nobody writes another."""
    latest: dict[str, tuple[int, str]] = {}
    kept: dict[str, dict[str, tuple[tuple[str, datetime | None], ...]]] = {"calendar": {}, "day": {}}
    for kind, code, place, document, recorded_at in written:
        if kind == "policy":
            latest[code] = (place, document)
        else:
            kept[kind][code] = (*kept[kind].get(code, ()), (document, recorded_at))
    book = _policy_book(tuple(latest.values())) if latest else None
    return Promised(book, kept["calendar"], kept["day"])


def _policy_book(documents: tuple[tuple[int, str], ...]) -> policy.PolicyBook | None:
    try:
        return policy_book([(version, json.loads(document)) for version, document in documents])
    except BadInput as error:
        log.error("the response-time policies can't be used: %s", error)
        return None


def policy_book(documents: list[tuple[int, dict[str, Any]]]) -> policy.PolicyBook:
    """The policies of these stored documents (version, document) read together. Raises BadInput."""
    classes: dict[str, list[str]] = {}
    entries = []
    for version, document in documents:
        classes |= document.get("channel_classes") or {}
        entries += [
            {**entry, "version": version} for entry in document.get("policies") or () if not entry.get("retired")
        ]
    return policy.from_document({"policies": entries, "channel_classes": classes})


@lru_cache(maxsize=64)
def _calendar(
    code: str, documents: tuple[tuple[str, datetime | None], ...], days: tuple[tuple[str, datetime | None], ...]
) -> Calendar | None:
    versions: list[Version] = []
    try:
        for document, recorded_at in documents:
            book = calendar_document.from_document(json.loads(document))
            versions += [calendar_document.recorded(version, recorded_at) for version in book[code].versions]
        exceptions = tuple(_exceptional(document, recorded_at) for document, recorded_at in days)
    except BadInput as error:
        log.error("the calendar %s can't be used: %s", code, error)
        return None
    return Calendar(code, tuple(versions), exceptions)


def _exceptional(document: str, recorded_at: datetime | None) -> ExceptionalDay:
    day, _space, hours = document.partition(" ")
    problems: list[Problem] = []
    intervals = calendar_document.hours_of(json.loads(hours), "hours", problems)
    if problems:
        raise BadInput(problems)
    return ExceptionalDay(date.fromisoformat(day), intervals, recorded_at)

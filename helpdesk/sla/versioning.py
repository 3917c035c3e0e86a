"""Writing calendars and policies: what changes is a new version, what was stays as it was.

A calendar's new hours begin on a day to come. Other hours on one day are written apart, and may come late: clocks that
are over keep what was known when they ended, and show the difference beside it. Each writing is in the log of the
administration, with the digest of what was written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from helpdesk import clock, outbox
from helpdesk.accounts import auditing
from helpdesk.accounts.models import Actor, Person
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.outbox import Lane
from helpdesk.sla import calendar_document, policy
from helpdesk.sla.calendar import Version
from helpdesk.sla.models import CalendarDay, CalendarVersion, PolicyVersion
from helpdesk.sla.promising import policy_book
from helpdesk.tickets.sealing import text_digest

RETIME = "workers.clocks.retime"
LONGEST_REASON = 200
FARTHEST = timedelta(days=5 * 366)
"""How far from today an exceptional day may be written."""


def versions_of(code: str) -> list[CalendarVersion]:
    """Every version of a calendar, oldest first."""
    query = select(CalendarVersion).where(CalendarVersion.code == code).order_by(CalendarVersion.version)
    return list(db.session.scalars(query))


def days_of(code: str) -> list[CalendarDay]:
    """Every exceptional day of a calendar, in the order of the days; of two for one day the later holds."""
    query = select(CalendarDay).where(CalendarDay.code == code).order_by(CalendarDay.day, CalendarDay.id)
    return list(db.session.scalars(query))


def put_calendar(entry: Mapping[str, Any], *, by: Person | Actor) -> CalendarVersion:
    """Add a calendar, or new hours of one from a day to come on. Raises BadInput with every problem.

    `entry` is one of a document's `calendars`; its version is the next one, whatever it says.
    """
    before = versions_of(str(entry.get("id") or ""))
    number = before[-1].version + 1 if before else 1
    book = calendar_document.from_document({"calendars": [{**entry, "version": number}]})
    [version] = book[str(entry["id"])].versions
    if before:
        today = clock.now().astimezone(version.zone).date()
        if version.valid_from <= max(today, before[-1].valid_from):
            earliest = max(today, before[-1].valid_from) + timedelta(days=1)
            raise BadInput([Problem("valid_from", "not_before", {"day": earliest.isoformat()})])
    return _write(version, by=by, known_before=bool(before))


def load_version(version: Version, *, by: Person | Actor, is_first: bool) -> str:
    """Take a version from a file: "new", or "unchanged". `is_first`: the calendar was not known before this file.

    Raises BadInput when the version is written already with other hours.
    """
    query = select(CalendarVersion).where(
        CalendarVersion.code == version.code, CalendarVersion.version == version.number
    )
    present = db.session.scalar(query)
    if present is None:
        _write(version, by=by, known_before=not is_first)
        return "new"
    if present.document != _document(version):
        raise BadInput([Problem(f"calendars.{version.code}.version", "version_written", {"value": version.number})])
    return "unchanged"


def _write(version: Version, *, by: Person | Actor, known_before: bool) -> CalendarVersion:
    document = _document(version)
    row = CalendarVersion(
        code=version.code,
        version=version.number,
        valid_from=version.valid_from,
        document=document,
        recorded_at=clock.now() if known_before else None,
    )
    db.session.add(row)
    db.session.flush()
    facts = {"code": version.code, "version": version.number, "digest": _digest(document)}
    auditing.note("calendar_written", "calendar", row.id, by=by, **facts)
    if known_before:
        outbox.put(RETIME, Lane.UPKEEP, calendar=version.code, after=0)
    return row


def put_day(code: str, day: date, hours: list[str], *, by: Person | Actor, reason: str = "") -> CalendarDay:
    """Write other hours on one day (none: closed all day); a day that is past corrects what was counted.

    Raises BadInput with every problem.
    """
    problems: list[Problem] = []
    intervals = calendar_document.hours_of(hours, "hours", problems)
    today = clock.now().date()
    if not today - FARTHEST <= day <= today + FARTHEST:
        problems.append(Problem("day", "bad_date", {"value": day.isoformat()}))
    if len(reason) > LONGEST_REASON:
        problems.append(Problem("reason", "too_long", {"count": len(reason), "limit": LONGEST_REASON}))
    if not versions_of(code):
        problems.append(Problem("code", "unknown_calendar", {"value": code}))
    if problems:
        raise BadInput(problems)
    row = CalendarDay(
        code=code,
        day=day,
        hours=[calendar_document.written(each) for each in intervals],
        reason=reason.strip(),
        recorded_at=clock.now(),
        recorded_by_id=by.id,
    )
    db.session.add(row)
    db.session.flush()
    facts = {"code": code, "day": day.isoformat(), "hours": row.hours, "late": day <= today}
    auditing.note("calendar_day_written", "calendar", row.id, by=by, **facts)
    outbox.put(RETIME, Lane.UPKEEP, calendar=code, after=0)
    return row


def latest_policies() -> list[PolicyVersion]:
    """The last version of each policy, in the order in which they are tried."""
    last = select(PolicyVersion.code, func.max(PolicyVersion.version).label("version")).group_by(PolicyVersion.code)
    found = last.subquery()
    query = select(PolicyVersion).join(
        found, (found.c.code == PolicyVersion.code) & (found.c.version == PolicyVersion.version)
    )
    return list(db.session.scalars(query.order_by(PolicyVersion.position, PolicyVersion.code)))


def put_policy(
    entry: Mapping[str, Any],
    *,
    by: Person | Actor,
    channel_classes: Mapping[str, Any] | None = None,
    alone: bool = False,
) -> tuple[PolicyVersion, str]:
    """Add a policy or a new version of one: "new", "changed" or "unchanged". It holds for clocks that start later.

    Without `channel_classes`, those of the other policies. Raises BadInput with every problem: of the policy, of its
    calendars, and (unless it comes `alone`, with others to follow) of all policies together.
    """
    latest = latest_policies()
    code = str(entry.get("id") or "")
    if channel_classes is None:
        channel_classes = {}
        for row in latest:
            channel_classes = {**channel_classes, **(row.document.get("channel_classes") or {})}
    last = next((row for row in latest if row.code == code), None)
    number = last.version + 1 if last else 1
    plain = {name: value for name, value in entry.items() if name != "version"}
    document = {"policies": [plain], "channel_classes": dict(channel_classes)}
    if last is not None and last.document == document:
        return last, "unchanged"
    _check(document, number, [] if alone else [row for row in latest if row.code != code])
    row = PolicyVersion(
        code=code, version=number, position=entry["order"], document=document, recorded_at=clock.now() if last else None
    )
    db.session.add(row)
    db.session.flush()
    auditing.note("policy_written", "policy", row.id, by=by, code=code, version=number, digest=_digest(document))
    return row, "changed" if last else "new"


def _check(document: dict[str, Any], number: int, others: list[PolicyVersion]) -> None:
    """Raise BadInput for what is wrong with a policy, or with it among the others."""
    [entry] = document["policies"]
    problems: list[Problem] = []
    classes = list(document["channel_classes"])
    policy.policy_of({**entry, "version": number}, classes, problems)
    known = set(db.session.scalars(select(CalendarVersion.code).distinct())) | {policy.DEPARTMENT}
    calendars = entry.get("calendar") or {}
    if isinstance(calendars, Mapping):
        problems += [
            Problem(f"policies.{entry.get('id')}.calendar.{name}", "unknown_calendar", {"value": str(code)[:40]})
            for name, code in calendars.items()
            if code not in known and known != {policy.DEPARTMENT}
        ]
    if problems:
        raise BadInput(problems)
    if others:
        policy_book([*((row.version, row.document) for row in others), (number, document)])


def _document(version: Version) -> dict[str, Any]:
    return {"calendars": [calendar_document.to_entry(version)]}


def _digest(document: dict[str, Any]) -> str:
    return text_digest(json.dumps(document, ensure_ascii=False, sort_keys=True))

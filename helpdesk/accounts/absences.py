"""When somebody takes no offers, and who is asked instead."""

from __future__ import annotations

from datetime import datetime

from helpdesk import clock
from helpdesk.accounts import auditing
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Absence, Actor, Person
from helpdesk.db import db
from helpdesk.errors import BadInput, NotAllowed, Problem

LONGEST_CHAIN = 10


def declare_absence(
    person: Person,
    starts_at: datetime,
    ends_at: datetime,
    *,
    by: Person | Actor,
    delegate: Person | None = None,
    reason: str = "",
) -> Absence:
    """Let `person` be away from `starts_at` until `ends_at` (the first instant back).

    Own absence, or any by an administrator. Raises NotAllowed, and BadInput when the times are the wrong way
    round, when it overlaps another absence, or when the delegate cannot stand in.
    """
    _ensure_own(person, by)
    problems = []
    if ends_at <= starts_at:
        problems.append(Problem("ends_at", "ends_before_it_starts"))
    if any(row.starts_at < ends_at and starts_at < row.ends_at for row in person.absences):
        problems.append(Problem("starts_at", "absence_overlaps"))
    if delegate is not None and (delegate.id == person.id or not delegate.active or not delegate.has(Role.EXPERT)):
        problems.append(Problem("delegate", "delegate_cannot"))
    if problems:
        raise BadInput(problems)
    absence = Absence(starts_at=starts_at, ends_at=ends_at, reason=reason[:80])
    absence.delegate = delegate
    person.absences.append(absence)
    db.session.flush()
    auditing.note("absence_declared", "person", person.id, by=by, absence_id=absence.id)
    return absence


def end_absence(absence: Absence, *, by: Person | Actor) -> None:
    """Come back: an absence under way ends now, one to come is removed, one that is over stays as it was."""
    _ensure_own(absence.person, by)
    now = clock.now()
    if absence.ends_at <= now:
        return
    auditing.note("absence_ended", "person", absence.person_id, by=by, absence_id=absence.id)
    if absence.starts_at >= now:
        absence.person.absences.remove(absence)
        db.session.delete(absence)
    else:
        absence.ends_at = now


def stand_in(person: Person, instant: datetime) -> Person | None:
    """Who is asked instead of `person` at `instant`: the delegate, their delegate, and so on.

    `person` when they are there; None when nobody along the chain is, or the chain runs in a circle.
    """
    seen: set[int] = set()
    candidate: Person | None = person
    while candidate is not None and candidate.id not in seen and len(seen) < LONGEST_CHAIN:
        absence = candidate.absence_at(instant)
        if absence is None:
            return candidate if candidate.active else None
        seen.add(candidate.id)
        candidate = absence.delegate or candidate.backup
    return None


def _ensure_own(person: Person, by: Person | Actor) -> None:
    if isinstance(by, Person) and by.id != person.id and not by.has(Role.ADMINISTRATOR):
        raise NotAllowed("may_not_administer")

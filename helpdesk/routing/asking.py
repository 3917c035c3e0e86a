"""Who may be asked now: what the database knows about every expert, as plain values for the ranking. Reads
only."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import bindparam, func, select

from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Absence, Department, Person, PersonRole
from helpdesk.db import db
from helpdesk.routing.candidates import Candidate, presence
from helpdesk.routing.models import Offer, OfferState, Skill

REDIRECTED = "redirected"
"""The reason kept for somebody who passed the ticket on, which is an answer about it too."""


# Made once: every question that is shown or matched asks for these.
_EVERYBODY = (
    select(
        Person.id,
        Person.department_id,
        Person.languages,
        Person.max_open,
        Person.last_offered_at,
        Person.answered,
        Person.first_answered_at,
        Person.last_answered_at,
    )
    .join(PersonRole, PersonRole.person_id == Person.id)
    .join(Department, Department.id == Person.department_id, isouter=True)
    .where(Person.active, PersonRole.role == Role.EXPERT)
    .where(Department.id.is_(None) | (Department.answers & Department.active))
)
_LEVELS = select(Skill.person_id, Skill.topic_id, Skill.level)
_AWAY = (
    select(Absence.person_id, Absence.ends_at, Absence.delegate_id, Person.backup_id)
    .join(Person, Person.id == Absence.person_id)
    .where(Absence.starts_at <= bindparam("now"), Absence.ends_at > bindparam("now"))
    .order_by(Absence.ends_at)
)
_HELD = (
    select(Offer.person_id, func.count())
    .where(Offer.state.in_((OfferState.OFFERED, OfferState.ACCEPTED)))
    .group_by(Offer.person_id)
)
_SAID_NO = (
    select(Offer.person_id, Offer.state, Offer.reason)
    .where(Offer.ticket_id == bindparam("ticket"), Offer.state.in_((OfferState.DECLINED, OfferState.REDIRECTED)))
    .order_by(Offer.id)
)


def candidates(now: datetime, ticket_id: int | None = None) -> dict[int, Candidate]:
    """Every active expert of a department that answers, by id; what they said of this ticket, if one is
    given."""
    rows = db.session.execute(_EVERYBODY).all()
    skills, absences, loads = _skills(), _absences(now), _open_offers()
    declined = _declined(ticket_id)
    latest = max((row.last_answered_at for row in rows if row.last_answered_at), default=None)
    return {
        row.id: Candidate(
            row.id,
            row.department_id,
            frozenset(row.languages or ["fr"]),
            skills[row.id],
            loads.get(row.id, 0),
            row.max_open,
            row.answered,
            *absences.get(row.id, (None, None)),
            row.last_offered_at,
            declined.get(row.id),
            _presence(row.answered, row.first_answered_at, row.last_answered_at, latest),
            row.last_answered_at,
        )
        for row in rows
    }


def _presence(answered: int, first: datetime | None, last: datetime | None, latest: datetime | None) -> float:
    """See `candidates.presence`."""
    return presence(answered, first, last, latest) if first and last and latest else 1.0


def _skills() -> dict[int, dict[int, int]]:
    levels: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for person_id, topic_id, level in db.session.execute(_LEVELS):
        levels[person_id][topic_id] = level
    return levels


def _absences(now: datetime) -> dict[int, tuple[datetime | None, int | None]]:
    """Those away now: the first instant back, and who stands in (their usual backup when nobody was
    named)."""
    rows = db.session.execute(_AWAY, {"now": now})
    return {row.person_id: (row.ends_at, row.delegate_id or row.backup_id) for row in rows}


def _open_offers() -> dict[int, int]:
    """Offers pending or held, per person."""
    return dict(db.session.execute(_HELD).all())


def _declined(ticket_id: int | None) -> dict[int, str]:
    """Those who declined or passed on this ticket, and the coded reason."""
    if ticket_id is None:
        return {}
    rows = db.session.execute(_SAID_NO, {"ticket": ticket_id})
    return {row.person_id: str(row.reason or REDIRECTED) for row in rows}

"""How many people there are for what is open, and which official answers will soon be out of date. Nobody is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Absence, Person, PersonRole
from helpdesk.answers.library import visible
from helpdesk.answers.models import AnswerStatus, AnswerVersion, OfficialAnswer
from helpdesk.db import db
from helpdesk.reports.response_times import Departments
from helpdesk.routing.models import Offer, OfferState

EXPIRES_WITHIN = timedelta(days=30)
EXPIRING_SHOWN = 5


@dataclass(frozen=True)
class Load:
    """Experts, those of them who are there now, and what they were asked and have not answered yet."""

    experts: int
    available: int
    open_offers: int


@dataclass(frozen=True)
class Expiring:
    """An official answer in force and the last day on which it may be posted."""

    answer: OfficialAnswer
    title: str
    review_by: date


def load(departments: Departments, now: datetime) -> Load:
    people = select(Person.id).where(
        Person.active, Person.id.in_(select(PersonRole.person_id).where(PersonRole.role == Role.EXPERT))
    )
    if departments is not None:
        people = people.where(Person.department_id.in_(list(departments)))
    away = exists().where(Absence.person_id == Person.id, Absence.starts_at <= now, Absence.ends_at > now)
    there = func.count().filter(~away)
    experts, available = db.session.execute(people.with_only_columns(func.count(), there)).one()
    asked = Offer.state.in_((OfferState.OFFERED, OfferState.ACCEPTED))
    open_offers = select(func.count()).select_from(Offer).where(asked, Offer.person_id.in_(people))
    return Load(experts, available, db.session.scalar(open_offers) or 0)


def expiring(reader: Person, departments: Departments, today: date) -> Sequence[Expiring]:
    """The first official answers in force to expire within `EXPIRES_WITHIN`, as far as `reader` may see them."""
    later = aliased(AnswerVersion)
    replaced = exists().where(
        later.official_answer_id == AnswerVersion.official_answer_id, later.version > AnswerVersion.version
    )
    query = (
        select(OfficialAnswer, AnswerVersion.title, AnswerVersion.review_by)
        .join(AnswerVersion, AnswerVersion.official_answer_id == OfficialAnswer.id)
        .where(
            AnswerVersion.review_by >= today,
            AnswerVersion.review_by <= today + EXPIRES_WITHIN,
            OfficialAnswer.status == AnswerStatus.IN_FORCE,
            visible(reader),
            ~replaced,
        )
        .order_by(AnswerVersion.review_by, OfficialAnswer.id)
        .limit(EXPIRING_SHOWN)
    )
    if departments is not None:
        query = query.where(OfficialAnswer.department_id.in_(list(departments)))
    rows = db.session.execute(query)
    return [Expiring(answer, title, last_day) for answer, title, last_day in rows if last_day is not None]

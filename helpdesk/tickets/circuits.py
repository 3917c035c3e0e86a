"""Who is named when a ticket leaves the normal path for the press, legal, security or data circuit."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Department, Person
from helpdesk.accounts.organisation import setting
from helpdesk.db import db


def people_of(circuit: str) -> list[Person]:
    """The active people of a circuit, by name.

    Those whose handles an administrator gave (setting `circuits`). Without any, the head and the approvers of the
    department that publishes and never answers, and the editorial committee: somebody has to look.
    """
    handles = setting("circuits").get(circuit) or []
    active = select(Person).where(Person.active).order_by(Person.name, Person.id)
    named = list(db.session.scalars(active.where(Person.handle.in_(handles)))) if handles else []
    return named or [person for person in db.session.scalars(active) if _looks_after_everything(person)]


def _looks_after_everything(person: Person) -> bool:
    if person.has(Role.COMMITTEE):
        return True
    hub: Department | None = person.department
    if hub is None or hub.answers:
        return False
    return hub.head_id == person.id or person.has(Role.APPROVER)

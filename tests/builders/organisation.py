"""An organisation to administer: made with the verbs an administrator uses."""

from __future__ import annotations

from typing import Any

import yaml
from sqlalchemy import select

from config import PROJECT
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import SYSTEM, AuditEntry, Person
from helpdesk.counts import Counts
from helpdesk.db import db, transaction
from helpdesk.loading.sla import load_calendars, load_policies
from helpdesk.routing.models import Topic
from helpdesk.routing.topics import put_topic
from helpdesk.tickets.models import IndexChange
from people import a_department, a_person


def an_administrator(handle: str = "adm-1", **fields: Any) -> Person:
    return a_person(Role.ADMINISTRATOR, handle=handle, **fields)


def a_topic(code: str = "fibre.fault", department: str = "FIX", **values: Any) -> Topic:
    """A topic of a department, which is made when it is not there."""
    home = a_department(department)
    values = {"label_fr": f"{code} (fr)", "label_en": f"{code} (en)", "synonyms": [], **values}
    with transaction():
        put_topic(code, department=home, by=SYSTEM, **values)
    return db.session.scalars(select(Topic).where(Topic.code == code)).one()


def actions(kind: str | None = None) -> list[str]:
    """What the log says was done, in order; of one kind of object."""
    query = select(AuditEntry).order_by(AuditEntry.id)
    return [each.action for each in db.session.scalars(query) if kind is None or each.object_kind == kind]


def to_reindex(kind: str) -> list[int]:
    """The rows of a kind that the index is asked to read again."""
    return list(db.session.scalars(select(IndexChange.entity_id).where(IndexChange.kind == kind)))


def forget_what_happened() -> None:
    """Begin with no index change waiting."""
    db.session.query(IndexChange).delete()
    db.session.commit()


def the_promises() -> None:
    """The calendars and policies of the demo organisation."""
    demo = PROJECT / "data" / "demo"
    with transaction():
        load_calendars(yaml.safe_load((demo / "calendars.yaml").read_text("utf-8")), Counts())
        load_policies(yaml.safe_load((demo / "sla_policies.yaml").read_text("utf-8")), Counts())

"""A fictional organisation to try Relais with: its people, its answers, and some weeks of questions.

Nothing is put into the tables directly: the questions live through the same verbs as real ones, by the same people,
at their own times, moved so that the last of them came in today.
"""

from __future__ import annotations

import logging

from flask import Flask
from sqlalchemy import select, update

from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import person_with
from helpdesk.accounts.entering import set_password
from helpdesk.accounts.models import SYSTEM, Person
from helpdesk.accounts.organisation import change_setting
from helpdesk.db import db, transaction
from helpdesk.demo import documents, player, reliving
from helpdesk.loading import load_documents
from helpdesk.search import following
from helpdesk.search.access import the_index
from helpdesk.tickets.models import Ticket

log = logging.getLogger(__name__)

PASSWORD = "relais-demo-2026"  # noqa: S105  printed at start, and only ever set by --demo
CIRCUITS = {
    "press": ["com-presse", "com-dir"],
    "legal": ["head-jur", "exp-jur-04", "exp-jur-02"],
    "security": ["com-dir", "head-jur"],
    "data": ["exp-jur-01", "head-jur"],
}


class NotADemo(Exception):
    """The data folder holds something else; the demo must not be mixed with real questions."""


def load(app: Flask, *, past: bool = False) -> None:
    """Load the demo into `app`'s database, once: what is there already stays as it is. Raises NotADemo.

    `past`: leave the weeks before to the workers, who play them while Relais is in use already.
    """
    with app.app_context():
        if db.session.scalar(select(Ticket.id).limit(1)) is not None:
            if person_with("cm-1") is None:
                raise NotADemo("This data folder is in use; start the demo with another one (--data DIR).")
            return
        moved = documents.move_to_today(documents.read())
        with transaction():
            counts = load_documents(moved.organisation)
            if counts.refused:
                raise ValueError(f"the demo's documents do not fit: {counts.refused[:3]}")
            change_setting("circuits", CIRCUITS, by=SYSTEM)
            change_setting("name", "Océliane", by=SYSTEM)
            _give_passwords()
        following.follow(the_index())  # it knows the people from here on, so that who is asked reads why
        played = player.play(moved.questions)
        log.info("the demo played %s steps of %s questions", played, len(moved.questions))
        if past:
            with transaction():
                log.info("%s days of its past are left to the workers", reliving.announce())
        db.session.remove()


def accounts() -> list[tuple[str, str, str]]:
    """Who one can sign in as: role, handle, password. Needs no database."""
    return [
        ("community manager", "cm-1", PASSWORD),
        ("expert", "exp-box-03", PASSWORD),
        ("approver", "exp-box-02", PASSWORD),
        ("department head", "head-box", PASSWORD),
        ("editorial committee", "exp-jur-02", PASSWORD),
        ("administrator", "adm-1", PASSWORD),
    ]


def _give_passwords() -> None:
    """The same password for everybody, hashed once: forty-five slow hashes would make the first start slow."""
    first = db.session.scalars(select(Person).order_by(Person.id).limit(1)).one()
    set_password(first, PASSWORD, by=SYSTEM)
    db.session.flush()
    db.session.execute(update(Person).values(password_hash=first.password_hash))
    assert any(person.has(Role.ADMINISTRATOR) for person in db.session.scalars(select(Person)))

"""What became of suggestions, and what it says of the next ones.

A decision is decided when the ticket was answered: it was right if its first suggestion is who wrote the
answer. The last ones calibrate the probability (`confidence.Calibration`). The result is kept in one row,
so that a match costs one small read.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from helpdesk.accounts.models import OrganisationSetting
from helpdesk.answers.models import AnswerVersion
from helpdesk.db import db
from helpdesk.routing.confidence import Calibration
from helpdesk.routing.linear import LinearModel
from helpdesk.routing.models import Decision
from helpdesk.tickets.models import Event
from helpdesk.tickets.workflow import Kind

KEPT_AS = "routing_experience"
LATEST = 300
"""Decided tickets that calibrate: the latest."""
EVERY = 20
"""Calibration is worked out again each time so many more were decided."""


@dataclass(frozen=True)
class Experience:
    decided: int = 0
    calibration: Calibration | None = None
    model: LinearModel | None = None
    """What decided questions taught, once there were some."""


def experience() -> Experience:
    """How many tickets were decided so far, and the calibration in use."""
    row = _row()
    if row is None:
        return Experience()
    curve = row.value.get("curve")
    calibration = Calibration(tuple(curve["raw"]), tuple(curve["right"])) if curve else None
    return Experience(row.value["decided"], calibration)


def note(event: Event) -> None:
    """Take in what an event says of the suggestion made for its ticket. Safe to repeat.

    Who answered decides: whoever wrote the version that was published; or, before that, a decline for
    scope or a redirection by the person who had been suggested first, which says that the suggestion was
    wrong.
    """
    decision = _decision_before(event)
    if decision is None or decision.right is not None:
        return
    if event.kind is Kind.PUBLISHED:
        version = db.session.get(AnswerVersion, event.facts["version_id"])
        if version is None:
            return
        decision.right = decision.first_person_id == version.author_id
    elif event.facts.get("person_id") == decision.first_person_id and _says_wrong_person(event):
        decision.right = False
    else:
        return
    _count_one_more()


def _says_wrong_person(event: Event) -> bool:
    return event.kind is Kind.REDIRECTED or event.facts.get("reason") == "out_of_scope"


def _decision_before(event: Event) -> Decision | None:
    """The suggestions that were on the table when somebody was first asked; None when nobody was."""
    asked = select(Decision).where(Decision.ticket_id == event.ticket_id, Decision.chosen_at.is_not(None))
    return db.session.scalar(asked.order_by(Decision.id).limit(1))


def _count_one_more() -> None:
    row = _row(lock=True)
    if row is None:
        row = OrganisationSetting(name=KEPT_AS, value={"decided": 0, "curve": None})
        db.session.add(row)
    decided = row.value["decided"] + 1
    curve = row.value["curve"]
    if decided % EVERY == 0:
        db.session.flush()
        curve = _curve()
    row.value = {"decided": decided, "curve": curve}


def _row(*, lock: bool = False) -> OrganisationSetting | None:
    query = select(OrganisationSetting).where(OrganisationSetting.name == KEPT_AS)
    return db.session.scalar(query.with_for_update() if lock else query)


def _curve() -> dict[str, list[float]] | None:
    rows = db.session.execute(
        select(Decision.suggestions, Decision.right)
        .where(Decision.right.is_not(None))
        .order_by(Decision.id.desc())
        .limit(LATEST)
    )
    calibration = Calibration.learn((kept["raw"], bool(right)) for kept, right in rows)
    return {"raw": list(calibration.raw), "right": list(calibration.right)} if calibration else None

"""What became of suggestions, and what it says of the next ones.

A decision is decided when the ticket was answered: it was right if its first suggestion is who wrote the
answer. The last ones calibrate the probability and say from where the matcher may ask by itself (`lessons`). The
result is kept in one row, so that a match costs one small read.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select

from helpdesk.accounts.models import OrganisationSetting
from helpdesk.accounts.organisation import setting
from helpdesk.answers.models import AnswerVersion
from helpdesk.db import db
from helpdesk.routing.budget import EVERY, MOST, WINDOW, is_spent
from helpdesk.routing.confidence import Calibration, Decided
from helpdesk.routing.lessons import lessons
from helpdesk.routing.linear import LinearModel
from helpdesk.routing.models import Decision
from helpdesk.tickets.models import Event
from helpdesk.tickets.workflow import Kind

KEPT_AS = "routing_experience"
NOTHING = {"decided": 0, "calibration": None, "automatic_from": None, "alone": ""}
RIGHT, WRONG = "1", "0"


@dataclass(frozen=True)
class Experience:
    decided: int = 0
    calibration: Calibration | None = None
    automatic_from: float | None = None
    """The probability from which asking by itself keeps the budget; None: from none."""
    budget_spent: bool = False
    """Too many of the latest that were sure enough turned out wrong."""
    model: LinearModel | None = None
    """What decided questions taught, once there were some."""


def experience() -> Experience:
    """How many tickets were decided so far, and what follows for the next ones."""
    row = _row()
    if row is None:
        return Experience()
    kept = NOTHING | row.value
    calibration = Calibration(**kept["calibration"]) if kept["calibration"] else None
    spent = is_spent((outcome == RIGHT for outcome in kept["alone"]), _budget())
    return Experience(kept["decided"], calibration, kept["automatic_from"], spent)


def work_out_again() -> None:
    """Take the lessons anew: the budget changed."""
    row = _row(lock=True)
    if row is not None:
        row.value = {**row.value, **_lessons()}


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
    _count_one_more(decision)


def _says_wrong_person(event: Event) -> bool:
    return event.kind is Kind.REDIRECTED or event.facts.get("reason") == "out_of_scope"


def _decision_before(event: Event) -> Decision | None:
    """The suggestions that were on the table when somebody was first asked; None when nobody was."""
    asked = select(Decision).where(Decision.ticket_id == event.ticket_id, Decision.chosen_at.is_not(None))
    return db.session.scalar(asked.order_by(Decision.id).limit(1))


def _count_one_more(decision: Decision) -> None:
    row = _row(lock=True)
    if row is None:
        row = OrganisationSetting(name=KEPT_AS, value=NOTHING)
        db.session.add(row)
    kept = {**NOTHING, **row.value, "decided": row.value["decided"] + 1}
    if decision.suggestions.get("sure_alone"):
        kept["alone"] = (kept["alone"] + (RIGHT if decision.right else WRONG))[1 - WINDOW :]
    if kept["decided"] % EVERY == 0:
        db.session.flush()
        kept |= _lessons()
    row.value = kept


_KEPT = select(OrganisationSetting).where(OrganisationSetting.name == KEPT_AS)


def _row(*, lock: bool = False) -> OrganisationSetting | None:
    return db.session.scalar(_KEPT.with_for_update() if lock else _KEPT)


def _budget() -> float:
    return float(setting("wrong_route_budget"))


def _lessons() -> dict[str, dict[str, float] | float | None]:
    rows = db.session.execute(
        select(Decision.suggestions, Decision.right)
        .where(Decision.right.is_not(None))
        .order_by(Decision.id.desc())
        .limit(MOST)
    ).all()
    found = lessons(
        [Decided(kept["raw"], kept.get("fit", 0.0), bool(right)) for kept, right in reversed(rows)], _budget()
    )
    calibration = asdict(found.calibration) if found.calibration else None
    return {"calibration": calibration, "automatic_from": found.automatic_from}

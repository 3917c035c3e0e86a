"""What an administrator decides of the matcher: how far it goes by itself, at which risk, and how it weighs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select

from helpdesk.accounts.directory import put_department
from helpdesk.accounts.models import Department, Person
from helpdesk.accounts.organisation import change_setting, setting
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.routing import learning
from helpdesk.routing.confidence import Mode
from helpdesk.routing.evidence import WEIGHTS
from helpdesk.routing.weights import MOST, is_weight

CHOICES = (Mode.PROPOSE, Mode.PREFILL, Mode.AUTOMATIC)
"""How far the matcher may go, at most. It always may go less far: abstain, for one."""


def chosen_mode() -> Mode:
    """How far the organisation lets the matcher go."""
    if setting("automatic_routing"):
        return Mode.AUTOMATIC
    return Mode.PREFILL if setting("prefill_routing") else Mode.PROPOSE


def steer(mode: Mode, budget: float, departments: Collection[str], *, by: Person) -> None:
    """Let the matcher go as far as `mode`, within the wrong share `budget`; automatically for `departments` (codes).

    Every change is noted in the audit log. Raises BadInput.
    """
    if mode not in CHOICES:
        raise BadInput([Problem("mode", "invalid")])
    change_setting("automatic_routing", mode is Mode.AUTOMATIC, by=by)
    change_setting("prefill_routing", mode is not Mode.PROPOSE, by=by)
    set_budget(budget, by=by)
    for department in answering_departments():
        if department.automatic_routing != (department.code in departments):
            put_department(department.code, by=by, automatic_routing=not department.automatic_routing)


def set_budget(budget: float, *, by: Person) -> None:
    """Let this share of automatic choices be wrong."""
    if budget != setting("wrong_route_budget"):
        change_setting("wrong_route_budget", budget, by=by)
        learning.work_out_again()


def answering_departments() -> list[Department]:
    """The departments that may take automatic offers."""
    query = select(Department).where(Department.active, Department.answers).order_by(Department.name)
    return list(db.session.scalars(query))


def set_weights(weights: Mapping[str, float], *, by: Person) -> None:
    """Let these parts of the evidence count so much; the others stay. Raises BadInput."""
    problems = [Problem(name, "unknown_weight") for name in weights if name not in set(map(str, WEIGHTS))]
    problems += [
        Problem(name, "not_a_weight", {"most": int(MOST)}) for name, value in weights.items() if not is_weight(value)
    ]
    if problems:
        raise BadInput(problems)
    chosen = {**setting("matcher_weights"), **weights}
    own = {str(part): weight for part, weight in WEIGHTS.items()}
    change_setting("matcher_weights", {n: v for n, v in chosen.items() if v != own.get(n)}, by=by)

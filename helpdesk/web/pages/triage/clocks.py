"""The page of a ticket's clocks: which policy it gets and why, and every clock stretch by stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from helpdesk.accounts.models import Department, Person
from helpdesk.db import db
from helpdesk.escalation.models import Notice, Passing
from helpdesk.sla.explaining import explain
from helpdesk.sla.measuring import Counted
from helpdesk.sla.promising import promised
from helpdesk.sla.segments import STAGES, Remark
from helpdesk.tickets import seeing
from helpdesk.tickets.models import Ticket
from helpdesk.web import clock_wording as words
from helpdesk.web.signing_in import me


@dataclass(frozen=True)
class Shown:
    """One clock in words."""

    counted: Counted
    name: str
    owner: str | None
    spent: str
    target: str | None
    outcome: str
    tone: str
    share: float | None
    passings: Sequence[Passing] = ()

    @property
    def cycle(self) -> int:
        return self.counted.clock.cycle

    @property
    def is_late(self) -> bool:
        return self.counted.late and self.counted.outcome != "late"


def clocks(ref: str) -> ResponseReturnValue:
    """For whoever may see the ticket."""
    ticket = seeing.ticket_for(me(), ref)
    found = explain(ticket)
    passings = _passings(ticket)
    shown = [_shown(each, passings.get((each.clock.name, each.clock.place), ())) for each in found.clocks]
    inside = [each for each in shown if each.counted.clock.name in STAGES]
    return render_template(
        "triage/clocks.html",
        ticket=ticket,
        groups=[
            (_("Our own steps"), inside),
            (_("What the asker and the department feel"), [each for each in shown if each not in inside]),
        ],
        tried=list(promised().tried_for(ticket)),
        found=found,
        delay=words.duration(found.ingestion_delay.total_seconds() / 60) if found.ingestion_delay else None,
        public_working=_minutes(found.public_working_minutes),
        remarks=[_remark(each) for each in found.remarks],
        words=words,
    )


def _shown(counted: Counted, passings: Sequence[Passing]) -> Shown:
    target = counted.target_minutes
    return Shown(
        counted=counted,
        name=str(words.CLOCKS[counted.clock.name]),
        owner=_owner(counted),
        spent=words.duration(counted.spent_minutes),
        target=_minutes(target),
        outcome=str(words.OUTCOMES.get(counted.outcome, counted.outcome)),
        tone="alarm" if counted.late else words.TONES.get(counted.outcome, "plain"),
        share=min(counted.spent_minutes / target, 1.0) if target else None,
        passings=passings,
    )


def _passings(ticket: Ticket) -> dict[tuple[str, int], list[Passing]]:
    """What was noticed of each clock, by its name and place."""
    rows = (
        select(Passing)
        .where(Passing.ticket_id == ticket.id)
        .options(selectinload(Passing.notices).joinedload(Notice.person))
        .order_by(Passing.passed_at, Passing.id)
    )
    found: dict[tuple[str, int], list[Passing]] = {}
    for row in db.session.scalars(rows):
        found.setdefault((row.clock, row.place), []).append(row)
    return found


def _owner(counted: Counted) -> str:
    clock = counted.clock
    person = db.session.get(Person, clock.person) if clock.person else None
    department = db.session.get(Department, clock.department) if clock.department else None
    if person is not None:
        return person.name
    if clock.name in ("department", "validate") and department is not None:
        return department.name
    return str(_("Communication")) if clock.name != "legal" else str(_("Legal"))


def _minutes(value: Any) -> str | None:
    return words.duration(value) if value is not None else None


def _remark(remark: Remark) -> str:
    what = str(words.WHY.get(remark.kind, remark.kind))
    return str(words.REMARKS[remark.code]) % {"what": what, "duration": words.duration(remark.by.total_seconds() / 60)}

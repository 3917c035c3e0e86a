"""Texts on their way from an expert's draft to the place where the question was asked, made with the real verbs."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import Any

from builders.offers import a_draft, an_accepted_offer, an_expert
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Department, Person
from helpdesk.answers import approving, recording, writing
from helpdesk.answers.models import Draft, OfficialAnswer
from helpdesk.db import transaction
from helpdesk.tickets.models import Ticket
from people import a_department, a_person

_numbers = itertools.count(1)


def an_approver(**fields: Any) -> Person:
    fields.setdefault("department", a_department())
    return a_person(Role.APPROVER, **fields)


def a_head(department: Department | None = None, *more: Role, **fields: Any) -> Person:
    """The head of a department."""
    department = department or a_department()
    head = a_person(Role.HEAD, *more, department=department, **fields)
    with transaction():
        department.head = head
    return head


def a_submitted_draft(
    body: str = "La fibre arrive en **juin**.", *, expert: Person | None = None, channel: Any = None, **fields: Any
) -> Draft:
    """A text that waits for an approver; its ticket is `draft.ticket`."""
    offer = an_accepted_offer(expert or an_expert(), channel=channel)
    draft = a_draft(offer, body, **fields)
    with transaction():
        return writing.submit(draft.ticket, draft.revision, by=draft.author)


def an_approved_ticket(
    body: str = "La fibre arrive en **juin**.", *, by: Person | None = None, **fields: Any
) -> Ticket:
    """A ticket whose text was approved and waits to be posted."""
    draft = a_submitted_draft(body, **fields)
    with transaction():
        approving.approve(draft.ticket, draft.revision, by=by or an_approver())
    return draft.ticket


def an_official_answer(body: str = "La fibre arrive en juin.", **fields: Any) -> OfficialAnswer:
    """One that was approved before Relais: recorded with its names and dates."""
    fields.setdefault("code", f"oa-{next(_numbers):03}")
    fields.setdefault("title", "Arrivée de la fibre")
    fields.setdefault("language", "fr")
    fields.setdefault("department", a_department())
    fields.setdefault("author", a_person(Role.EXPERT, department=fields["department"]))
    fields.setdefault("approvers", [a_person(Role.APPROVER, department=fields["department"])])
    fields.setdefault("approved_at", clock.now() - timedelta(days=30))
    fields.setdefault("review_by", (clock.now() + timedelta(days=90)).date())
    with transaction():
        answer, _what = recording.record_official_answer(body=body, **fields)
        return answer


def at(monkeypatch: Any, instant: datetime) -> None:
    """Let it be `instant` for everyone, until the test moves the clock again."""
    monkeypatch.setattr(clock, "now", lambda: instant)


def in_days(days: int) -> date:
    return (clock.now() + timedelta(days=days)).date()

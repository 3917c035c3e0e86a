"""The week of a department on one sheet: the same words for Monday's letter and for the page that its link opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from helpdesk import clock
from helpdesk.notifications.keeping import Words
from helpdesk.notifications.links import SIGNED_LINK
from helpdesk.notifications.models import LetterKind
from helpdesk.reports.department import sees_all, standing
from helpdesk.reports.response_times import ResponseTimes, response_times
from helpdesk.reports.weekly import Due
from helpdesk.tickets import queues
from helpdesk.web import response_wording
from helpdesk.web.clock_wording import CLOCKS
from helpdesk.web.department_sheets import SHOWN
from helpdesk.web.labels import STATES, label
from helpdesk.web.letters import Action, deadline, filled
from helpdesk.web.looks import local_date, number, percent

STAGE = "answer"
"""The stage whose times the headline tells, as on the department's page."""
LISTED = 6
"""Late questions that are named."""


@dataclass(frozen=True)
class Line:
    """How one stage was kept: "41 of 48 in time", its share (none is told of fewer than ten), and how it was before."""

    stage: str
    counted: str
    share: str | None
    before: str | None


def facts(due: Due) -> dict[str, Any]:
    """Everything the sheet says, by name. In the language in force."""
    departments = _ids(due)
    found = response_times(departments, due.week, clock.now())
    late = queues.page(due.person, None, departments=departments, late=True, limit=LISTED).items
    return {
        "department": due.department.name if due.department else _("All departments"),
        "first": local_date(due.week.start),
        "last": local_date(due.week.last),
        "verdict": response_wording.verdict(found, STAGE),
        "lines": [_line(found, stage) for stage in SHOWN if found.stages[stage].kept.count],
        "standing": standing(due.person, departments),
        "most_counted": queues.MOST_COUNTED,
        "late": late,
        "step": lambda ticket: label(STATES, ticket.state),
        "number": number,
        "deadline": deadline,
    }


def letter_words(due: Due, language: str) -> Words:
    """Monday's letter in `language`. Needs the application's context, and no request."""
    with force_locale(language):
        content = {"person": due.person, **facts(due)}
        subject = _("Your week: %(headline)s", headline=content["verdict"].headline)
        note = _("The link opens these figures without a password for two weeks. It stands for you: do not pass it on.")
        action = Action(f"{SIGNED_LINK}?week={due.week.start.isoformat()}", _("See the week on one page"), note)
        return filled(LetterKind.WEEK, str(subject), action, content, language)


def _ids(due: Due) -> list[int] | None:
    if due.department is None:
        return None if sees_all(due.person) else []
    return [due.department.id]


def _line(found: ResponseTimes, stage: str) -> Line:
    kept, before = found.stages[stage].kept, found.before[stage].kept
    return Line(
        label(CLOCKS, stage),
        str(_("%(kept)s of %(count)s in time", kept=number(kept.hits), count=number(kept.count))),
        percent(round(kept.value, 2)) if kept.value is not None else None,
        percent(round(before.value, 2)) if before.value is not None else None,
    )

"""The administrator's place: its blueprint, who may enter, its sections, and how its forms are saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms.fields.choices import SelectChoice

from helpdesk.accounts.access import Can
from helpdesk.accounts.directory import department_with, person_called
from helpdesk.accounts.models import Department, Person
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Problem, RelaisError
from helpdesk.reports.audit import latest_about
from helpdesk.sla.models import CalendarVersion
from helpdesk.web.bodies import refuse_broken_text
from helpdesk.web.forms.admin import AdministrationForm
from helpdesk.web.signing_in import demand

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
blueprint.before_request(demand(Can.ADMINISTER))
blueprint.before_request(refuse_broken_text)

SECTIONS = (
    (_l("Overview"), "home"),
    (_l("People"), "people"),
    (_l("Departments"), "departments"),
    (_l("Topics"), "topics"),
    (_l("Channels"), "channels"),
    (_l("Deadlines"), "policies"),
    (_l("Routing"), "quality_of_routing"),
    (_l("Settings"), "settings"),
    (_l("Letters"), "letters"),
    (_l("Jobs"), "jobs"),
    (_l("Log"), "log"),
)
# The section that a page of one thing belongs to.
PARENTS = {
    "person": "people",
    "department": "departments",
    "topic": "topics",
    "synonyms": "topics",
    "synonym_group": "topics",
    "channel": "channels",
    "calendars": "policies",
    "calendar": "policies",
    "calendar_day": "policies",
    "policy": "policies",
    "apply_policies": "policies",
    "letter": "letters",
    "replays": "quality_of_routing",
    "replay": "quality_of_routing",
}
LARGEST_ID = 2**31 - 1  # what every database keeps in a row's id

Row = TypeVar("Row")


class Outdated(RelaisError):
    """Somebody else changed what the form showed."""


def page(template: str, status: int = 200, **context: Any) -> ResponseReturnValue:
    """A page of the administration, with its sections."""
    here = (request.endpoint or "").partition(".")[2].removeprefix("new_")
    section = PARENTS.get(here, here)
    sections = [
        {"label": label, "url": url_for(f"admin.{name}"), "current": name == section} for label, name in SECTIONS
    ]
    return render_template(f"admin/{template}", sections=sections, **context), status


def number_asked(name: str) -> int | None:
    """A row's id in the query string; None when it is missing or cannot be one."""
    written = request.args.get(name, "")
    return int(written) if written.isascii() and written.isdigit() and int(written) <= LARGEST_ID else None


def words_asked(name: str, most: int = 200) -> str:
    """Words in the query string, without characters that no text has."""
    return "".join(letter for letter in request.args.get(name, "") if letter.isprintable()).strip()[:most]


def save(
    form: AdministrationForm,
    write: Callable[[], Row],
    now: Callable[[], Mapping[str, Any]] | None = None,
    names: Mapping[str, str] | None = None,
) -> Row | None:
    """Do `write` whole, and return what it gives; None when it was refused: the form then says why.

    `now` reads what the form would show at present: when somebody changed that meanwhile nothing is written, and the
    form shows what changed with what was typed kept. `names`: see `AdministrationForm.refuse`.
    """
    try:
        with transaction():
            if now is not None and form.is_outdated(now()):
                raise Outdated()
            return write()
    except BadInput as refusal:
        form.refuse(refusal, names)
    except Outdated:
        if now is not None:
            form.take_over(now())
    return None


def clash(form: AdministrationForm, kind: str, object_id: int | None) -> dict[str, Any] | None:
    """What the page says when somebody else changed the same thing: who, when, and each value."""
    if not form.changes:
        return None
    return {
        "line": latest_about(kind, object_id) if object_id is not None else None,
        "changes": [
            {
                "label": form.label_of(change.name),
                "now": form.in_words(change.name, change.now),
                "typed": form.in_words(change.name, form.values()[change.name]),
                "touched": change.touched,
            }
            for change in form.changes
        ],
    }


@contextmanager
def every_problem() -> Iterator[list[Problem]]:
    """Raise BadInput at the end with the problems noted meanwhile and those of a verb, so that all are seen at once."""
    problems: list[Problem] = []
    try:
        yield problems
    except BadInput as refusal:
        problems += refusal.problems
    if problems:
        raise BadInput(problems)


def person_named(field: str, words: str, problems: list[Problem]) -> Person | None:
    """The person a field names; None when it names nobody, or nobody that can be found: noted as a problem of it."""
    if not words:
        return None
    try:
        return person_called(words)
    except BadInput as refusal:
        problems += [Problem(field, each.code, each.params) for each in refusal.problems]
        return None


def department_chosen(code: str) -> Department | None:
    """The department a form chose; None when it chose none."""
    return (department_with(code) or abort(404)) if code else None


def department_choices(present: str | None = None, *, empty: Any = None) -> list[SelectChoice]:
    """Departments in use, and the present one whatever it is; before them, with `empty`, the choice of none."""
    query = select(Department).where(Department.active | (Department.code == (present or ""))).order_by(Department.name)
    first = [] if empty is None else [SelectChoice("", empty)]
    return first + [SelectChoice(row.code, row.name) for row in db.session.scalars(query)]


def calendar_choices(present: str | None, empty: Any) -> list[SelectChoice]:
    """The calendars there are, and the present one whatever it is; before them, the choice of none."""
    codes = set(db.session.scalars(select(CalendarVersion.code).distinct())) | ({present} if present else set())
    return [SelectChoice("", empty), *(SelectChoice(code) for code in sorted(codes))]

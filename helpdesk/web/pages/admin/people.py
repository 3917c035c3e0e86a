"""People: the list, and who somebody is."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import department_with, person_with, put_person
from helpdesk.accounts.models import Person
from helpdesk.errors import NotFound, Problem
from helpdesk.reports.people import LACKING, Wanted, colleagues, listed
from helpdesk.web.forms.admin_people import NewPersonForm, PersonForm, shown_person
from helpdesk.web.pages.admin.place import (
    blueprint,
    calendar_choices,
    clash,
    department_choices,
    department_chosen,
    every_problem,
    number_asked,
    page,
    person_named,
    save,
    words_asked,
)
from helpdesk.web.signing_in import back_to, me

NO_DEPARTMENT = _l("None")
AS_DEPARTMENT = _l("As the department")
FIELDS = {"department_id": "department", "backup_id": "backup"}  # problem → field of the form


def found_person(handle: str) -> Person:
    """Raises NotFound."""
    person = person_with(handle)
    if person is None:
        raise NotFound()
    return person


@blueprint.get("/people")
def people() -> ResponseReturnValue:
    """`?q=` words, `?role=`, `?department=`, `?lacking=` email, department, roles or skills, `?left=1` who left."""
    role, lacking = request.args.get("role", ""), request.args.get("lacking", "")
    wanted = Wanted(
        words=words_asked("q"),
        role=Role(role) if role in list(Role) else None,
        department=department_with(words_asked("department")),
        lacking=lacking if lacking in LACKING else None,
        left=request.args.get("left") == "1",
    )
    walk = listed(wanted, after=number_asked("after"), before=number_asked("before"))
    kept = {
        "q": wanted.words or None,
        "role": wanted.role.value if wanted.role else None,
        "department": wanted.department.code if wanted.department else None,
        "lacking": wanted.lacking,
        "left": "1" if wanted.left else None,
    }
    return page(
        "people.html",
        walk=walk,
        wanted=wanted,
        roles=list(Role),
        departments=department_choices(kept["department"]),
        address=lambda **changes: url_for("admin.people", **{**kept, **changes}),
    )


@blueprint.route("/new/person", methods=["GET", "POST"])
def new_person() -> ResponseReturnValue:
    """Add somebody."""
    given = {"languages": ["fr"], "max_open": 6, "active": True, "roles": [Role.EXPERT.value]}
    form = NewPersonForm(data={**given, "department": words_asked("department")})
    _fill_choices(form, None)
    if form.validate_on_submit():
        person = save(form, lambda: _add(form), names=FIELDS)
        if person is not None:
            flash(
                _("%(name)s is added. Next: what they know, and a link to choose a password.", name=person.name),
                "success",
            )
            return back_to(url_for("admin.person_skills", handle=person.handle))
    return page("person.html", form.status, form=form, whom=None, offered=colleagues(None, Role.EXPERT))


def _add(form: NewPersonForm) -> Person:
    handle = form.handle.data.strip()
    with every_problem() as problems:
        if person_with(handle) is not None:
            problems.append(Problem("handle", "handle_taken"))
        return _put(handle, form)[0]
    raise AssertionError("every problem is raised")


def _put(handle: str, form: PersonForm) -> tuple[Person, str]:
    with every_problem() as problems:
        return put_person(handle, by=me(), **_values(form, problems))
    raise AssertionError("every problem is raised")


@blueprint.route("/people/<handle>", methods=["GET", "POST"])
def person(handle: str) -> ResponseReturnValue:
    """Who somebody is: everything but what they know, their absences and their keys."""
    whom = found_person(handle)
    form = PersonForm(data=shown_person(whom))
    _fill_choices(form, whom)
    if not form.is_submitted():
        form.remember(shown_person(whom))
    elif form.validate():
        done = save(
            form,
            lambda: _put(handle, form),
            now=lambda: shown_person(found_person(handle)),
            names=FIELDS,
        )
        if done is not None:
            flash(_("Nothing had changed.") if done[1] == "unchanged" else _("Saved."), "success")
            return back_to(url_for("admin.person", handle=handle))
    return page(
        "person.html",
        form.status,
        form=form,
        whom=whom,
        clash=clash(form, "person", whom.id),
        offered=colleagues(whom.department_id, Role.EXPERT),
    )


def _fill_choices(form: PersonForm, whom: Person | None) -> None:
    present = whom.department.code if whom is not None and whom.department else None
    form.department.choices = department_choices(present, empty=NO_DEPARTMENT)
    form.calendar.choices = calendar_choices(whom.calendar if whom else None, AS_DEPARTMENT)


def _values(form: PersonForm, problems: list[Problem]) -> dict[str, Any]:
    """What the form says, as `put_person` takes it."""
    department = department_chosen(form.department.data)
    backup = person_named("backup", form.backup.data, problems)
    return {
        "name": form.name.data,
        "title": form.title.data,
        "email": form.email.data,
        "department_id": department.id if department else None,
        "roles": [Role(role) for role in form.roles.values()],
        "languages": form.languages.values(),
        "profile": form.profile.data,
        "max_open": form.max_open.data,
        "backup_id": backup.id if backup else None,
        "calendar": form.calendar.data or None,
        "active": form.active.data,
    }

"""Departments: who heads them, whether they answer, and whether Relais may route to them by itself."""

from __future__ import annotations

from typing import Any

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import department_with, put_department
from helpdesk.accounts.models import Department
from helpdesk.db import db
from helpdesk.errors import NotFound, Problem
from helpdesk.reports.people import colleagues
from helpdesk.web.forms.admin_organisation import DepartmentForm, NewDepartmentForm, shown_department
from helpdesk.web.pages.admin.place import blueprint, calendar_choices, clash, every_problem, page, person_named, save
from helpdesk.web.signing_in import back_to, me

NO_CALENDAR = _l("Around the clock")


@blueprint.get("/departments")
def departments() -> ResponseReturnValue:
    """All of them."""
    query = select(Department).options(joinedload(Department.head))
    rows = db.session.scalars(query.order_by(Department.active.desc(), Department.name)).all()
    return page("departments.html", departments=rows, head_role=Role.HEAD)


@blueprint.route("/new/department", methods=["GET", "POST"])
def new_department() -> ResponseReturnValue:
    """Add one."""
    form = NewDepartmentForm(data={"answers": True, "active": True})
    form.calendar.choices = calendar_choices(None, NO_CALENDAR)
    if form.validate_on_submit():
        department = save(form, lambda: _add(form), names={"head_id": "head"})
        if department is not None:
            flash(_("%(name)s is added.", name=department.name), "success")
            return back_to(url_for("admin.departments"))
    return page("department.html", form.status, form=form, department=None, offered=colleagues(None, Role.HEAD))


def _add(form: NewDepartmentForm) -> Department:
    with every_problem() as problems:
        if department_with(form.code.data) is not None:
            problems.append(Problem("code", "code_taken"))
        return _put(form.code.data, form)[0]
    raise AssertionError("every problem is raised")


def _put(code: str, form: DepartmentForm) -> tuple[Department, str]:
    with every_problem() as problems:
        return put_department(code, by=me(), **_values(form, problems))
    raise AssertionError("every problem is raised")


@blueprint.route("/departments/<code>", methods=["GET", "POST"])
def department(code: str) -> ResponseReturnValue:
    """One of them."""
    row = _found(code)
    form = DepartmentForm(data=shown_department(row))
    form.calendar.choices = calendar_choices(row.calendar, NO_CALENDAR)
    if not form.is_submitted():
        form.remember(shown_department(row))
    elif form.validate():
        done = save(
            form,
            lambda: _put(code, form),
            now=lambda: shown_department(_found(code)),
            names={"head_id": "head"},
        )
        if done is not None:
            flash(_("Nothing had changed.") if done[1] == "unchanged" else _("Saved."), "success")
            return back_to(url_for("admin.departments"))
    return page(
        "department.html",
        form.status,
        form=form,
        department=row,
        clash=clash(form, "department", row.id),
        offered=colleagues(row.id, Role.HEAD),
    )


def _found(code: str) -> Department:
    row = department_with(code)
    if row is None:
        raise NotFound()
    return row


def _values(form: DepartmentForm, problems: list[Problem]) -> dict[str, Any]:
    """What the form says, as `put_department` takes it."""
    head = person_named("head", form.head.data, problems)
    return {
        "name": form.name.data,
        "head_id": head.id if head else None,
        "calendar": form.calendar.data or None,
        "answers": form.answers.data,
        "automatic_routing": form.automatic_routing.data,
        "active": form.active.data,
    }

"""What somebody knows: a level for each topic."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import Department, Person
from helpdesk.db import db
from helpdesk.reports.people import levels_of
from helpdesk.routing.models import Topic
from helpdesk.routing.topics import set_skills
from helpdesk.web.forms.admin_people import SkillsForm, name_of, skills_form
from helpdesk.web.language import language_now
from helpdesk.web.pages.admin.people import found_person
from helpdesk.web.pages.admin.place import blueprint, clash, page, save
from helpdesk.web.signing_in import back_to, me


@blueprint.route("/people/<handle>/topics", methods=["GET", "POST"])
def person_skills(handle: str) -> ResponseReturnValue:
    """Every topic in use, those of their own department first; and what they know of others."""
    whom = found_person(handle)
    topics = _topics(whom)
    form = skills_form(topics, language_now())(data=_shown(topics, whom))
    if not form.is_submitted():
        form.remember(_shown(topics, whom))
    elif form.validate():
        done = save(
            form,
            lambda: set_skills(found_person(handle), form.levels(), by=me()),
            now=lambda: _shown(topics, found_person(handle)),
        )
        if done is not None:
            flash(_("Saved.") if done else _("Nothing had changed."), "success")
            return back_to(url_for("admin.person_skills", handle=handle))
    return page(
        "skills.html",
        form.status,
        form=form,
        whom=whom,
        groups=_groups(form, topics, whom),
        clash=clash(form, "person", whom.id),
    )


def _topics(whom: Person) -> list[Topic]:
    """Topics in use, those they know, and those just chosen for them even if they went out of use meanwhile."""
    sent = [int(name[6:]) for name in request.form if name.startswith("topic_") and name[6:].isdigit()][:5_000]
    query = (
        select(Topic)
        .join(Department)
        .where(or_(Topic.active, Topic.code.in_(levels_of(whom)), Topic.id.in_(sent)))
        .options(joinedload(Topic.department))
        .order_by(Department.name, Topic.code)
    )
    return list(db.session.scalars(query))


def _shown(topics: list[Topic], whom: Person) -> dict[str, Any]:
    levels = levels_of(whom)
    return {name_of(topic): levels.get(topic.code, 0) for topic in topics}


def _groups(form: SkillsForm, topics: list[Topic], whom: Person) -> list[dict[str, Any]]:
    """The fields by department: their own first and open, then those where they know something."""
    groups: dict[int, dict[str, Any]] = {}
    for topic in topics:
        group = groups.setdefault(
            topic.department_id, {"department": topic.department, "fields": [], "known": 0, "wrong": False}
        )
        field = form[name_of(topic)]
        group["fields"].append((topic, field))
        group["known"] += bool(field.data)
        group["wrong"] |= bool(field.errors)
    for group in groups.values():
        own = group["department"].id == whom.department_id
        group["own"], group["open"] = own, own or group["known"] or group["wrong"]
    return sorted(groups.values(), key=lambda group: (not group["own"], not group["known"]))

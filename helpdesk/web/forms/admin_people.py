"""Forms about people: who they are, what they know, when they are away, and their keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, EmailField, RadioField, ValidationError
from wtforms.validators import InputRequired

from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import LANGUAGES as LANGUAGE_CODES
from helpdesk.accounts.models import Person, TokenScope
from helpdesk.routing.models import Topic
from helpdesk.web.forms.admin import AdministrationForm
from helpdesk.web.forms.fields import (
    IntegerField,
    LineField,
    ParagraphField,
    SelectField,
    SelectMultipleCheckboxField,
    choices_of,
)
from helpdesk.web.labels import LANGUAGES

needed = InputRequired(_l("Please fill in this field."))
ROLES = {
    Role.COMMUNITY_MANAGER: _l("Community manager: takes questions in, asks experts, publishes"),
    Role.EXPERT: _l("Expert: is asked, and writes answers"),
    Role.APPROVER: _l("Approver: makes the answers of others official"),
    Role.HEAD: _l("Department head: follows a department and approves in it"),
    Role.COMMITTEE: _l("Editorial committee: sees everything that is not restricted"),
    Role.AMBASSADOR: _l("Ambassador: passes official answers on"),
    Role.ADMINISTRATOR: _l("Administrator: people, topics, channels and settings; reads no question"),
}
LEVELS = {0: _l("Not their topic"), 1: _l("Can help out"), 2: _l("Knows it"), 3: _l("Answers for it")}
YEARS = range(2000, 2101)


class PersonForm(AdministrationForm):
    name = LineField(_l("Name"), validators=[needed])
    title = LineField(_l("Job title"))
    email = EmailField(_l("E-mail address"), filters=[lambda value: (value or "").strip().lower()])
    department = SelectField(_l("Department"))
    roles = SelectMultipleCheckboxField(_l("Roles"), choices=choices_of({role.value: ROLES[role] for role in Role}))
    languages = SelectMultipleCheckboxField(
        _l("Answers in"), choices=choices_of({code: LANGUAGES[code] for code in LANGUAGE_CODES})
    )
    profile = ParagraphField(_l("What they do"))
    max_open = IntegerField(_l("Questions at once"))
    backup = LineField(_l("Stands in by default"))
    calendar = SelectField(_l("Working hours"))
    active = BooleanField(_l("Works here"))

    def validate_max_open(self, field: IntegerField) -> None:
        if field.data is None and not field.errors:
            raise ValidationError(needed.message)


class NewPersonForm(PersonForm):
    handle = LineField(_l("Short name"), validators=[needed])


def shown_person(person: Person) -> dict[str, Any]:
    """What the form of a person shows, by field."""
    return {
        "name": person.name,
        "title": person.title,
        "email": person.email or "",
        "department": person.department.code if person.department else "",
        "roles": [role.value for role in Role if role in person.roles],
        "languages": [code for code in LANGUAGE_CODES if code in person.languages],
        "profile": person.profile.replace("\r\n", "\n").strip(),
        "max_open": person.max_open,
        "backup": person.backup.handle if person.backup else "",
        "calendar": person.calendar or "",
        "active": person.active,
    }


class SkillsForm(AdministrationForm):
    """One choice per topic; made for the topics at hand by `skills_form`."""

    topics: tuple[Topic, ...] = ()

    def levels(self) -> dict[str, int]:
        """Topic code to level, for the topics that are known at all."""
        return {topic.code: level for topic in self.topics if (level := self[name_of(topic)].data)}


def name_of(topic: Topic) -> str:
    return f"topic_{topic.id}"


def skills_form(topics: Iterable[Topic], locale: str) -> type[SkillsForm]:
    """The form with a level for each of these topics."""
    listed = tuple(topics)
    fields: dict[str, Any] = {
        name_of(topic): RadioField(topic.label(locale), choices=choices_of(LEVELS), coerce=int, default=0)
        for topic in listed
    }
    return type("SkillsForm", (SkillsForm,), {**fields, "topics": listed})


class AbsenceForm(AdministrationForm):
    first_day = DateField(_l("First day away"), validators=[needed])
    last_day = DateField(_l("Last day away"), validators=[needed])
    delegate = LineField(_l("Who stands in"))
    reason = LineField(_l("Reason"))

    def validate_first_day(self, field: DateField) -> None:
        _ensure_plausible(field.data)

    def validate_last_day(self, field: DateField) -> None:
        _ensure_plausible(field.data)


def _ensure_plausible(day: date | None) -> None:
    if day is not None and day.year not in YEARS:
        raise ValidationError(_l("Check the year."))


class TokenForm(FlaskForm):
    scope = RadioField(
        _l("What it may be used for"),
        choices=choices_of(
            {
                TokenScope.INTAKE.value: _l("Opening questions only"),
                TokenScope.FULL.value: _l("Everything this person may do"),
            }
        ),
        default=TokenScope.INTAKE.value,
    )

"""The form of the what-if: a question in the address, which changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional, ValidationError
from wtforms.widgets import TextInput

from helpdesk.reports.what_if import FEWEST_WEEKS, MOST_EXPERTS, MOST_WEEKS, Changes
from helpdesk.web.forms.fields import IntegerField
from helpdesk.web.wording import sentences_by_field

LONGEST_TARGET = 100_000
"""Minutes: more than any promise."""


class Between(NumberRange):
    """Looks at numbers only: what is none has been said so already."""

    def __call__(self, form: Form, field: Field) -> None:
        if field.data is not None:
            super().__call__(form, field)


class Number(IntegerField):
    """Shown as it was typed, also when it is no number, which a browser's field for numbers would hide."""

    widget = TextInput()


class WhatIfForm(FlaskForm):
    class Meta:
        csrf = False

    weeks = Number(
        _l("Weeks"),
        validators=[
            Optional(),
            Between(FEWEST_WEEKS, MOST_WEEKS, _l("Look at 2 to 52 weeks: the last ones that are over.")),
        ],
    )
    experts = Number(
        _l("Experts, more or fewer"),
        validators=[
            Optional(),
            Between(-MOST_EXPERTS, MOST_EXPERTS, _l("Try from five experts fewer (−5) to five more (+5).")),
        ],
    )
    calendar = SelectField(_l("Everybody’s hours"), validate_choice=False)
    target = Number(
        _l("Target, in minutes"),
        validators=[
            Optional(),
            Between(1, LONGEST_TARGET, _l("Give the target in minutes of working time, from 1 to 100 000.")),
        ],
    )

    def offer(self, calendars: Mapping[str, str]) -> None:
        """Say what can be chosen; what was typed and does not exist stays to be seen."""
        names = {"": _("As they were"), **calendars}
        self.known = frozenset(calendars)
        typed = (self.calendar.data or "")[:60]
        self.calendar.choices = [
            SelectChoice(code, name) for code, name in ({typed: typed} | names if typed else names).items()
        ]

    def validate_calendar(self, field: SelectField) -> None:
        if field.data and field.data not in self.known:
            raise ValidationError(
                _("Choose one of the calendars of the list: %(value)s is none.", value=field.data[:60])
            )

    @property
    def changes(self) -> Changes:
        return Changes(self.experts.data or 0, self.calendar.data or None, self.target.data)

    def refuse(self, problems: Any) -> None:
        """Show beside each field what a reading of the past refused."""
        for name, sentences in sentences_by_field(problems).items():
            self[name].errors = [*self[name].errors, *sentences]

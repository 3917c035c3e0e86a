"""Approving or returning a text."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Optional

APPROVE, RETURN = "approve", "return"


class DecisionForm(FlaskForm):
    """`revision` and `version` are what the page showed; `decision` is the button that was pressed."""

    decision = StringField(validators=[InputRequired(), AnyOf((APPROVE, RETURN))])
    revision = IntegerField(validators=[InputRequired()])
    version = IntegerField(validators=[Optional()])
    after = HiddenField("")
    comment = TextAreaField(_l("What should change?"))

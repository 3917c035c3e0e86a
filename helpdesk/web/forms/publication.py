"""“I have posted it”: where, and if wanted what the post says."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import Optional


class PostedForm(FlaskForm):
    """`variant` is the one the page gave to copy, `version` what the page showed."""

    url = StringField(_l("Address of the post"))
    posted_text = TextAreaField(_l("The text as it was posted"))
    variant = StringField(validators=[Optional()])
    version = IntegerField(validators=[Optional()])

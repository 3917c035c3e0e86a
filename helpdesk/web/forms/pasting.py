"""Pasting a public post. What makes it acceptable is decided by `helpdesk.intake`, not here."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, HiddenField, StringField, TextAreaField, URLField
from wtforms.validators import Optional

from helpdesk.web.forms.fields import SelectField

MINUTES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]  # as browsers write local times


class PasteForm(FlaskForm):
    url = URLField(_l("Link to the post"))
    text = TextAreaField(_l("Text of the post"))
    author = StringField(_l("Who wrote it"))
    posted_at = DateTimeLocalField(_l("Posted on"), format=MINUTES, validators=[Optional()])
    channel = SelectField(_l("Channel"), validators=[Optional()], validate_choice=False)
    nonce = HiddenField("")  # the same for a double click, so that it opens one ticket

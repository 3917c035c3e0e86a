"""The public form. What makes a text acceptable is decided by `helpdesk.intake.cleaning`, not here."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, StringField, TextAreaField
from wtforms.validators import AnyOf


class QuestionForm(FlaskForm):
    text = TextAreaField(_l("Your question"))
    email = EmailField(_l("Your e-mail address"))
    nonce = HiddenField("")  # the same for a double click, so that it opens one ticket
    website = StringField(_l("Leave this field empty"))  # bait: people do not see it, robots fill it in


class ReplyForm(FlaskForm):
    text = TextAreaField(_l("Your reply"))
    nonce = HiddenField("")


class JudgementForm(FlaskForm):
    helped = StringField(validators=[AnyOf(("yes", "no"))])  # which of two buttons was pressed
    comment = TextAreaField(_l("In a few words"))

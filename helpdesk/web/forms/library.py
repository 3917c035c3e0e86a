"""Looking for an official answer, and taking one out of use."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SearchField, TextAreaField
from wtforms.validators import InputRequired, Length

from helpdesk.answers.withdrawing import LONGEST_REASON
from helpdesk.web.forms.fields import SelectField
from helpdesk.web.forms.triage import listed
from helpdesk.web.labels import LANGUAGES

STATUSES = (
    ("", _l("Any status")),
    ("in_force", _l("In force")),
    ("expired", _l("Expired")),
    ("withdrawn", _l("Withdrawn")),
    ("superseded", _l("Replaced")),
)


class FilterForm(FlaskForm):
    class Meta:
        csrf = False  # a GET form: it only looks

    q = SearchField(_l("Words"))
    # An address typed by hand may name anything: what is not in a list filters nothing.
    status = SelectField(_l("Status"), choices=listed(STATUSES), default="", validate_choice=False)
    topic = SelectField(_l("Topic"), default="", validate_choice=False)
    language = SelectField(
        _l("Language"),
        choices=listed([("", _l("Any language")), *LANGUAGES.items()]),
        default="",
        validate_choice=False,
    )


class WithdrawForm(FlaskForm):
    reason = TextAreaField(
        _l("Why is it withdrawn?"),
        validators=[InputRequired(_l("Please fill in this field.")), Length(max=LONGEST_REASON)],
    )

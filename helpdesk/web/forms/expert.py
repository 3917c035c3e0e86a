"""What an expert fills in: an answer, a refusal, a proposal, an absence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from helpdesk.answers.models import Draft
from helpdesk.web.forms.fields import SelectField

TEXTS = ("title", "body", "short", "sources")


class Day(DateField):
    """A day, or nothing; a mistyped one is refused in the reader's language."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = " ".join(valuelist).strip()
        self.raw_data, self.data = valuelist, None
        if not text:
            return
        try:
            self.data = date.fromisoformat(text)
        except ValueError as error:
            raise ValueError(_l("Give a day such as 2026-03-29.")) from error


class AnswerForm(FlaskForm):
    """`revision` is the saved version the text is based on, `page` names this open page, `seen` is when what it was
    opened with was kept."""

    title = StringField(_l("Title"), description=_l("What the answer is about, in a few words. Used in the library."))
    body = TextAreaField(_l("Answer"))
    short = TextAreaField(_l("Short variant"))
    sources = TextAreaField(_l("Sources"))
    own_knowledge = BooleanField(_l("I know this myself, there is no other source"))
    review_by = Day(_l("Review date"))
    language = SelectField(
        _l("Language of the answer"), choices=[SelectChoice("fr", _l("French")), SelectChoice("en", _l("English"))]
    )
    revision = HiddenField("", default="0")
    page = HiddenField("")
    seen = HiddenField("")
    from_version = HiddenField("")

    def fill(self, draft: Draft) -> None:
        """Show a saved revision."""
        for name in (*TEXTS, "language", "own_knowledge", "review_by"):
            self[name].data = getattr(draft, name)

    def put_back(self, fields: dict[str, Any]) -> None:
        """Show what was being typed, as the autosave kept it."""
        for name in (*TEXTS, "language"):
            if fields.get(name) is not None:
                self[name].data = fields[name]
        self.own_knowledge.data = bool(fields.get("own_knowledge"))
        self.from_version.data = fields.get("from_version", "")
        try:
            self.review_by.data = date.fromisoformat(fields.get("review_by") or "")
        except ValueError:
            self.review_by.data = None

    def typed(self) -> dict[str, str]:
        """What the autosave keeps of this form."""
        kept = {name: str(self[name].data or "") for name in (*TEXTS, "language", "from_version")}
        kept["own_knowledge"] = "y" if self.own_knowledge.data else ""
        kept["review_by"] = self.review_by.data.isoformat() if self.review_by.data else ""
        return kept


class _Proposal(FlaskForm):
    """Two of these stand on one page, so the ids of their fields begin with what they are for."""

    purpose = ""
    note = TextAreaField(_l("A word for the community manager"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            field.id = field.label.field_id = f"{self.purpose}-{field.name}"

    def offer_choices(self, groups: dict[str, list[tuple[str, str]]], first: Any) -> None:
        """The people who can be named, in groups; `first` says what choosing nobody means."""
        choices = [SelectChoice("", first)]
        for group, people in groups.items():
            choices += [SelectChoice(value, label, optgroup=group) for value, label in people]
        self["instead"].choices = choices


class DeclineForm(_Proposal):
    """The reason is the button that was pressed."""

    purpose = "decline"
    instead = SelectField(_l("Who could answer instead?"), validate_choice=False)


class RedirectForm(_Proposal):
    """`instead` is a person's short name, or `department:` and a department's code."""

    purpose = "redirect"
    instead = SelectField(_l("Who should answer?"), validate_choice=False)


class AbsenceForm(FlaskForm):
    first_day = Day(_l("First day away"), validators=[DataRequired(_l("Please fill in this field."))])
    last_day = Day(_l("Last day away"), validators=[DataRequired(_l("Please fill in this field."))])
    delegate = SelectField(_l("Who stands in?"), validate_choice=False)

    def offer_choices(self, people: Iterable[tuple[str, str]], first: Any) -> None:
        self.delegate.choices = [SelectChoice("", first), *(SelectChoice(*person) for person in people)]

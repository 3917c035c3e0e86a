"""The forms of the inbox and of the ticket page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from helpdesk.tickets.classes import CIRCUITS as CIRCUIT_CODES
from helpdesk.tickets.classes import CLASSES as CLASS_CODES
from helpdesk.tickets.classes import PRIORITIES as PRIORITY_CODES
from helpdesk.tickets.classes import SENSITIVITIES as SENSITIVITY_CODES
from helpdesk.web.forms.fields import SelectField
from helpdesk.web.labels import CIRCUITS, CLASSES, LANGUAGES, OUTCOMES, PRIORITIES, SENSITIVITIES

needed = InputRequired(_l("Please fill in this field."))
to_choose = InputRequired(_l("Please choose."))
TOPICS = ("topic", "topic_2", "topic_3")


def number_or_none(value: Any) -> int | None:
    return int(value) if value else None


def listed(pairs: Iterable[tuple[Any, Any]], group: str | None = None) -> list[SelectChoice]:
    """The options of a list, from (value, label)."""
    return [SelectChoice(str(value), label, optgroup=group) for value, label in pairs]


def grouped(groups: Mapping[str, Iterable[tuple[Any, Any]]]) -> list[SelectChoice]:
    """The options of a list under headings."""
    return [option for group, pairs in groups.items() for option in listed(pairs, group)]


class TicketForm(FlaskForm):
    """A form of the ticket page. Several share the page, so the ids of its fields begin with its purpose."""

    purpose = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            field.id = f"{self.purpose}-{field.name}"

    def refuse(self, problems: dict[str, list[str]]) -> list[str]:
        """Put sentences beside their fields; returns those that belong to no field shown."""
        elsewhere: list[str] = []
        for name, sentences in problems.items():
            name = {"class": "class_"}.get(name, name)
            if name in self._fields and not isinstance(self[name], HiddenField):
                self[name].errors = [*self[name].errors, *sentences]
            else:
                elsewhere += sentences
        return elsewhere


class TriageForm(TicketForm):
    purpose = "triage"
    class_ = SelectField(_l("What it is"), validators=[to_choose])
    priority = SelectField(_l("Priority"), validators=[to_choose])
    topic = SelectField(_l("Topic"), coerce=number_or_none)
    topic_2 = SelectField(_l("Second topic"), coerce=number_or_none)
    topic_3 = SelectField(_l("Third topic"), coerce=number_or_none)
    sensitivity = SelectField(_l("Sensitive because of"))
    language = SelectField(_l("Language"))

    def offer_choices(self, topics: dict[str, list[tuple[int, str]]]) -> None:
        """Fill the lists; `topics`: department to (id, label)."""
        self.class_.choices = listed([("", _l("Choose…")), *((code, CLASSES[code]) for code in CLASS_CODES)])
        self.priority.choices = listed((code, PRIORITIES[code]) for code in PRIORITY_CODES)
        sensitive = ((code, SENSITIVITIES[code]) for code in SENSITIVITY_CODES)
        self.sensitivity.choices = listed([("", _l("Nothing special")), *sensitive])
        self.language.choices = listed([("", _l("Unknown language")), *LANGUAGES.items()])
        options = [*listed([("", "—")]), *grouped(topics)]
        for name in TOPICS:
            self[name].choices = options

    @property
    def topic_ids(self) -> list[int]:
        """The topics chosen, in order, each once."""
        return list(dict.fromkeys(self[name].data for name in TOPICS if self[name].data))


class OfferForm(TicketForm):
    purpose = "offer"
    # Asking checks who it is; the page can't list everybody.
    person = SelectField(_l("Somebody else"), validators=[to_choose], validate_choice=False)


class WithdrawForm(TicketForm):
    purpose = "withdraw"
    offer = HiddenField("", validators=[needed])
    reason = TextAreaField(_l("Why (the expert reads it)"))


class ClarificationForm(TicketForm):
    purpose = "clarification"
    wording = TextAreaField(_l("Your question to the asker"), validators=[needed])


class ReplyForm(TicketForm):
    purpose = "reply"
    text = TextAreaField(_l("What the asker wrote back"), validators=[needed])


class CloseForm(TicketForm):
    purpose = "close"
    outcome = RadioField(_l("How it ends"), validators=[to_choose])
    reason = TextAreaField(_l("Why"), validators=[needed])

    def offer_choices(self, codes: list[str]) -> None:
        self.outcome.choices = listed((code, OUTCOMES[code]) for code in codes)


class MergeForm(TicketForm):
    purpose = "merge"
    into = StringField(_l("Reference of the question that stays"), validators=[needed])
    reason = TextAreaField(_l("Why one answer serves both"))


class EscalateForm(TicketForm):
    purpose = "escalate"
    circuit = RadioField(
        _l("Who takes over"),
        choices=listed((code, CIRCUITS[code]) for code in CIRCUIT_CODES),
        validators=[to_choose],
    )
    reason = TextAreaField(_l("Why"), validators=[needed])


class ReopenForm(TicketForm):
    purpose = "reopen"
    reason = TextAreaField(_l("Why"), validators=[needed])


class ReleaseForm(TicketForm):
    purpose = "release"
    reason = TextAreaField(_l("Why"), validators=[needed])


class OriginalForm(TicketForm):
    purpose = "original"
    question = HiddenField("", validators=[needed])
    reason = StringField(_l("Why you need it"), validators=[needed])


class ReuseForm(TicketForm):
    purpose = "reuse"
    answer = HiddenField("", validators=[needed])


class FilterForm(FlaskForm):
    """What of a working list is shown; lives in the address, so that it can be kept and shared."""

    class Meta:
        csrf = False

    department = SelectField(_l("Department"), validate_choice=False)
    topic = SelectField(_l("Topic"), validate_choice=False)
    priority = SelectField(_l("Priority"), validate_choice=False)
    channel = SelectField(_l("Channel"), validate_choice=False)

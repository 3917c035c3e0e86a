"""Forms about how far the matcher goes by itself, and about trying another configuration."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DecimalField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from helpdesk.accounts.models import Department
from helpdesk.accounts.organisation import setting
from helpdesk.embedding import asking as embedding
from helpdesk.routing.budget import Outlook
from helpdesk.routing.confidence import Mode
from helpdesk.routing.evidence import WEIGHTS, Part
from helpdesk.routing.steering import chosen_mode
from helpdesk.routing.weights import weights_of
from helpdesk.web.forms.admin import AdministrationForm
from helpdesk.web.forms.fields import SPACES, PercentField, SelectMultipleCheckboxField, choices_of
from helpdesk.web.looks import percent
from helpdesk.web.quality_wording import budget_words

BUDGETS = (0.02, 0.03, 0.05, 0.1)
LAST_CHOICES = choices_of({each: str(each) for each in (200, 500, 1000, 2000, 5000)})
needed = InputRequired(_l("Please choose one of these."))
MODES = {
    Mode.PROPOSE: _l("Propose only: a person chooses among three"),
    Mode.PREFILL: _l("Pre-fill: where Relais is sure the first is chosen beforehand, and a person confirms"),
    Mode.AUTOMATIC: _l("Automatic: where the risk allows it Relais asks by itself, and anybody can take it back"),
}
PARTS = {
    "declared": _l("What is said about a person"),
    "topics": _l("The topics they declared"),
    "precedents": _l("Similar questions they answered"),
    "history": _l("All they ever answered"),
    "codes": _l("Exact codes and product names"),
    "learned": _l("What decided questions taught"),
    "meaning": _l("Questions that mean nearly the same"),
}


def parts_in_use() -> dict[str, Any]:
    """Without what needs an embedding model, where there is none."""
    return {name: label for name, label in PARTS.items() if name != Part.MEANING or embedding.is_on()}


class SteeringForm(AdministrationForm):
    mode = RadioField(_l("How far Relais goes"), choices=choices_of(MODES), validators=[needed])
    budget = RadioField(_l("Wrong choices you can live with, when it asks by itself"), validators=[needed])
    departments = SelectMultipleCheckboxField(_l("Departments that take part when it asks by itself"))

    def offer(self, outlooks: Sequence[Outlook], departments: Sequence[Department]) -> None:
        """Say what can be chosen, and what each budget would have meant."""
        self.budget.choices = [
            SelectChoice(budget_code(each.budget), f"{percent(each.budget)} · {budget_words(each)}")
            for each in outlooks
        ]
        self.departments.choices = [SelectChoice(row.code, row.name) for row in departments]


def shown_steering(departments: Sequence[Department]) -> dict[str, Any]:
    """What the form shows, by field."""
    return {
        "mode": str(chosen_mode()),
        "budget": budget_code(setting("wrong_route_budget")),
        "departments": [row.code for row in departments if row.automatic_routing],
    }


def budget_code(budget: float) -> str:
    return f"{budget:g}"


def budgets_offered(present: float) -> list[float]:
    """The usual ones, and the present one whatever it is."""
    return sorted({*BUDGETS, present})


class NumberField(DecimalField):
    """A number, typed with a comma or a point."""

    data: float | None

    def process_formdata(self, valuelist: list[str]) -> None:
        written = (valuelist[0] if valuelist else "").translate(SPACES).replace(",", ".")
        try:
            self.data = float(written)
        except ValueError as error:
            self.data = None
            raise ValueError(_("Write a number, such as 1.5.")) from error
        if not isfinite(self.data):
            self.data = None
            raise ValueError(_("Write a number, such as 1.5."))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{float(self.data):g}"


class ReplayForm(FlaskForm):
    """Another configuration. One field for each part of the evidence."""

    declared = NumberField(PARTS["declared"])
    topics = NumberField(PARTS["topics"])
    precedents = NumberField(PARTS["precedents"])
    history = NumberField(PARTS["history"])
    codes = NumberField(PARTS["codes"])
    learned = NumberField(PARTS["learned"])
    meaning = NumberField(PARTS["meaning"])
    budget = PercentField(_l("Wrong choices allowed, in percent"))
    last = SelectField(_l("How many decided questions"), coerce=int, choices=LAST_CHOICES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in PARTS.keys() - parts_in_use().keys():
            del self[name]


def shown_configuration() -> dict[str, Any]:
    """The configuration in force, by field."""
    weights = weights_of(setting("matcher_weights"))
    return {str(part): weights[part] for part in WEIGHTS} | {"budget": setting("wrong_route_budget")}

"""Fields that several forms share, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape
from wtforms import DecimalField, SelectMultipleField, StringField, TextAreaField
from wtforms import IntegerField as AnyIntegerField
from wtforms import SelectField as AnySelectField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

SPACES = dict.fromkeys(map(ord, " \u00a0\u202f"))  # as people write thousands


def choices_of(names: Mapping[Any, Any]) -> list[SelectChoice]:
    """The choices of a field from codes and what they are called."""
    return [SelectChoice(code, name) for code, name in names.items()]


class PlainSelect:
    """Writes a list whose options (`SelectChoice`) have no attributes of their own: a page shows hundreds of them, and
    the widget of WTForms takes ten times as long for each."""

    def __call__(self, field: SelectField, **attributes: Any) -> Markup:
        attributes = {"id": field.id, "name": field.name, "required": bool(field.flags.required)} | attributes
        choices = field.choices or ()
        words = [str(word) for option in choices for word in (option.value, option.label)]
        # Escaped in one go. No word holds a NUL: no request that brings one is answered, and no database keeps one.
        escaped = iter(str(escape("\0".join(words))).split("\0"))
        told = sorted((name, value) for name, value in attributes.items() if value is not False and value is not None)
        of_itself = " ".join(name if value is True else f'{name}="{escape(value)}"' for name, value in told)
        written = [f"<select {of_itself}>"]
        for group, options in groupby(choices, key=attrgetter("optgroup")):
            written += [f'<optgroup label="{escape(group)}">'] if group is not None else []
            for option in options:
                chosen = " selected" if field.coerce(option.value) == field.data else ""
                written.append(f'<option{chosen} value="{next(escaped)}">{next(escaped)}</option>')
            written += ["</optgroup>"] if group is not None else []
        return Markup("".join([*written, "</select>"]))  # noqa: S704 -- every part is escaped above


class SelectField(AnySelectField):
    """One of a list."""

    widget = PlainSelect()


class IntegerField(AnyIntegerField):
    """A whole number, written with or without spaces between thousands; nothing is None."""

    def process_formdata(self, valuelist: list[str]) -> None:
        written = valuelist[0].translate(SPACES) if valuelist else ""
        if not written:
            self.data = None
            return
        try:
            self.data = int(written)
        except ValueError as error:
            self.data = None
            raise ValueError(_("Write a whole number in figures.")) from error


class PercentField(DecimalField):
    """A share, typed and shown in percent with a comma or a point, kept as a number from 0 to 1."""

    data: float | None

    def process_formdata(self, valuelist: list[str]) -> None:
        written = (valuelist[0] if valuelist else "").translate(SPACES).rstrip("%").replace(",", ".")
        try:
            self.data = round(float(written) / 100, 6)
        except ValueError as error:
            self.data = None
            raise ValueError(_("Write a number, such as 3.")) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{float(self.data) * 100:g}"


class LineField(StringField):
    """One line of text without the spaces around it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0].strip() if valuelist else ""


class ParagraphField(TextAreaField):
    """Several lines; every line ends alike, whatever the browser sends."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0].replace("\r\n", "\n").strip() if valuelist else ""

    @property
    def lines(self) -> list[str]:
        """Its lines that are not empty."""
        return [line.strip() for line in (self.data or "").split("\n") if line.strip()]


class SelectMultipleCheckboxField(SelectMultipleField):
    """Several of a short list, each with a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def values(self) -> list[Any]:
        """What is ticked, in the order of the list."""
        return [value for value, *_label in self.choices if value in (self.data or [])]

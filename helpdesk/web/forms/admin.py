"""What the forms of the administration share: what was seen, what is refused, and what somebody else changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import format_percent
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField

from helpdesk.errors import BadInput
from helpdesk.web import seen
from helpdesk.web.forms.fields import SelectMultipleCheckboxField
from helpdesk.web.wording import sentences_by_field


class AdministrationForm(FlaskForm):
    """A form that shows rows of the database and gives them back changed.

    `values()` are plain values by field name, as `shown` gives them; `changes` is what somebody else changed.
    """

    seen = HiddenField("")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changes: list[seen.Changed] = []
        self.form_errors: list[str] = []

    def editable(self) -> list[Field]:
        return [field for field in self if field.name not in ("seen", "csrf_token")]

    def values(self) -> dict[str, Any]:
        """What the form says now, by field; ticked boxes in the order of the list."""
        return {
            field.name: field.values() if isinstance(field, SelectMultipleCheckboxField) else field.data
            for field in self.editable()
        }

    def remember(self, now: Mapping[str, Any]) -> None:
        """Keep marks of the values shown, for the next time the form comes in."""
        self.seen.data = seen.marks({field.name: now[field.name] for field in self.editable() if field.name in now})

    def is_outdated(self, now: Mapping[str, Any]) -> bool:
        """Whether somebody changed meanwhile what the form shows. Fills `changes`."""
        theirs = {field.name: now[field.name] for field in self.editable() if field.name in now}
        self.changes = seen.changed(self.seen.data or "", self.values(), theirs)
        return bool(self.changes)

    def take_over(self, now: Mapping[str, Any]) -> None:
        """Show what somebody else changed where the reader had not touched it; keep what the reader typed."""
        for change in self.changes:
            if not change.touched:
                self[change.name].data, self[change.name].raw_data = change.now, None
        self.remember(now)

    def refuse(self, refusal: BadInput, names: Mapping[str, str] | None = None) -> None:
        """Put each sentence beside its field; `names` maps a problem's field to the form's where they differ."""
        for name, sentences in sentences_by_field(refusal.problems).items():
            name = (names or {}).get(name, name)
            if name in self:
                self[name].errors = [*self[name].errors, *sentences]
            else:
                self.form_errors += sentences

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form."""
        return 409 if self.changes else 422 if self.errors else 200

    def label_of(self, name: str) -> str:
        return str(self[name].label.text)

    def in_words(self, name: str, value: Any) -> str:
        """A value of a field as a sentence shows it."""
        if value in (None, "", []):
            return str(_("nothing"))
        if isinstance(value, bool):
            return str(_("yes") if value else _("no"))
        if isinstance(value, float):
            return str(format_percent(value, "#,##0.##%"))
        names = {str(code): str(label) for code, label, *_rest in getattr(self[name], "choices", None) or ()}
        if isinstance(value, list):
            return ", ".join(names.get(str(each), str(each)) for each in value)
        return names.get(str(value), str(value))

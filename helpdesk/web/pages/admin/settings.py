"""The choices of the organisation."""

from __future__ import annotations

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk.accounts.models import Department
from helpdesk.accounts.organisation import CHECKS, change_setting
from helpdesk.db import db
from helpdesk.errors import BadInput
from helpdesk.tickets.classes import CIRCUITS as CIRCUIT_CODES
from helpdesk.web.forms.admin_organisation import PLAIN_SETTINGS, SettingsForm, shown_settings
from helpdesk.web.pages.admin.place import blueprint, clash, page, person_named, save
from helpdesk.web.signing_in import back_to, me


@blueprint.route("/settings", methods=["GET", "POST"])
def settings() -> ResponseReturnValue:
    """All of them on one page."""
    form = SettingsForm(data=shown_settings())
    if not form.is_submitted():
        form.remember(shown_settings())
    elif form.validate() and save(form, lambda: _change(form), now=shown_settings) is not None:
        flash(_("Saved."), "success")
        return back_to(url_for("admin.settings"))
    taking_part = select(Department).where(Department.automatic_routing, Department.active).order_by(Department.name)
    return page(
        "settings.html",
        form.status,
        form=form,
        taking_part=db.session.scalars(taking_part).all(),
        circuits=[form[f"circuit_{code}"] for code in CIRCUIT_CODES],
        clash=clash(form, "setting", None),
    )


def _change(form: SettingsForm) -> bool:
    """Change every choice that differs. Raises BadInput with all that cannot be taken."""
    problems = [found for name in PLAIN_SETTINGS if (found := CHECKS[name](form[name].data)) is not None]
    circuits: dict[str, list[str]] = {}
    for code in CIRCUIT_CODES:
        field = form[f"circuit_{code}"]
        people = [person_named(field.name, words, problems) for words in field.lines]
        if people:
            circuits[code] = [person.handle for person in people if person is not None]
    if problems:
        raise BadInput(problems)
    for name in PLAIN_SETTINGS:
        change_setting(name, form[name].data, by=me())
    change_setting("circuits", circuits, by=me())
    return True

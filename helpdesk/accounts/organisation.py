"""The organisation's own choices, with what holds until an administrator says otherwise."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk.accounts import auditing
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Actor, OrganisationSetting, Person
from helpdesk.db import db

DEFAULTS: dict[str, Any] = {
    "name": "Relais",
    "default_language": "fr",
    "timezone": "Europe/Paris",
    "signature": "",  # added under what is pasted on a channel, when set
    "automatic_routing": False,  # off until an administrator turns it on
    "wrong_route_budget": 0.03,
    "announced_delay_days": 2,  # working days, told to the asker
    "theme_css": "",
    "circuits": {},  # circuit -> handles of the people named when a ticket is escalated to it
}


def setting(name: str) -> Any:
    """The value in force. KeyError for a name that does not exist."""
    default = DEFAULTS[name]
    row = db.session.scalar(select(OrganisationSetting).where(OrganisationSetting.name == name))
    return default if row is None else row.value["value"]


def change_setting(name: str, value: Any, *, by: Person | Actor) -> None:
    """Set a choice of the organisation; noted in the audit log."""
    if isinstance(by, Person):
        from helpdesk.tickets.seeing import ensure_role

        ensure_role(by, Can.ADMINISTER)
    if name not in DEFAULTS:
        raise KeyError(name)
    row = db.session.scalar(select(OrganisationSetting).where(OrganisationSetting.name == name))
    if row is None:
        row = OrganisationSetting(name=name, value={"value": value})
        db.session.add(row)
    elif row.value == {"value": value}:
        return
    row.value = {"value": value}
    auditing.note("setting_changed", "setting", None, by=by, name=name)

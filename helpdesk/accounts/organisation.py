"""The organisation's own choices, with what holds until an administrator says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from helpdesk.accounts import auditing
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Actor, OrganisationSetting, Person
from helpdesk.accounts.permitting import ensure_role
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem

LANGUAGES = ("fr", "en")
LONGEST_NAME, LONGEST_SIGNATURE = 200, 500  # characters
LONGEST_DELAY = 60  # working days
LARGEST_BUDGET = 0.2  # one automatic choice in five: beyond it, automatic routing is no help

DEFAULTS: dict[str, Any] = {
    "name": "Relais",
    "default_language": "fr",
    "timezone": "Europe/Paris",
    "signature": "",  # added under what is pasted on a channel, when set
    "automatic_routing": False,  # off until an administrator turns it on
    "prefill_routing": True,  # a sure suggestion is chosen beforehand; without it a person chooses among three
    "wrong_route_budget": 0.03,
    "matcher_weights": {},  # part of the evidence -> how much it counts, where that is not the matcher's own weight
    "announced_delay_days": 2,  # working days, told to the asker
    "theme_css": "",
    "circuits": {},  # circuit -> handles of the people named when a ticket is escalated to it
}


def _problem_of_text(name: str, value: Any, limit: int) -> Problem | None:
    if not isinstance(value, str) or "\0" in value:
        return Problem(name, "invalid")
    return Problem(name, "too_long", {"count": len(value), "limit": limit}) if len(value) > limit else None


def _problem_of_name(value: Any) -> Problem | None:
    return _problem_of_text("name", value, LONGEST_NAME) or (None if value.strip() else Problem("name", "missing"))


def _problem_of_number(name: str, value: Any, least: float, most: float) -> Problem | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
        return None
    return Problem(name, "out_of_range", {"least": least, "most": most})


# What a choice must look like; those without an entry take anything.
CHECKS: dict[str, Callable[[Any], Problem | None]] = {
    "name": _problem_of_name,
    "default_language": lambda value: (
        None if value in LANGUAGES else Problem("default_language", "unknown_language", {"known": ", ".join(LANGUAGES)})
    ),
    "timezone": lambda value: (
        None if value in available_timezones() else Problem("timezone", "unknown_zone", {"value": value})
    ),
    "signature": lambda value: _problem_of_text("signature", value, LONGEST_SIGNATURE),
    "wrong_route_budget": lambda value: _problem_of_number("wrong_route_budget", value, 0.001, LARGEST_BUDGET),
    "announced_delay_days": lambda value: _problem_of_number("announced_delay_days", value, 1, LONGEST_DELAY),
    "automatic_routing": lambda value: None if isinstance(value, bool) else Problem("automatic_routing", "invalid"),
    "prefill_routing": lambda value: None if isinstance(value, bool) else Problem("prefill_routing", "invalid"),
}

KEPT = "relais_settings"  # in `Session.info`


def setting(name: str) -> Any:
    """The value in force. KeyError for a name that does not exist."""
    default = DEFAULTS[name]
    return _chosen().get(name, default)


def _chosen() -> dict[str, Any]:
    """What was chosen, read once per database transaction: a page asks for several settings, some often."""
    session = db.session()
    kept = session.info.get(KEPT)
    if kept is not None and kept[0] is session.get_transaction():
        return cast(dict[str, Any], kept[1])
    rows = session.execute(select(OrganisationSetting.name, OrganisationSetting.value))
    values = {name: value["value"] for name, value in rows if "value" in value}
    session.info[KEPT] = (session.get_transaction(), values)
    return values


def noted(name: str) -> Any:
    """What Relais keeps for itself beside the choices, under a name that is no choice; None when there is nothing."""
    return _chosen().get(name)


def held_note(name: str) -> OrganisationSetting:
    """The row of such a note, held to the end of the transaction: who else wants to change it waits."""
    the_row = select(OrganisationSetting).where(OrganisationSetting.name == name).with_for_update()
    row = db.session.scalar(the_row)
    if row is None:
        # Somebody else may be making it at this moment: then theirs is waited for.
        with suppress(IntegrityError), db.session.begin_nested():
            db.session.add(OrganisationSetting(name=name, value={}))
        row = db.session.scalars(the_row).one()
    return row


def write_note(row: OrganisationSetting, value: Any) -> None:
    row.value = {"value": value}
    db.session().info.pop(KEPT, None)


def change_setting(name: str, value: Any, *, by: Person | Actor) -> None:
    """Set a choice of the organisation; noted in the audit log. Raises BadInput, and KeyError for an unknown name."""
    if isinstance(by, Person):
        ensure_role(by, Can.ADMINISTER)
    if name not in DEFAULTS:
        raise KeyError(name)
    if name in CHECKS and (problem := CHECKS[name](value)) is not None:
        raise BadInput([problem])
    row = db.session.scalar(select(OrganisationSetting).where(OrganisationSetting.name == name))
    if row is None:
        row = OrganisationSetting(name=name, value={"value": value})
        db.session.add(row)
    elif row.value == {"value": value}:
        return
    row.value = {"value": value}
    db.session().info.pop(KEPT, None)
    auditing.note("setting_changed", "setting", None, by=by, name=name)

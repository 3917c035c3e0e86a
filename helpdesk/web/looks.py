"""What templates share: the workplaces of the person signed in, their theme, and how dates and numbers read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask, request, url_for
from flask_babel import format_date, format_datetime, format_decimal, format_timedelta
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from helpdesk import clock
from helpdesk.accounts.access import Can, roles_ever_allowed
from helpdesk.web import assets
from helpdesk.web.language import as_instant, language_now

# label, endpoint, icon, what one must be allowed (in some relation) to see it, working list counted beside it
WORKPLACES = (
    (_l("Inbox"), "triage.inbox", "inbox", Can.TRIAGE),
    (_l("To publish"), "publication.queue", "send", Can.PUBLISH),
    (_l("My questions"), "expert.home", "person-workspace", Can.ACCEPT),
    (_l("To approve"), "approval.queue", "patch-check", Can.APPROVE),
    (_l("Department"), "department.home", "bar-chart", Can.SEE_DEPARTMENT),
    (_l("Official answers"), "library.answers", "journal-check", Can.SEE_OFFICIAL_ANSWERS),
    (_l("Administration"), "admin.home", "gear", Can.ADMINISTER),
)
THEMES = ("light", "dark")


def prepare(app: Flask) -> None:
    assets.register(app)
    app.context_processor(_shared)
    app.add_template_filter(relative_time)
    app.add_template_filter(local_time)
    app.add_template_filter(local_date)
    app.add_template_filter(number)


def _shared() -> dict[str, Any]:
    person = current_user if current_user and current_user.is_authenticated else None
    theme = (person.theme if person else None) or request.cookies.get("theme")
    return {
        "person": person,
        "navigation": navigation(person) if person else [],
        "locale": language_now(),
        "theme": theme if theme in THEMES else None,
        "now": clock.now(),
    }


def navigation(person: Any) -> list[dict[str, Any]]:
    """The workplaces of a person: those where, by their roles, there can be something to do."""
    return [
        {
            "label": label,
            "url": url_for(endpoint),
            "icon": icon,
            "count": None,
            "current": (request.endpoint or "").split(".")[0] == endpoint.split(".")[0],
        }
        for label, endpoint, icon, can in WORKPLACES
        if not person.roles.isdisjoint(roles_ever_allowed(can))
    ]


def relative_time(value: datetime | str) -> str:
    """ "3 hours ago", "in 2 days", in the reader's language."""
    return format_timedelta(as_instant(value) - clock.now(), add_direction=True, threshold=0.9)


def local_time(value: datetime | str, form: str = "medium") -> str:
    """The full date and time where the organisation is."""
    return format_datetime(as_instant(value), form)


def local_date(value: Any, form: str = "long") -> str:
    return format_date(value, form)


def number(value: float) -> str:
    return format_decimal(value)

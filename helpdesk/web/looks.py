"""What templates share: the workplaces of the person signed in, their theme, and how dates and numbers read."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_babel import (
    format_date,
    format_datetime,
    format_decimal,
    format_percent,
    format_time,
    format_timedelta,
    get_locale,
)
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from helpdesk import clock
from helpdesk.accounts.access import Can, roles_ever_allowed
from helpdesk.accounts.organisation import setting
from helpdesk.intake.masking import split_marks
from helpdesk.web import assets, labels
from helpdesk.web.language import as_instant, language_now
from helpdesk.web.waiting import COUNTED
from helpdesk.web.wording import role_label

# label, endpoint, icon, what one must be allowed (in some relation) to see it, key of its count (waiting.py)
WORKPLACES = (
    (_l("Inbox"), "triage.inbox", "inbox", Can.TRIAGE, "triage"),
    (_l("To publish"), "publication.queue", "send", Can.PUBLISH, "publish"),
    (_l("My questions"), "expert.home", "person-workspace", Can.ACCEPT, "questions"),
    (_l("To approve"), "approval.queue", "patch-check", Can.APPROVE, "approve"),
    (_l("Department"), "department.home", "bar-chart", Can.SEE_DEPARTMENT, None),
    (_l("Official answers"), "library.answers", "journal-check", Can.SEE_OFFICIAL_ANSWERS, None),
    (_l("Administration"), "admin.home", "gear", Can.ADMINISTER, None),
)
THEMES = ("light", "dark")


def prepare(app: Flask) -> None:
    assets.register(app)
    app.context_processor(_shared)
    app.jinja_env.globals.update(role_label=role_label, labels=labels)
    app.add_template_filter(relative_time)
    app.add_template_filter(local_time)
    app.add_template_filter(local_date)
    app.add_template_filter(number)
    app.add_template_filter(percent)
    app.add_template_filter(split_marks, "pieces")
    app.add_template_test(is_past, "past")


def is_past(instant: datetime) -> bool:
    return instant < clock.now()


def _shared() -> dict[str, Any]:
    person = current_user if current_user and current_user.is_authenticated else None
    theme = (person.theme if person else None) or request.cookies.get("theme")
    return {
        "person": person,
        "navigation": partial(navigation, person) if person else list,  # called by the layout that shows it
        "shell": shell(person),
        "here": request.full_path.rstrip("?") if request.method == "GET" else "/",
        "organisation": {"name": setting("name")},
        "locale": language_now(),
        "theme": theme if theme in THEMES else None,
        "now": clock.now(),
    }


def shell(person: Any) -> dict[str, str | None]:
    """The addresses that every layout links to."""
    return {
        "public_home_url": _address("public.ask"),
        "home_url": _address("account.home"),
        "search_url": _address("search.results") if person and _may_ever(person, Can.SEE_TICKET) else None,
        "language_url": _address("preferences.language"),
        "theme_url": _address("preferences.theme"),
        "account_url": _address("account.profile") if person else None,
        "sign_in_url": None if person else _address("account.sign_in"),
        "sign_out_url": _address("account.sign_out"),
        "counts_url": _address("triage.counts") if person else None,
        "privacy_url": _address("public.privacy"),
        "accessibility_url": _address("public.accessibility"),
    }


def _may_ever(person: Any, can: Can) -> bool:
    """Whether a role of `person` opens the place at all; what is inside is checked there."""
    return not person.roles.isdisjoint(roles_ever_allowed(can))


def _address(endpoint: str) -> str | None:
    return url_for(endpoint) if endpoint in current_app.view_functions else None


def navigation(person: Any) -> list[dict[str, Any]]:
    """The workplaces of a person: those where, by their roles, there can be something to do. Reads the counts."""
    return [
        {
            "label": label,
            "url": url_for(endpoint),
            "icon": icon,
            "key": key,
            "count": COUNTED[key](person) if key else None,
            "current": (request.endpoint or "").split(".")[0] == endpoint.split(".")[0],
        }
        for label, endpoint, icon, can, key in WORKPLACES
        if endpoint in current_app.view_functions and _may_ever(person, can)
    ]


def relative_time(value: datetime | str) -> str:
    """ "3 hours ago", "in 2 days", in the reader's language."""
    return str(format_timedelta(as_instant(value) - clock.now(), add_direction=True, threshold=0.9))


def local_time(value: datetime | str, form: str = "") -> str:
    """The date and time, to the minute, where the organisation is: "23 novembre 2026, 15:05"."""
    instant = as_instant(value)
    if form:
        return str(format_datetime(instant, form))
    return f"{format_date(instant, 'long')}, {format_time(instant, 'short')}"


def local_date(value: Any, form: str = "long") -> str:
    return str(format_date(value, form))


def number(value: float) -> str:
    return str(format_decimal(value))


def percent(value: float) -> str:
    """0.03 as "3%", the way the reader's language writes it: French leaves a space before the sign."""
    locale = get_locale()
    space = "\u00a0" if locale is not None and locale.language == "fr" else ""
    return str(format_percent(value, f"#,##0.##{space}%"))

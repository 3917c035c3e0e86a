"""How a person likes their pages."""

from __future__ import annotations

from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.accounts.permitting import ensure_role
from helpdesk.errors import BadInput, Problem

LANGUAGES = ("fr", "en")
THEMES = ("light", "dark")


def prefer_language(person: Person, language: str, *, by: Person) -> None:
    """Pages and letters of `person` come in this language ("fr", "en"). Raises BadInput."""
    ensure_role(by, Can.EDIT_OWN_PROFILE)
    if language not in LANGUAGES:
        raise BadInput([Problem("language", "unknown_language", {"known": ", ".join(LANGUAGES)})])
    person.locale = language


def prefer_theme(person: Person, theme: str | None, *, by: Person) -> None:
    """Pages of `person` are "light" or "dark"; None: as their system says. Raises BadInput."""
    ensure_role(by, Can.EDIT_OWN_PROFILE)
    if theme is not None and theme not in THEMES:
        raise BadInput([Problem("theme", "invalid")])
    person.theme = theme

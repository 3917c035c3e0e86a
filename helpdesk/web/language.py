"""The reader's language and time zone. French unless the reader chose English or their browser asks for it."""

from __future__ import annotations

import fcntl
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from config import PROJECT
from helpdesk.accounts.organisation import setting

LANGUAGES = ("fr", "en")
COOKIE = "language"
TRANSLATIONS = PROJECT / "translations"


class Catalogues(Domain):
    """Catalogues by the reader's language alone: a page has hundreds of words, and Flask-Babel finds its catalogue anew
    for each, from the whole locale and the folders it may come from."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str | None, Any] = {}

    def get_translations(self) -> Any:
        locale = get_locale()
        language = locale.language if locale else None
        found = self._found.get(language)
        if found is None:
            found = self._found[language] = super().get_translations()
        return found


class OneDomain(Babel):
    """Flask-Babel with our catalogues."""

    @cached_property
    def domain_instance(self) -> Catalogues:
        return Catalogues()


babel = OneDomain()


def prepare(app: Flask) -> None:
    folder = compiled(app.extensions["relais_settings"].data_dir)
    app.config.update(BABEL_DEFAULT_LOCALE="fr", BABEL_TRANSLATION_DIRECTORIES=str(folder))
    babel.init_app(app, locale_selector=chosen_language, timezone_selector=time_zone)
    _translate_templates(app)


def _translate_templates(app: Flask) -> None:
    """Let templates look words up without asking first which of several domains they are of."""
    catalogue = babel.domain_instance.get_translations

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda words: catalogue().ugettext(words),
        ngettext=lambda one, many, count: catalogue().ungettext(one, many, count),
        newstyle=True,
    )

    @pass_eval_context
    def say(context: EvalContext, words: str, /, **values: Any) -> str:
        """The same as `_()` of Jinja, which asks three functions for each word."""
        said: str = catalogue().ugettext(words)
        if context.autoescape:
            said = Markup(said)  # noqa: S704 -- the catalogues are ours
        return said % values if values or "%" in said else said

    app.jinja_env.globals["_"] = say


def chosen_language() -> str:
    """ "fr" or "en": the link's, the person's, the cookie's, the browser's choice, in this order, else French."""
    if not has_request_context():
        return "fr"
    asked = g.get("language") or request.cookies.get(COOKIE)
    if asked in LANGUAGES:
        return str(asked)
    if current_user and current_user.is_authenticated and current_user.locale in LANGUAGES:
        return str(current_user.locale)
    return request.accept_languages.best_match(LANGUAGES, default="fr") or "fr"


def time_zone() -> str:
    """The organisation's zone; kept for the request, since every date on a page asks for it."""
    if not has_request_context():
        return str(setting("timezone"))
    if "time_zone" not in g:
        g.time_zone = str(setting("timezone"))
    return str(g.time_zone)


def language_now() -> str:
    locale = get_locale()
    return locale.language if locale else "fr"


def compiled(data_dir: Path) -> Path:
    """The folder of compiled catalogues, made again in the data folder when the source is newer."""
    target = data_dir / "translations"
    source = TRANSLATIONS / "fr" / "LC_MESSAGES" / "messages.po"
    output = target / "fr" / "LC_MESSAGES" / "messages.mo"
    output.parent.mkdir(parents=True, exist_ok=True)
    with (target / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not output.exists() or output.stat().st_mtime < source.stat().st_mtime:
            with source.open("rb") as file:
                catalogue = read_po(file, locale="fr")
            temporary = output.with_suffix(".tmp")
            with temporary.open("wb") as file:
                write_mo(file, catalogue)
            temporary.replace(output)
    return target


def as_instant(value: Any) -> datetime:
    """An aware instant from a database value or ISO text."""
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

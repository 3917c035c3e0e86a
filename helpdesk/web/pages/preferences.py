"""Language and appearance: kept in a cookie for everyone, and in the person's row for those who are signed in."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from helpdesk.accounts.preferring import prefer_language, prefer_theme
from helpdesk.db import transaction
from helpdesk.web.language import COOKIE as LANGUAGE_COOKIE
from helpdesk.web.language import LANGUAGES
from helpdesk.web.looks import THEMES
from helpdesk.web.signing_in import me

blueprint = Blueprint("preferences", __name__)

THEME_COOKIE = "theme"
AS_THE_SYSTEM = "auto"
ONE_YEAR = 365 * 24 * 3600


@blueprint.post("/language")
def language() -> ResponseReturnValue:
    chosen = request.form.get("locale", "")
    if chosen not in LANGUAGES:
        abort(400)
    if current_user.is_authenticated:
        with transaction():
            prefer_language(me(), chosen, by=me())
    return _keep(_back(), LANGUAGE_COOKIE, chosen)


@blueprint.post("/theme")
def theme() -> ResponseReturnValue:
    chosen = request.form.get("theme", "")
    if chosen not in (*THEMES, AS_THE_SYSTEM):
        abort(400)
    if current_user.is_authenticated:
        with transaction():
            prefer_theme(me(), None if chosen == AS_THE_SYSTEM else chosen, by=me())
    if chosen == AS_THE_SYSTEM:
        response = _back()
        response.delete_cookie(THEME_COOKIE)
        return response
    return _keep(_back(), THEME_COOKIE, chosen)


def _back() -> Response:
    """To the page the choice was made on, if it is one of ours."""
    target = request.form.get("next", "")
    ours = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return redirect(target if ours else "/", code=303)


def _keep(response: Response, name: str, value: str) -> Response:
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(name, value, max_age=ONE_YEAR, httponly=True, samesite="Lax", secure=secure)
    return response

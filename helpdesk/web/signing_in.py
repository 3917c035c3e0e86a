"""Sessions: who is signed in, and what a page demands of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast

from flask import Flask, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import LoginManager, current_user
from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload, lazyload

from helpdesk.accounts.access import Can, roles_ever_allowed
from helpdesk.accounts.models import Person
from helpdesk.db import db

login_manager = LoginManager()


def prepare(app: Flask) -> None:
    app.config.update(
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=app.config["SESSION_COOKIE_SECURE"],
    )
    login_manager.login_message = _l("Please sign in to go on.")
    login_manager.login_message_category = "info"
    login_manager.login_view = "account.sign_in"
    login_manager.user_loader(person_of_session)
    login_manager.init_app(app)


# Every page asks for the roles; few for the department, which is read when it is asked for.
_WHOM = (
    select(Person)
    .where(Person.id == bindparam("person"))
    .options(lazyload(Person.department), joinedload(Person.role_rows))
)


def person_of_session(name: str) -> Person | None:
    """The active person a session names, unless their sessions were ended since."""
    identifier, _dot, epoch = name.partition(".")
    if not identifier.isdigit():
        return None
    person = db.session.scalars(_WHOM, {"person": int(identifier)}).unique().one_or_none()
    if person is None or not person.active or str(person.session_epoch) != epoch:
        return None
    return person


def me() -> Person:
    """The person signed in. Only inside views that demand one."""
    return cast(Person, current_user._get_current_object())


def demand(can: Can) -> Callable[[], ResponseReturnValue | None]:
    """A `before_request` check: somebody signed in who may, in some relation, do `can`; others see nothing."""

    def check() -> ResponseReturnValue | None:
        if not current_user.is_authenticated:
            return cast(ResponseReturnValue, login_manager.unauthorized())
        if current_user.roles.isdisjoint(roles_ever_allowed(can)):
            abort(404)
        return None

    return check


def signed_in(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Demand a signed-in person for one view."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return cast(ResponseReturnValue, login_manager.unauthorized())
        return view(*args, **kwargs)

    return checked


def safe_next() -> str:
    """Where to go after signing in: the page asked for, if it is one of ours, else the person's own place."""
    target = request.args.get("next") or request.form.get("next") or ""
    # Browsers drop tabs and line ends and read a backslash as a slash, so "/\t/elsewhere" would lead away.
    ours = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if ours else url_for("account.home")


def back_to(target: str) -> ResponseReturnValue:
    """Answer a POST: see another page (303), so that a reload does nothing twice."""
    return redirect(target, code=303)

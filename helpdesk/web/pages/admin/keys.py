"""Ways in: a link to choose a password, ending sessions, API tokens. Secrets are shown once, on the page itself."""

from __future__ import annotations

from typing import Any

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user
from sqlalchemy import select

from helpdesk.accounts.entering import (
    PASSWORD_LINK_LASTS,
    create_token,
    end_sessions,
    password_link,
    revoke_token,
)
from helpdesk.accounts.models import Person, Token, TokenScope
from helpdesk.db import db, transaction
from helpdesk.errors import NotFound
from helpdesk.web.forms.admin_people import TokenForm
from helpdesk.web.pages.admin.people import found_person
from helpdesk.web.pages.admin.place import LARGEST_ID, blueprint, page
from helpdesk.web.signing_in import back_to, me
from helpdesk.web.wording import refusal

MOST_TOKENS = 200


@blueprint.get("/people/<handle>/access")
def person_access(handle: str) -> ResponseReturnValue:
    """How somebody gets in."""
    return _access(found_person(handle), TokenForm(formdata=None))


def _access(whom: Person, form: TokenForm, **shown: Any) -> ResponseReturnValue:
    tokens = select(Token).where(Token.person_id == whom.id)
    tokens = tokens.order_by(Token.revoked_at.isnot(None), Token.id.desc()).limit(MOST_TOKENS)
    return page(
        "access.html",
        422 if form.errors else 200,
        whom=whom,
        form=form,
        tokens=db.session.scalars(tokens).all(),
        link_days=PASSWORD_LINK_LASTS.days,
        **{"link": None, "secret": None, **shown},
    )


@blueprint.post("/people/<handle>/password-link")
def make_password_link(handle: str) -> ResponseReturnValue:
    """Make a link with which they choose a password; those made before no longer work."""
    if not found_person(handle).active:
        flash(refusal("person_left"), "error")
        return back_to(url_for("admin.person_access", handle=handle))
    with transaction():
        secret = password_link(found_person(handle), by=me())
    link = url_for("account.choose_password", secret=secret, _external=True)
    return _access(found_person(handle), TokenForm(formdata=None), link=link)


@blueprint.post("/people/<handle>/end-sessions")
def end_person_sessions(handle: str) -> ResponseReturnValue:
    """Sign them out everywhere. An administrator who does it to themselves stays signed in here."""
    with transaction():
        whom = found_person(handle)
        end_sessions(whom, by=me())
    if whom.id == me().id:
        login_user(whom)
    flash(_("%(name)s is signed out everywhere.", name=whom.name), "success")
    return back_to(url_for("admin.person_access", handle=handle))


@blueprint.post("/people/<handle>/tokens")
def make_token(handle: str) -> ResponseReturnValue:
    """Make an API token."""
    form = TokenForm()
    if not form.validate():
        return _access(found_person(handle), form)
    with transaction():
        token, secret = create_token(found_person(handle), TokenScope(form.scope.data), by=me())
        number = token.id
    return _access(found_person(handle), TokenForm(formdata=None), secret=secret, number=number)


@blueprint.post(f"/people/<handle>/tokens/<int(max={LARGEST_ID}):token_id>/revoke")
def end_token(handle: str, token_id: int) -> ResponseReturnValue:
    """End an API token at once."""
    with transaction():
        token = db.session.get(Token, token_id)
        if token is None or token.person_id != found_person(handle).id:
            raise NotFound()
        revoke_token(token_id, by=me())
    flash(_("The token no longer works."), "success")
    return back_to(url_for("admin.person_access", handle=handle))

"""Signing in and out, the first administrator, and one's own account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from helpdesk.accounts import auditing
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import put_person
from helpdesk.accounts.entering import link_of, person_with_password, revoke_links, set_password
from helpdesk.accounts.models import SYSTEM, LinkPurpose, Person
from helpdesk.accounts.organisation import change_setting
from helpdesk.channels.registry import put_channel
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput
from helpdesk.web.forms.account import ChangePasswordForm, FirstAdministratorForm, PasswordForm, SignInForm
from helpdesk.web.limits import SIGN_IN, limiter
from helpdesk.web.signing_in import back_to, me, safe_next, signed_in
from helpdesk.web.wording import sentences_by_field

blueprint = Blueprint("account", __name__, url_prefix="/account")

# The place each role lives in; of several, the first here that the person has.
PLACES = (
    (Role.COMMUNITY_MANAGER, "triage.inbox"),
    (Role.HEAD, "department.home"),
    (Role.EXPERT, "expert.home"),
    (Role.APPROVER, "approval.queue"),
    (Role.COMMITTEE, "library.answers"),
    (Role.AMBASSADOR, "library.answers"),
    (Role.ADMINISTRATOR, "admin.home"),
)


@blueprint.get("/home")
@signed_in
def home() -> ResponseReturnValue:
    """The place of the person signed in."""
    endpoint = next((endpoint for role, endpoint in PLACES if me().has(role)), "account.profile")
    return redirect(url_for(endpoint))


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(SIGN_IN, methods=["POST"])
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(safe_next())
    form = SignInForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        person = person_with_password(form.name.data.strip(), form.password.data)
        if person is not None:
            with transaction():
                auditing.note("signed_in", "person", person.id, by=person)
            login_user(person, remember=form.remember.data)
            return back_to(safe_next())
        form.password.errors = [_("The name or the password is wrong. Both are checked together.")]
    return render_template("account/sign_in.html", form=form), 422 if form.errors else 200


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    logout_user()
    flash(_("You are signed out."), "success")
    return back_to(url_for("account.sign_in"))


@blueprint.route("/", methods=["GET", "POST"])
@limiter.limit(SIGN_IN, methods=["POST"])
@signed_in
def profile() -> ResponseReturnValue:
    """Who one is here, and one's password."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        if person_with_password(me().handle, form.present.data) is None:
            form.present.errors = [_("This is not your present password.")]
        else:
            with transaction():
                person = me()
                set_password(person, form.password.data, by=person)
            login_user(person)  # the other sessions have ended; this one goes on
            flash(_("Your password is changed. You are signed out everywhere else."), "success")
            return back_to(url_for("account.profile"))
    return render_template("account/profile.html", form=form), 422 if form.errors else 200


@blueprint.route("/password/<secret>", methods=["GET", "POST"])
@limiter.limit(SIGN_IN, methods=["POST"])
def choose_password(secret: str) -> ResponseReturnValue:
    """Choose a password by a link that an administrator made."""
    link = link_of(secret, LinkPurpose.SET_PASSWORD)
    if link is None or link.person is None:
        return render_template("account/link_over.html"), 410
    form = PasswordForm()
    if form.validate_on_submit():
        with transaction():
            link = link_of(secret, LinkPurpose.SET_PASSWORD) or abort(410)
            person = link.person or abort(410)
            set_password(person, form.password.data, by=person)
            revoke_links(LinkPurpose.SET_PASSWORD, person.id)
        login_user(person)
        return back_to(url_for("account.home"))
    return render_template("account/password.html", form=form, for_person=link.person), 422 if form.errors else 200


@blueprint.route("/first/<secret>", methods=["GET", "POST"])
@limiter.limit(SIGN_IN, methods=["POST"])
def first_administrator(secret: str) -> ResponseReturnValue:
    """Create the first administrator by the link that `bin/serve` printed."""
    if link_of(secret, LinkPurpose.FIRST_ADMINISTRATOR) is None:
        return render_template("account/link_over.html"), 410
    form = FirstAdministratorForm()
    if form.validate_on_submit():
        try:
            person = _create_first(secret, form)
        except BadInput as refusal:
            _show(refusal, form)
        else:
            login_user(person)
            flash(_("Welcome. Next: departments, people, topics and channels."), "success")
            return back_to(url_for("account.home"))
    return render_template("account/first.html", form=form), 422 if form.errors else 200


def _create_first(secret: str, form: Any) -> Person:
    with transaction():
        if link_of(secret, LinkPurpose.FIRST_ADMINISTRATOR) is None:
            abort(410)
        person, _what = put_person(
            form.handle.data,
            by=SYSTEM,
            roles=[Role.ADMINISTRATOR],
            name=form.name.data.strip(),
            email=form.email.data.strip(),
        )
        set_password(person, form.password.data, by=person)
        change_setting("name", form.organisation.data.strip(), by=person)
        put_channel("web", by=person, kind="webform", account=form.organisation.data.strip())
        revoke_links(LinkPurpose.FIRST_ADMINISTRATOR, 0)
    db.session.refresh(person)
    return person


def _show(refusal: BadInput, form: Any) -> None:
    """Put each refusal beside its field."""
    for name, sentences in sentences_by_field(refusal.problems).items():
        field = form._fields.get(name, form.password)
        field.errors = [*field.errors, *sentences]

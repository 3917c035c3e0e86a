"""The expert's place: my questions, one page per question, and my profile."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.absences import declare_absence, end_absence
from helpdesk.accounts.access import Can, Role
from helpdesk.accounts.models import Absence
from helpdesk.accounts.organisation import setting
from helpdesk.answers.validity import day_of
from helpdesk.answers.writing import today
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, NotFound
from helpdesk.routing.models import Skill
from helpdesk.routing.my_offers import my_offers
from helpdesk.web.answering import acting, colleagues
from helpdesk.web.answering.desk import Desk
from helpdesk.web.answering.page import show
from helpdesk.web.forms.expert import AbsenceForm
from helpdesk.web.signing_in import back_to, demand, me

blueprint = Blueprint("expert", __name__, url_prefix="/questions")
blueprint.before_request(demand(Can.ACCEPT))


@blueprint.get("")
def home() -> ResponseReturnValue:
    """What I was asked, by what there is to do about it."""
    absence = me().absence_at(clock.now())
    last_day = _days_of(absence)[1] if absence else None
    return render_template("expert/home.html", mine=my_offers(me()), absence=absence, last_day=last_day)


@blueprint.get("/<int:offer_id>")
def question(offer_id: int) -> ResponseReturnValue:
    return show(Desk.of(me(), offer_id))


@blueprint.post("/<int:offer_id>/accept")
def accept(offer_id: int) -> ResponseReturnValue:
    return acting.accept(Desk.of(me(), offer_id))


@blueprint.post("/<int:offer_id>/decline")
def decline(offer_id: int) -> ResponseReturnValue:
    return acting.decline(Desk.of(me(), offer_id))


@blueprint.post("/<int:offer_id>/redirect")
def redirect(offer_id: int) -> ResponseReturnValue:
    return acting.redirect(Desk.of(me(), offer_id))


@blueprint.post("/<int:offer_id>/save")
def save(offer_id: int) -> ResponseReturnValue:
    return acting.save(Desk.of(me(), offer_id))


@blueprint.post("/<int:offer_id>/submit")
def submit(offer_id: int) -> ResponseReturnValue:
    return acting.submit(Desk.of(me(), offer_id))


@blueprint.post("/<int:offer_id>/autosave")
def autosave(offer_id: int) -> ResponseReturnValue:
    return acting.autosave(Desk.of(me(), offer_id))


@blueprint.post("/<int:offer_id>/original")
def original(offer_id: int) -> ResponseReturnValue:
    return acting.original(Desk.of(me(), offer_id))


@blueprint.post("/preview")
def preview() -> ResponseReturnValue:
    """Of the offer that `?offer_id=` names."""
    return acting.preview(Desk.of(me(), request.args.get("offer_id", 0, type=int)))


# --- my profile -----------------------------------------------------------------------------------------------------


@blueprint.get("/me")
def profile() -> ResponseReturnValue:
    return _profile(AbsenceForm(formdata=None))


@blueprint.post("/me/absences")
def declare() -> ResponseReturnValue:
    """Be away from a day to a day, both included; or for as long as the button that was pressed says."""
    form = AbsenceForm()
    days = _quick(request.form.get("quick", ""), today())
    if days is None:
        if not form.validate_on_submit() or form.first_day.data is None or form.last_day.data is None:
            return _profile(form, 422)
        days = (form.first_day.data, form.last_day.data)
    try:
        with transaction():
            person = me()
            delegate = colleagues.named(form.delegate.data or "")
            declare_absence(
                person, _start_of(days[0]), _start_of(days[1] + timedelta(days=1)), by=person, delegate=delegate
            )
    except BadInput as error:
        acting.put_beside_fields(form, _by_our_names(error))
        return _profile(form, 422)
    flash(_("You are away: nothing new is sent to you meanwhile."), "success")
    return back_to(url_for("expert.profile"))


@blueprint.post("/me/absences/<int:absence_id>/end")
def end(absence_id: int) -> ResponseReturnValue:
    with transaction():
        person = me()
        absence = db.session.get(Absence, absence_id)
        if absence is None:
            return back_to(url_for("expert.profile"))  # ended by an earlier press
        if absence.person_id != person.id:
            raise NotFound()
        end_absence(absence, by=person)
    flash(_("Welcome back."), "success")
    return back_to(url_for("expert.profile"))


def _profile(form: AbsenceForm, status: int = 200) -> ResponseReturnValue:
    person, now = me(), clock.now()
    backup = (person.backup_id,) if person.backup_id else ()
    others = colleagues.people_who_answer(person.department_id, backup, roles=(Role.EXPERT,))
    others = [each for each in others if each.id != person.id]
    others.sort(key=lambda each: (each.department_id != person.department_id, each.name))
    form.offer_choices(((each.handle, each.name) for each in others), _("Nobody"))
    if not form.is_submitted():
        form.first_day.data = form.last_day.data = today()
        form.delegate.data = person.backup.handle if person.backup else ""
    skills = db.session.scalars(select(Skill).where(Skill.person_id == person.id).order_by(Skill.level.desc())).all()
    context = {
        "form": form,
        "skills": [each for each in skills if each.topic.active],
        "absences": [(each, *_days_of(each)) for each in person.absences if each.ends_at > now],
        "mine": my_offers(person),
    }
    return render_template("expert/profile.html", **context), status


def _quick(word: str, day: date) -> tuple[date, date] | None:
    """The days that a button stands for: today, the rest of this week, or all of next week."""
    monday = day - timedelta(days=day.weekday())
    known = {
        "today": (day, day),
        "week": (day, monday + timedelta(days=6)),
        "next_week": (monday + timedelta(days=7), monday + timedelta(days=13)),
    }
    return known.get(word)


def _start_of(day: date) -> datetime:
    """Midnight where the organisation is."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(str(setting("timezone"))))


def _days_of(absence: Absence) -> tuple[date, date]:
    """The first and the last day of an absence, where the organisation is."""
    return day_of(absence.starts_at), day_of(absence.ends_at - timedelta(microseconds=1))


def _by_our_names(error: BadInput) -> BadInput:
    """The refusal with the names that this form gives to its fields."""
    names = {"starts_at": "first_day", "ends_at": "last_day"}
    return BadInput([type(each)(names.get(each.field, each.field), each.code, each.params) for each in error.problems])

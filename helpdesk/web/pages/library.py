"""The official answers: find one, read its versions, see where it was posted, withdraw it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.answers import library
from helpdesk.answers.comparing import changes
from helpdesk.answers.models import AnswerStatus, AnswerVersion, OfficialAnswer
from helpdesk.answers.reusing import out_of_use
from helpdesk.answers.validity import day_of
from helpdesk.answers.withdrawing import may_withdraw, withdraw_answer
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput
from helpdesk.publishing.posting import publications_of
from helpdesk.routing.models import Topic
from helpdesk.search.facets import ANSWERS_ONLY
from helpdesk.search.finding import find
from helpdesk.search.narrowing import sought_or_words
from helpdesk.tickets import seeing
from helpdesk.tickets.models import Ticket
from helpdesk.web.forms.library import FilterForm, WithdrawForm
from helpdesk.web.forms.triage import listed
from helpdesk.web.labels import LANGUAGES
from helpdesk.web.language import language_now
from helpdesk.web.signing_in import back_to, demand, me
from helpdesk.web.wording import sentences_by_field

blueprint = Blueprint("library", __name__, url_prefix="/answers")
blueprint.before_request(demand(Can.SEE_OFFICIAL_ANSWERS))

SEARCH_PAGES = 4  # pages of what the search found that are looked through for official answers
FOUND_AT_ONCE = 50


@blueprint.get("")
def answers() -> ResponseReturnValue:
    """`?q=`, `status`, `topic`, `language`; without words the newest first, `?cursor=` goes on."""
    form = FilterForm(request.args)
    topics = db.session.scalars(select(Topic).where(Topic.active).order_by(Topic.code)).all()
    locale = language_now()
    by_label = sorted(((topic.code, topic.label(locale)) for topic in topics), key=lambda pair: pair[1].casefold())
    form.topic.choices = listed([("", _("Any topic")), *by_label])
    words = (form.q.data or "").strip()
    chosen: dict[str, Any] = {
        "status": form.status.data if form.status.data in library.STATUSES else None,
        "topic": next((topic for topic in topics if topic.code == form.topic.data), None),
        "language": form.language.data if form.language.data in LANGUAGES else None,
    }
    ids = _found(words) if words else None
    page = library.page(me(), today=day_of(clock.now()), ids=ids, cursor=request.args.get("cursor") or None, **chosen)
    asked = {name: value for name, value in request.args.items() if name != "cursor" and value}
    return render_template("library/answers.html", form=form, page=page, words=words, asked=asked)


def _found(words: str) -> list[int]:
    """The ids of the official answers that hold the words, best first."""
    ids: list[int] = []
    cursor = None
    what = sought_or_words(words, me(), clock.now()).within(ANSWERS_ONLY)
    for _page in range(SEARCH_PAGES):
        results = find(me(), what, limit=FOUND_AT_ONCE, cursor=cursor)
        ids += [item.answer.id for item in results.items if item.answer is not None]
        cursor = results.next_cursor
        if cursor is None:
            break
    return ids


@blueprint.get("/<code>")
def answer(code: str) -> ResponseReturnValue:
    return _show(library.answer_for(me(), code), WithdrawForm(formdata=None))


@blueprint.post("/<code>/withdrawal")
def withdraw(code: str) -> ResponseReturnValue:
    form = WithdrawForm()
    if not form.validate():
        return _show(library.answer_for(me(), code), form, status=422)
    try:
        with transaction():
            withdraw_answer(library.answer_for(me(), code), by=me(), reason=form.reason.data or "")
    except BadInput as wrong:
        form.reason.errors = [*form.reason.errors, *sentences_by_field(wrong.problems).get("reason", [])]
        return _show(library.answer_for(me(), code), form, status=422)
    flash(_("Withdrawn: nothing posts this answer any more."), "success")
    return back_to(url_for("library.answer", code=code))


def _show(answer: OfficialAnswer, form: WithdrawForm, *, status: int = 200) -> ResponseReturnValue:
    versions = list(reversed(answer.versions))
    today = day_of(clock.now())
    publications = publications_of(answer)
    seen = _visible_refs([publication.ticket_id for publication in publications])
    words = render_template(
        "library/answer.html",
        answer=answer,
        current=versions[0],
        status=library.status_of(answer, versions[0], today),
        why_not=out_of_use(answer, versions[0], today),
        versions=[_version(version, versions) for version in versions],
        topics=[topic.label(language_now()) for topic in library.topics_of(answer)],
        publications=publications,
        refs=seen,
        origin=_visible_refs([answer.ticket_id]).get(answer.ticket_id) if answer.ticket_id else None,
        may_withdraw=answer.status is not AnswerStatus.WITHDRAWN and may_withdraw(me(), answer),
        form=form,
    )
    return words, status


def _version(version: AnswerVersion, versions: list[AnswerVersion]) -> dict[str, Any]:
    """A version with who approved it and what changed since the one before."""
    before = next((each for each in versions if each.version == version.version - 1), None)
    approvers = db.session.scalars(select(Person).where(Person.id.in_(version.approver_ids)).order_by(Person.name))
    return {
        "version": version,
        "approvers": [person.name for person in approvers],
        "change": changes(before, version) if before is not None else None,
    }


def _visible_refs(ticket_ids: list[int | None]) -> dict[int, str]:
    """The references of those tickets that the reader may see."""
    rows = db.session.execute(
        seeing.visible_tickets(me()).where(Ticket.id.in_(ticket_ids)).with_only_columns(Ticket.id, Ticket.ref)
    )
    return {row[0]: row[1] for row in rows}

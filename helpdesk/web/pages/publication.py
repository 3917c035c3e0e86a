"""Posting what was approved where the question was asked: a queue, and one page per answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.answers.lengths import Variant
from helpdesk.answers.reusing import OWN_PAGE
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound
from helpdesk.publishing import posting, reverting
from helpdesk.publishing.models import Publication
from helpdesk.publishing.permalinks import right_sites
from helpdesk.publishing.posting import Publishable
from helpdesk.tickets import queues, seeing
from helpdesk.tickets.models import Question, Ticket
from helpdesk.tickets.workflow import Queue, State
from helpdesk.web.bodies import one_kind_of_line
from helpdesk.web.forms.publication import PostedForm
from helpdesk.web.signing_in import back_to, demand, me
from helpdesk.web.timeline import change_in_words
from helpdesk.web.wording import refusal, sentence, sentences_by_field

blueprint = Blueprint("publication", __name__, url_prefix="/publish")
blueprint.before_request(demand(Can.PUBLISH))


@dataclass(frozen=True)
class Post:
    """One publication with what its text was compared with."""

    publication: Publication
    question: Question
    approved: str
    causes: tuple[str, ...]


@blueprint.get("")
def queue() -> ResponseReturnValue:
    page = queues.page(me(), Queue.PUBLISH, cursor=request.args.get("cursor") or None)
    return render_template("publication/queue.html", page=page)


@blueprint.get("/<ref>")
def ticket(ref: str) -> ResponseReturnValue:
    return _show(_ticket(ref), PostedForm(formdata=None))


@blueprint.post("/<ref>")
def publish(ref: str) -> ResponseReturnValue:
    """Record the post. A text that may no longer be posted goes back to validation; the page says why."""
    form = PostedForm()
    form.posted_text.data = one_kind_of_line(form.posted_text.data)
    if not form.validate():
        return _show(_ticket(ref), form, status=422)
    try:
        with transaction():
            publication = posting.publish(
                _ticket(ref),
                by=me(),
                url=form.url.data,
                posted_text=form.posted_text.data,
                variant=form.variant.data or None,
                version=form.version.data,
            )
    except Conflict as conflict:
        return _overtaken(conflict, ref, form.posted_text.data)
    except NotAllowed as no:
        flash(refusal(no.code, **no.params), "error")
        return back_to(url_for("publication.ticket", ref=ref))
    except BadInput as wrong:
        for name, sentences in sentences_by_field(wrong.problems).items():
            field = form[name] if name in ("url", "posted_text") else form.url
            field.errors = [*field.errors, *sentences]
        return _show(_ticket(ref), form, status=422)
    if publication.mode == "own_page":
        flash(_("The answer is on the asker’s page."), "success")
    else:
        flash(_("Recorded. The question is answered."), "success")
    return back_to(url_for("publication.ticket", ref=ref))


@blueprint.post("/<ref>/back")
def send_back(ref: str) -> ResponseReturnValue:
    form = PostedForm()
    try:
        with transaction():
            posting.send_back(_ticket(ref), by=me(), version=form.version.data)
    except Conflict as conflict:
        return _overtaken(conflict, ref, "")
    flash(_("%(ref)s is back in validation.", ref=ref), "success")
    return back_to(url_for("publication.queue"))


def _ticket(ref: str) -> Ticket:
    """A ticket the reader may publish. What they may see and not publish does not exist here."""
    found = seeing.ticket_for(me(), ref)
    if not seeing.may(me(), Can.PUBLISH, found):
        raise NotFound()
    return found


def _overtaken(conflict: Conflict, ref: str, typed: str | None) -> ResponseReturnValue:
    what = conflict.what_changed
    changes = [change_in_words(what)] if isinstance(what, dict) else [refusal(str(what))]
    back_url = url_for("publication.ticket", ref=ref)
    return render_template("errors/409.html", changes=changes, back_url=back_url, kept_text=typed), 409


def _show(ticket: Ticket, form: PostedForm, *, status: int = 200) -> ResponseReturnValue:
    if ticket.state is not State.READY:
        return render_template("publication/done.html", ticket=ticket, posts=_posts(ticket)), 200
    found = posting.publishable(ticket, now=clock.now())
    variant, too_long = _variant(found, ticket)
    question = next((each for each in ticket.questions if each.channel_id == ticket.channel_id), ticket.question)
    words = render_template(
        "publication/post.html",
        ticket=ticket,
        question=question,
        version=found.version,
        why_not=refusal(f"publish_{found.refusal}") if found.refusal else None,
        goes_back=found.refusal in reverting.GO_BACK,
        variant=variant,
        too_long=too_long,
        own_page=ticket.channel.kind == OWN_PAGE,
        needs_link=posting.needs_link(ticket.channel),
        site=_site(ticket, question),
        form=form,
        shown_text=_shown_by_name(question),
    )
    return words, status


def _variant(found: Publishable, ticket: Ticket) -> tuple[Variant | None, list[str]]:
    if found.version is None or found.refusal:
        return None, []
    try:
        return posting.variant_of(found.version, ticket.channel), []
    except BadInput as wrong:
        return None, [sentence(problem) for problem in wrong.problems]


def _site(ticket: Ticket, question: Question) -> str | None:
    """The site where the post must stand, to say it before somebody gives another."""
    sites = right_sites(
        kind=ticket.channel.kind,
        account=ticket.channel.account,
        question_urls=[question.url] if question.url else [],
    )
    return sites[0] if sites else None


def _shown_by_name(question: Question) -> str | None:
    """The name under which the question stands in public, for who may see it."""
    if not seeing.may(me(), Can.SEE_ASKER, question.ticket):
        return None
    identity = question.asker.identity if question.asker else None
    return (identity.handle or identity.name) if identity else None


def _posts(ticket: Ticket) -> list[Post]:
    rows = db.session.scalars(
        select(Publication).where(Publication.ticket_id == ticket.id).order_by(Publication.id.desc())
    )
    return [_post(row) for row in rows]


def _post(publication: Publication) -> Post:
    """With the reasons of a difference, worked out again from the two texts."""
    question = db.session.get_one(Question, publication.question_id)
    which = publication.variant
    approved = publication.version.plain if which == "body" else publication.version.short
    causes: tuple[str, ...] = ()
    if publication.posted_text:
        causes = posting.compare_posted(approved, publication.posted_text, question).causes
    return Post(publication, question, approved, causes)


@blueprint.app_template_filter("cause_in_words")
def cause_in_words(code: str) -> str:
    """What differs between the approved and the posted text (codes of `publishing.proof`)."""
    words: dict[str, Any] = {
        "mention": _("a mention of the asker in front"),
        "signature": _("our signature underneath"),
        "links": _("the way links are written"),
        "markdown": _("formatting signs"),
        "typography": _("quotes, dashes or spaces before punctuation"),
        "invisible": _("invisible characters"),
        "spaces": _("blanks and line breaks"),
        "shortened_link": _("a link was replaced by a short address"),
        "figures": _("a figure is not the same"),
        "words": _("words are not the same"),
    }
    return str(words[code])

"""What another configuration would have done on past questions: asked, looked at, applied once somebody confirms."""

from __future__ import annotations

from typing import Any

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput
from helpdesk.routing.changes import BUDGET, Changes
from helpdesk.routing.models import Replay
from helpdesk.routing.replayed import Effect, Replayed
from helpdesk.routing.replays import LAST, apply_replay, ask_for_replay, latest_replays, replay_with, still_fits
from helpdesk.tickets.models import Ticket
from helpdesk.web.forms.routing import PARTS, ReplayForm, parts_in_use, shown_configuration
from helpdesk.web.looks import number
from helpdesk.web.pages.admin.place import LARGEST_ID, blueprint, page
from helpdesk.web.quality_wording import rounded
from helpdesk.web.signing_in import back_to, me
from helpdesk.web.wording import sentences_by_field

LISTED = 100
"""Tickets that change, named on the page."""


@blueprint.route("/replays", methods=["GET", "POST"])
def replays() -> ResponseReturnValue:
    """A form with the configuration in force, to be changed and tried; and the last replays."""
    form = ReplayForm(data=shown_configuration() | {"last": LAST})
    if form.validate_on_submit():
        try:
            with transaction():
                row = ask_for_replay(_changes(form), form.last.data, by=me())
            return back_to(url_for("admin.replay", row_id=row.id))
        except BadInput as refusal:
            _refuse(form, refusal)
    rows = latest_replays()
    status = 422 if form.errors else 200
    return page("replays.html", status, form=form, rows=rows, told=changes_in_words, parts=parts_in_use())


def _changes(form: ReplayForm) -> Changes:
    """What the form says otherwise than it is."""
    now = shown_configuration()
    weights = {name: form[name].data for name in parts_in_use() if form[name].data != now[name]}
    budget = form.budget.data if form.budget.data != now[BUDGET] else None
    return Changes(weights, budget)


def _refuse(form: ReplayForm, refusal: BadInput) -> None:
    for name, sentences in sentences_by_field(refusal.problems).items():
        if name in form:
            form[name].errors = [*form[name].errors, *sentences]
        else:
            form.form_errors += sentences


@blueprint.get(f"/replays/<int(max={LARGEST_ID}):row_id>")
def replay(row_id: int) -> ResponseReturnValue:
    """How far it is, or what it found."""
    row = replay_with(row_id)
    found = Replayed.from_document(row.result) if row.result else None
    return page(
        "replay.html",
        row=row,
        found=found,
        told=changes_in_words(row),
        fits=found is not None and row.applied_at is None and still_fits(row),
        share=_share,
        **(_names(found) if found else {}),
    )


@blueprint.post(f"/replays/<int(max={LARGEST_ID}):row_id>/apply")
def apply_the_replay(row_id: int) -> ResponseReturnValue:
    """Let the change hold from now on."""
    with transaction():
        apply_replay(replay_with(row_id), by=me())
    flash(_("The change holds from now on."), "success")
    return back_to(url_for("admin.replay", row_id=row_id))


def changes_in_words(row: Replay) -> list[str]:
    """One sentence per thing that would be otherwise."""
    changes = Changes.from_document(row.changes)
    said = [f"{PARTS[name]} → {number(value)}" for name, value in changes.weights.items() if name in PARTS]
    if changes.budget is not None:
        said.append(_("Wrong choices allowed → %(budget)s", budget=rounded(changes.budget)))
    for code, values in changes.topics.items():
        said.append(_("Topic %(code)s", code=code) + _topic_words(values))
    return said


def _topic_words(values: Any) -> str:
    was = values.get("was", {})
    more = [word for word in values.get("synonyms", ()) if word not in was.get("synonyms", ())]
    less = [word for word in was.get("synonyms", ()) if word not in values.get("synonyms", was.get("synonyms", ()))]
    words = [f"+ {word}" for word in more] + [f"− {word}" for word in less]
    return f"{_(':')} {', '.join(words)}" if words else ""


def _share(part: int, whole: int) -> str:
    return rounded(part / whole) if whole else "–"


def _names(found: Replayed) -> dict[str, Any]:
    """References and names for the tickets that are listed: those where it matters first."""
    order = {Effect.WORSE: 0, Effect.BETTER: 1, Effect.OTHER: 2}
    changed = sorted(found.changed, key=lambda each: (order[each.effect], -each.ticket_id))[:LISTED]
    people = {person for each in changed for person in (each.was_first, each.would_be_first, each.answered_by)}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(people - {None})))
    refs = select(Ticket.id, Ticket.ref).where(Ticket.id.in_([each.ticket_id for each in changed]))
    return {
        "changed": changed,
        "names": {row.id: row.name for row in rows},
        "refs": {row.id: row.ref for row in db.session.execute(refs)},
        "all_changed": sum(found.counts.values()),
    }

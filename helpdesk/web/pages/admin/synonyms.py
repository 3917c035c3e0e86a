"""Words that mean the same: groups of them, what a change would do to a question, and the file of all."""

from __future__ import annotations

import yaml
from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.db import db, transaction
from helpdesk.errors import NotFound
from helpdesk.loading.synonyms import as_document
from helpdesk.routing.models import Replay
from helpdesk.routing.replays import ask_for_replay
from helpdesk.routing.synonym_changes import changed_groups
from helpdesk.routing.synonyms import draft_of, groups, in_force, instead_of, put_group, remove_group
from helpdesk.search.equivalents import Group
from helpdesk.search.models import SynonymGroup
from helpdesk.web.forms.synonyms import SynonymForm, shown_synonyms
from helpdesk.web.pages.admin.place import LARGEST_ID, blueprint, clash, page, save
from helpdesk.web.pages.admin.trial import Trial, trial_of
from helpdesk.web.signing_in import back_to, me

WITHOUT = "without"


@blueprint.get("/synonyms")
def synonyms() -> ResponseReturnValue:
    """All groups."""
    return page("synonyms.html", groups=groups())


@blueprint.get("/synonyms.yaml")
def synonyms_file() -> ResponseReturnValue:
    """The same as a file that `bin/relais load` reads."""
    text = yaml.safe_dump(as_document(groups()), allow_unicode=True, sort_keys=False, width=120)
    headers = {"Content-Disposition": "attachment; filename=synonyms.yaml"}
    return Response(text, content_type="application/yaml; charset=utf-8", headers=headers)


@blueprint.route("/new/synonyms", methods=["GET", "POST"])
def new_synonym_group() -> ResponseReturnValue:
    """Add a group, or try what it would do."""
    form = SynonymForm()
    trial = None
    if form.validate_on_submit():
        if _is_trial():
            trial = _tried(form, None)
        elif "replay" in request.form:
            if (replay := _on_past_questions(form, None)) is not None:
                return back_to(url_for("admin.replay", row_id=replay.id))
        elif save(form, lambda: put_group(None, _draft(form), by=me())) is not None:
            flash(_("The words are added. They count from the next question on."), "success")
            return back_to(url_for("admin.synonyms"))
    return page("synonym_group.html", form.status, form=form, group=None, trial=trial)


@blueprint.route("/synonyms/<int:row_id>", methods=["GET", "POST"])
def synonym_group(row_id: int) -> ResponseReturnValue:
    """One group."""
    row = _found(row_id)
    form = SynonymForm(data=shown_synonyms(row))
    trial = None
    if not form.is_submitted():
        form.remember(shown_synonyms(row))
    elif form.validate():
        if _is_trial():
            trial = _tried(form, row)
        elif "replay" in request.form:
            if (replay := _on_past_questions(form, row)) is not None:
                return back_to(url_for("admin.replay", row_id=replay.id))
        else:
            done = save(
                form,
                lambda: put_group(_found(row_id), _draft(form), by=me()),
                now=lambda: shown_synonyms(_found(row_id)),
            )
            if done is not None:
                flash(
                    _("Nothing had changed.")
                    if done[1] == "unchanged"
                    else _("Saved. It counts from the next question on."),
                    "success",
                )
                return back_to(url_for("admin.synonyms"))
    return page(
        "synonym_group.html", form.status, form=form, group=row, trial=trial, clash=clash(form, "synonyms", row_id)
    )


@blueprint.post("/synonyms/<int:row_id>/remove")
def remove_synonym_group(row_id: int) -> ResponseReturnValue:
    """Take a group out."""
    with transaction():
        remove_group(_found(row_id), by=me())
    flash(_("These words are no longer taken for one another."), "success")
    return back_to(url_for("admin.synonyms"))


def _found(row_id: int) -> SynonymGroup:
    row = db.session.get(SynonymGroup, row_id) if row_id <= LARGEST_ID else None
    if row is None:
        raise NotFound()
    return row


def _is_trial() -> bool:
    return "try" in request.form


def _draft(form: SynonymForm) -> Group:
    return draft_of(form.french.lines, form.english.lines, bool(form.one_way.data))


def _on_past_questions(form: SynonymForm, row: SynonymGroup | None) -> Replay | None:
    """Have a worker find out what the words typed, or none of them, would have done; the groups stay as they are."""
    changes = changed_groups([(row, Group() if row and request.form["replay"] == WITHOUT else _draft(form))])
    return save(form, lambda: ask_for_replay(changes, form.last.data, by=me()), names={"changes": "french"})


def _tried(form: SynonymForm, row: SynonymGroup | None) -> Trial | None:
    """What the question would bring now and with what was typed; None, and an error beside it, without a question."""
    if not form.question.data:
        form.question.errors = [*form.question.errors, _("Write a question to try, as somebody would ask it.")]
        return None
    return trial_of(form.question.data, in_force(), instead_of(row.id if row else None, _draft(form)))

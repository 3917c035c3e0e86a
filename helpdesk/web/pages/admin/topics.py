"""Topics: what people are asked about, the words for it, and who knows it."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.directory import department_with
from helpdesk.errors import NotFound, Problem
from helpdesk.reports.topics import by_department, who_knows
from helpdesk.routing.models import Replay, Topic
from helpdesk.routing.replays import LAST, ask_for_replay, changed_topic
from helpdesk.routing.topics import put_topic, topic_with
from helpdesk.web.forms.admin_organisation import NewTopicForm, TopicForm, shown_topic
from helpdesk.web.pages.admin.place import blueprint, clash, department_choices, every_problem, page, save, words_asked
from helpdesk.web.signing_in import back_to, me


@blueprint.get("/topics")
def topics() -> ResponseReturnValue:
    """All of them, by department, with how many experts know each."""
    return page("topics.html", groups=by_department())


@blueprint.route("/new/topic", methods=["GET", "POST"])
def new_topic() -> ResponseReturnValue:
    """Add one."""
    form = NewTopicForm(data={"active": True, "department": words_asked("department")})
    form.department.choices = department_choices()
    if form.validate_on_submit():
        topic = save(form, lambda: _add(form))
        if topic is not None:
            flash(_("The topic is added. Next: say on each person's page who knows it."), "success")
            return back_to(url_for("admin.topic", code=topic.code))
    return page("topic.html", form.status, form=form, topic=None, skills=[])


def _add(form: NewTopicForm) -> Topic:
    with every_problem() as problems:
        if topic_with(form.code.data) is not None:
            problems.append(Problem("code", "code_taken"))
        return put_topic(form.code.data, by=me(), **_values(form))[0]
    raise AssertionError("every problem is raised")


@blueprint.route("/topics/<code>", methods=["GET", "POST"])
def topic(code: str) -> ResponseReturnValue:
    """One of them."""
    row = _found(code)
    form = TopicForm(data=shown_topic(row))
    form.department.choices = department_choices(row.department.code)
    if not form.is_submitted():
        form.remember(shown_topic(row))
    elif form.validate() and "try" in request.form:
        replay = save(form, lambda: _try(row, form), names={"changes": "synonyms"})
        if replay is not None:
            return back_to(url_for("admin.replay", row_id=replay.id))
    elif form.validate():
        done = save(form, lambda: put_topic(code, by=me(), **_values(form)), now=lambda: shown_topic(_found(code)))
        if done is not None:
            flash(_("Nothing had changed.") if done[1] == "unchanged" else _("Saved."), "success")
            return back_to(url_for("admin.topic", code=code))
    return page(
        "topic.html", form.status, form=form, topic=row, skills=who_knows(row), clash=clash(form, "topic", row.id)
    )


def _found(code: str) -> Topic:
    row = topic_with(code)
    if row is None:
        raise NotFound()
    return row


def _try(topic: Topic, form: TopicForm) -> Replay:
    """Have a worker find out what the words typed would have done; the topic stays as it is."""
    return ask_for_replay(changed_topic(topic, **_values(form)), LAST, by=me())


def _values(form: TopicForm) -> dict[str, Any]:
    """What the form says, as `put_topic` takes it."""
    return {
        "label_fr": form.label_fr.data,
        "label_en": form.label_en.data,
        "department": department_with(form.department.data) or abort(404),
        "synonyms": form.synonyms.lines,
        "active": form.active.data,
    }

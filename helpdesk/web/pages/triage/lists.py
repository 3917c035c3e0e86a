"""The working lists, and their counts for pages that stay open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from flask_login import current_user
from sqlalchemy import select
from wtforms.fields.choices import SelectChoice

from helpdesk.accounts.access import Can, roles_ever_allowed
from helpdesk.accounts.models import Department, Person
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.errors import BadInput
from helpdesk.routing.models import Topic
from helpdesk.tickets import queues
from helpdesk.tickets.classes import PRIORITIES as PRIORITY_CODES
from helpdesk.tickets.workflow import Queue
from helpdesk.web.forms.triage import FilterForm, listed
from helpdesk.web.labels import PRIORITIES
from helpdesk.web.language import language_now
from helpdesk.web.looks import navigation
from helpdesk.web.signing_in import me
from helpdesk.web.waiting import by_queue

PAGE = 40
PASTE = "pasting.paste"  # the page where a public post is pasted, when this installation has it


@dataclass(frozen=True)
class List:
    """One tab: what it lists, and what is said when it is empty."""

    label: Any
    empty: Any
    hint: Any
    queue: Queue | None = None
    late: bool = False
    mine: bool = False
    one_state: bool = True  # every row stands in the same state: not repeated on each
    held: bool = True  # somebody can be holding its rows
    icon: str = "inbox"


LISTS: dict[str, List] = {
    "triage": List(
        _l("To triage"),
        _l("All read"),
        _l("New questions appear here by themselves."),
        Queue.TRIAGE,
    ),
    "route": List(_l("To route"), _l("Everybody has been asked"), _l("Triaged questions wait here."), Queue.ROUTE),
    "expert": List(
        _l("With an expert"),
        _l("No expert is at work"),
        _l("Questions that were offered to somebody stand here."),
        Queue.EXPERT,
        one_state=False,
        icon="person-workspace",
    ),
    "approval": List(
        _l("To approve"),
        _l("Nothing waits for approval"),
        _l("Answers handed over by experts stand here."),
        Queue.APPROVAL,
        icon="patch-check",
    ),
    "publish": List(
        _l("To publish"), _l("Everything is published"), _l("Approved answers stand here."), Queue.PUBLISH, icon="send"
    ),
    "late": List(
        _l("Late"), _l("Nothing is late"), _l("All is on time."), late=True, one_state=False, icon="clock-history"
    ),
    "mine": List(
        _l("Mine"),
        _l("You follow nothing"),
        _l("What you take or triage stays on this list until it is over."),
        mine=True,
        one_state=False,
        icon="person-check",
    ),
    "answered": List(
        lazy_pgettext("questions", "Answered"),
        _l("Nothing yet"),
        _l("Published answers stand here."),
        Queue.ANSWERED,
        held=False,
    ),
    "closed": List(
        lazy_pgettext("questions", "Closed"),
        _l("Nothing yet"),
        _l("What is over stands here."),
        Queue.CLOSED,
        one_state=False,
        held=False,
        icon="archive",
    ),
    "restricted": List(
        lazy_pgettext("questions", "Restricted"),
        _l("Nothing"),
        _l("Questions of the press, legal, security and data circuits on which you are named stand here."),
        Queue.RESTRICTED,
        icon="shield-lock",
    ),
}
RARE = ("closed", "restricted")  # lists that are shown when there is a reason to: see the template
BY_COUNTER = {name: each.queue for name, each in LISTS.items() if each.queue is not None}


def inbox() -> ResponseReturnValue:
    """One working list; the address holds which (`queue`), the filters, and the place in it (`cursor`)."""
    name = request.args.get("queue", "")
    name = name if name in LISTS else next(iter(LISTS))
    chosen = Filters.of_request()
    numbers = counted(me())
    page = _page(LISTS[name], chosen)
    return render_template(
        "triage/inbox.html",
        name=name,
        list=LISTS[name],
        tabs_shown=_tabs(name, numbers, chosen),
        page=page,
        filters=chosen.form,
        filtered=chosen.given,
        address=lambda **changes: url_for("triage.inbox", **_values(name, chosen, **changes)),
        clear_url=url_for("triage.inbox", queue=name),
        paste_url=url_for(PASTE) if PASTE in current_app.view_functions else None,
        most_counted=queues.MOST_COUNTED,
    )


def counts() -> ResponseReturnValue:
    """The counts of the person's workplaces and lists as JSON; 304 while none of them moved."""
    if not current_user.is_authenticated:
        return Response(status=401)
    has_inbox = not current_user.roles.isdisjoint(roles_ever_allowed(Can.TRIAGE))
    of_places = {place["key"]: place["count"] for place in navigation(me()) if place["key"]}
    response = jsonify(counts=(counted(me()) if has_inbox else {}) | of_places)
    response.add_etag()
    response.cache_control.no_cache = True
    return response.make_conditional(request)


def counted(person: Person) -> dict[str, int]:
    """List name to how many tickets of it `person` may see; `late` and `mine` up to `queues.MOST_COUNTED`."""
    numbers = {name: by_queue(person)[queue] for name, queue in BY_COUNTER.items()}
    return numbers | {"late": queues.late_count(person), "mine": queues.mine_count(person)}


def _page(shown: List, chosen: Filters) -> queues.Page:
    def walk(cursor: str | None) -> queues.Page:
        return queues.page(
            me(), shown.queue, late=shown.late, mine=shown.mine, limit=PAGE, cursor=cursor, **chosen.rows
        )

    try:
        return walk(request.args.get("cursor") or None)
    except BadInput:  # an address of another list, or cut short on its way: the first page is what was meant
        return walk(None)


def _tabs(current: str, numbers: dict[str, int], chosen: Filters) -> list[dict[str, Any]]:
    return [
        {
            "label": shown.label,
            "url": url_for("triage.inbox", **_values(name, chosen)),
            "count": numbers[name],
            "current": name == current,
            "key": name,
            "alarm": shown.late,
        }
        for name, shown in LISTS.items()
        if name not in RARE or name == current or (name == "restricted" and numbers[name])
    ]


def _values(name: str, chosen: Filters, **changes: Any) -> dict[str, Any]:
    return {"queue": name, **chosen.given, **changes}


@dataclass(frozen=True)
class Filters:
    """What the address asks for: `given` as it stands there, `rows` as the reader of queues takes it."""

    form: FilterForm
    given: dict[str, str]
    rows: dict[str, Any]

    @classmethod
    def of_request(cls) -> Filters:
        departments = _all(Department, Department.active, Department.name)
        topics = _all(Topic, Topic.active, Topic.label_en if language_now() == "en" else Topic.label_fr)
        channels = _all(Channel, Channel.active, Channel.code)
        form = FilterForm(request.args)
        form.department.choices = _choices(departments, lambda row: row.name)
        form.topic.choices = _choices(topics, lambda row: row.label(language_now()))
        form.channel.choices = _choices(channels, lambda row: row.code)
        form.priority.choices = listed([("", _("All")), *((code, PRIORITIES[code]) for code in PRIORITY_CODES)])
        known = {
            "department": {row.code: row for row in departments},
            "topic": {row.code: row for row in topics},
            "channel": {row.code: row for row in channels},
            "priority": {code: code for code in PRIORITY_CODES},
        }
        asked = {name: request.args.get(name, "") for name in known}
        rows = {name: known[name][value] for name, value in asked.items() if value in known[name]}
        return cls(form, {name: asked[name] for name in rows}, rows)


def _all(model: Any, condition: Any, order: Any) -> list[Any]:
    return list(db.session.scalars(select(model).where(condition).order_by(order)))


def _choices(rows: list[Any], label: Callable[[Any], str]) -> list[SelectChoice]:
    return listed([("", _("All")), *((row.code, label(row)) for row in rows)])

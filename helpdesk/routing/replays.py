"""Replays that administrators ask for: kept as rows, worked out by a worker, and applied when somebody confirms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from helpdesk import clock, outbox
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.accounts.organisation import setting
from helpdesk.accounts.permitting import ensure_role
from helpdesk.db import db
from helpdesk.errors import BadInput, Conflict, NotFound, Problem
from helpdesk.outbox import Lane
from helpdesk.routing.changes import LARGEST_BUDGET, LEAST_BUDGET, Changes
from helpdesk.routing.models import Replay, ReplayState, Topic
from helpdesk.routing.replayed import Replayed
from helpdesk.routing.steering import set_budget, set_weights
from helpdesk.routing.synonym_changes import problems_of_changes, put_changes, still_fit
from helpdesk.routing.topics import put_topic, topic_with
from helpdesk.routing.weights import MOST as MOST_WEIGHT
from helpdesk.routing.weights import is_weight, weights_of

JOB = "workers.replaying.run"
MOST = 5_000
"""Tickets that a replay of a page looks at, at most."""
LAST = 1_000
"""Tickets that a page looks at when nothing else is said."""
SHOWN = 10


def ask_for_replay(changes: Changes, last: int, *, by: Person) -> Replay:
    """Have a worker find out what `changes` would have done on the `last` decided tickets. Raises BadInput."""
    ensure_role(by, Can.ADMINISTER)
    if problems := _problems(changes, last):
        raise BadInput(problems)
    row = Replay(
        asked_by_id=by.id, asked_at=clock.now(), changes=changes.as_document(), last=last, state=ReplayState.WAITING
    )
    db.session.add(row)
    db.session.flush()
    outbox.put(JOB, Lane.UPKEEP, replay_id=row.id)
    return row


def _problems(changes: Changes, last: int) -> list[Problem]:
    problems = [] if changes else [Problem("changes", "nothing_changes")]
    for name, weight in changes.weights.items():
        if not is_weight(weight):
            problems.append(Problem(name, "not_a_weight", {"most": int(MOST_WEIGHT)}))
    if changes.budget is not None and not LEAST_BUDGET <= changes.budget <= LARGEST_BUDGET:
        problems.append(Problem("budget", "budget_out_of_range"))
    problems += problems_of_changes(changes.synonyms)
    if not 1 <= last <= MOST:
        problems.append(Problem("last", "out_of_range", {"least": 1, "most": MOST}))
    return problems


def replay_with(replay_id: int) -> Replay:
    """One of them. Raises NotFound."""
    row = db.session.get(Replay, replay_id)
    if row is None:
        raise NotFound()
    return row


def latest_replays() -> Sequence[Replay]:
    """The last few, newest first."""
    return db.session.scalars(select(Replay).order_by(Replay.id.desc()).limit(SHOWN)).all()


def apply_replay(row: Replay, *, by: Person) -> None:
    """Make the change that was replayed. Raises Conflict when it was made already, or what it started from changed."""
    ensure_role(by, Can.ADMINISTER)
    db.session.refresh(row, with_for_update=True)
    if row.state is not ReplayState.DONE or row.applied_at is not None or not still_fits(row):
        raise Conflict("changed_meanwhile")
    changes = Changes.from_document(row.changes)
    if changes.weights:
        set_weights(changes.weights, by=by)
    if changes.budget is not None:
        set_budget(changes.budget, by=by)
    for code, values in changes.topics.items():
        topic = topic_with(code)
        if topic is None:
            raise NotFound()
        put_topic(code, by=by, department=topic.department, **{k: v for k, v in values.items() if k != "was"})
    put_changes(changes.synonyms, by=by)
    row.applied_at, row.applied_by_id = clock.now(), by.id


def still_fits(row: Replay) -> bool:
    """Whether the matcher is still set as it was when the replay was worked out."""
    if row.result is None:
        return False
    found = Replayed.from_document(row.result)
    now = {str(part): weight for part, weight in weights_of(setting("matcher_weights")).items()}
    same_topics = all(
        (topic := topic_with(code)) is not None and topic_values(topic) == values.get("was")
        for code, values in row.changes["topics"].items()
    )
    same_settings = found.weights_before == now and found.budget_before == setting("wrong_route_budget")
    return same_settings and same_topics and still_fit(row.changes.get("synonyms", ()))


def topic_values(topic: Topic) -> dict[str, Any]:
    """What a replay of a topic rests on."""
    return {
        "label_fr": topic.label_fr,
        "label_en": topic.label_en,
        "synonyms": list(topic.synonyms),
        "active": topic.active,
    }


def changed_topic(topic: Topic, **values: Any) -> Changes:
    """The change of one topic, as `ask_for_replay` takes it."""
    was = topic_values(topic)
    wanted = {name: values[name] for name in was if name in values and values[name] != was[name]}
    return Changes(topics={topic.code: {**wanted, "was": was}} if wanted else {})

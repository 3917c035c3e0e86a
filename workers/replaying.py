"""Working out what a change of the matcher would have done."""

from __future__ import annotations

from helpdesk import clock, outbox
from helpdesk.db import db, transaction
from helpdesk.outbox import OutboxRow
from helpdesk.routing.changes import Changes
from helpdesk.routing.models import Replay, ReplayState
from helpdesk.routing.replaying import TookTooLong, replay
from helpdesk.search.index import IndexUnusable

SECONDS = 150
"""Shorter than RQ lets a job run."""
TOLD_EVERY = 25
"""Tickets after which the page learns how far it is."""


def run(row: OutboxRow) -> None:
    """Do the replay, and keep what was found. One that was done is left as it is."""
    kept = db.session.get(Replay, row.payload["replay_id"])
    if kept is None:
        raise outbox.Permanent(f"there is no replay {row.payload['replay_id']}")
    if kept.state in (ReplayState.DONE, ReplayState.FAILED):
        return
    replay_id, changes, last = kept.id, Changes.from_document(kept.changes), kept.last
    _note(replay_id, state=ReplayState.RUNNING, done=0)

    def progress(done: int) -> None:
        if done % TOLD_EVERY == 0:
            _note(replay_id, done=done)

    try:
        found = replay(changes, last, progress=progress, seconds=SECONDS)
    except (IndexUnusable, TookTooLong) as failure:
        problem = "too_long" if isinstance(failure, TookTooLong) else "index"
        _note(replay_id, state=ReplayState.FAILED, problem=problem, finished_at=clock.now())
        return
    done = found.n + found.gone
    _note(replay_id, state=ReplayState.DONE, done=done, result=found.as_document(), finished_at=clock.now())


def _note(replay_id: int, **values: object) -> None:
    with transaction() as session:
        kept = session.get_one(Replay, replay_id)
        for name, value in values.items():
            setattr(kept, name, value)

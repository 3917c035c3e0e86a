"""Keeping what decided questions teach: a file beside the index, made by a worker of this machine from the database.

Like the index it is derived and can be thrown away. Readers map it into memory, so what a question does not touch is
never read, and all processes of a machine share it; a new one takes its place in one step.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from datetime import datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Select, func, select

from helpdesk.answers.models import AnswerVersion, OfficialAnswer
from helpdesk.db import db
from helpdesk.routing.asked import query_of
from helpdesk.routing.features import counted
from helpdesk.routing.linear import Example, LinearModel, importance
from helpdesk.search.index import Index
from helpdesk.tickets.models import Question, Ticket

log = logging.getLogger(__name__)

FEWEST = 50
"""Decided questions before anything is learned from them: word statistics of fewer say nothing."""
STEP, STEP_SHARE = 20, 0.02
"""New decided questions, in number and as a share of those known, that are learned together."""
ANEW_SHARE = 0.25
"""When so many were added, all are learned afresh: small steps let old ones count for less than they should."""
MOST = 20_000
"""Questions learned from: the latest."""
MOST_REPLAYED = 5_000
"""The same, when the past is replayed: a model for each of many instants."""
LOOK_AGAIN = 1.0
"""Seconds a process trusts the file it has open."""


class _Open(NamedTuple):
    model: LinearModel | None
    version: tuple[int, int] | None
    looked: float


_open: dict[Path, _Open] = {}


def the_model(index: Index) -> LinearModel | None:
    """What was learned on the machine of `index`; None before there was enough, or when another version wrote it."""
    path, now = _path(index), time.monotonic()
    held = _open.get(path)
    if held is None or now - held.looked >= LOOK_AGAIN:
        version = _version(path)
        same = held is not None and held.version == version
        held = _open[path] = _Open(held.model if held and same else _read(path), version, now)
    return held.model


def keep_up(index: Index) -> int:
    """Learn what was decided since, when it is enough to matter. Returns how many questions the model then knows."""
    known = _read(_path(index))
    through = known.through if known else 0
    new = AnswerVersion.id > through
    waiting = db.session.scalar(select(func.count()).select_from(_decided().where(new).subquery())) or 0
    learned = known.learned if known else 0
    if learned + waiting < FEWEST or waiting < max(STEP, STEP_SHARE * learned):
        return learned
    if known is not None and learned + waiting <= known.fitted * (1 + ANEW_SHARE):
        taught, before = _taught(new), _taught(AnswerVersion.id.in_(_some(through, waiting)))
        model = known.updated(taught.examples, before.examples).up_to(taught.through)
    else:
        taught = _taught()
        model = LinearModel.fit(taught.examples).up_to(taught.through)
    _write(_path(index), model.to_bytes())
    log.info("learned from %s decided questions of %s experts", model.learned, len(model.experts))
    return model.learned


def taught_before(instant: datetime) -> LinearModel | None:
    """What had been learned from the questions decided before a past instant; None while they were too few."""
    taught = _taught(AnswerVersion.approved_at < instant, most=MOST_REPLAYED)
    return LinearModel.fit(taught.examples) if len(taught.examples) >= FEWEST else None


# --- decided questions ------------------------------------------------------------------------------------------------


class _Taught(NamedTuple):
    examples: Sequence[Example]
    through: int
    """The last version among them."""


def _decided() -> Select[int, str | None, str, str | None, int, datetime]:
    """The first versions of official answers, with a question each was written for. Restricted tickets stay out."""
    return (
        select(
            AnswerVersion.id,
            Question.subject,
            Question.text,
            Ticket.language,
            AnswerVersion.author_id,
            AnswerVersion.approved_at,
        )
        .join(OfficialAnswer, OfficialAnswer.id == AnswerVersion.official_answer_id)
        .join(Ticket, Ticket.id == OfficialAnswer.ticket_id)
        .join(Question, Question.ticket_id == Ticket.id)
        .where(AnswerVersion.version == 1, Ticket.restricted.is_(False))
    )


def _taught(*which: ColumnElement[bool], most: int = MOST) -> _Taught:
    """The latest decided questions of those, oldest first."""
    rows = db.session.execute(_decided().where(*which).order_by(AnswerVersion.id.desc()).limit(most)).all()[::-1]
    latest = max((row.approved_at for row in rows), default=None)
    examples = []
    for row in rows:
        features = counted(query_of(row.subject, row.text, row.language))
        examples.append(Example(features, (row.author_id,), importance(latest - row.approved_at)))
    return _Taught(examples, max((row.id for row in rows), default=0))


def _some(through: int, count: int) -> Sequence[int]:
    """Numbers to rehearse of those learned before; the same ones each time."""
    chosen = np.random.default_rng(through).choice(through, min(2 * count, through), replace=False)
    return [1 + number for number in chosen.tolist()]


# --- the file ---------------------------------------------------------------------------------------------------------


def _path(index: Index) -> Path:
    return index.location().with_name("learned") / "model"


def _version(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _read(path: Path) -> LinearModel | None:
    try:
        with path.open("rb") as file:
            return LinearModel.from_bytes(mmap(file.fileno(), 0, access=ACCESS_READ))
    except FileNotFoundError:
        return None
    except ValueError as unfit:  # torn, empty or of another version: it will be made anew
        log.warning("what was learned can't be read (%s): it is learned anew", unfit)
        return None


def _write(path: Path, kept: bytes) -> None:
    """Whole or not at all, whatever happens meanwhile."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(kept)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)

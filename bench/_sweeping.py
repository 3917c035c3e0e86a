"""What it costs to notice that clocks passed their thresholds, with the same number of tickets due at every size."""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import case, delete, func, select, update

from bench._report_pages import Door
from helpdesk import clock
from helpdesk.db import db, transaction
from helpdesk.escalation.models import Notice, Passing
from helpdesk.escalation.sweeping import sweep
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queues import OPEN_QUEUES

DUE = 100
WARM = 2
FAR = timedelta(days=365)


def sweeps(doors: Mapping[int, Door], rounds: int) -> dict[int, float]:
    """Size → median processor seconds of a sweep that finds DUE tickets, asked in turns. Raises RuntimeError when it
    finds others."""
    spent: dict[int, list[float]] = {size: [] for size in doors}
    waiting = {size: _as_in_service(each) for size, each in doors.items()}
    for number in range(WARM + rounds):
        for size, each in doors.items():
            with each.inside():
                _let_fall_due(random.Random(number).sample(waiting[size], DUE))
                each.settle()
                began = each.spent()
                found = sweep()
                if number >= WARM:
                    spent[size].append(each.spent() - began)
                _check(found)
    return {size: statistics.median(times) for size, times in spent.items()}


def _as_in_service(each: Door) -> list[int]:
    """Let everything have been looked at: open tickets are next due much later. Returns their ids."""
    with each.inside():
        later = clock.now() + FAR
        with transaction() as session:
            is_open = Ticket.queue.in_(OPEN_QUEUES)
            session.execute(update(Ticket).values(warn_at=case((is_open, later), else_=None)))
        return list(db.session.scalars(select(Ticket.id).where(Ticket.warn_at.is_not(None))))


def _let_fall_due(ids: list[int]) -> None:
    """These now, and those that were looked at before much later again: time goes on while this measures."""
    later = clock.now() + FAR
    with transaction() as session:
        session.execute(update(Ticket).where(Ticket.warn_at < later - FAR / 2).values(warn_at=later))
        session.execute(delete(Notice))
        session.execute(delete(Passing))
        session.execute(update(Ticket).where(Ticket.id.in_(ids)).values(warn_at=clock.now() - timedelta(minutes=1)))


def _check(found: int) -> None:
    noticed = db.session.scalar(select(func.count()).select_from(Passing)) or 0
    if found != DUE or not noticed:
        raise RuntimeError(f"{DUE} tickets were due, {found} were looked at, {noticed} thresholds noticed")

"""What an administrator should look at: gaps in the directory, things that failed, parts that are away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select

from config import Settings
from helpdesk import readiness
from helpdesk.accounts.models import Department, Person
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.notifications.models import LetterState
from helpdesk.reports import outgoing
from helpdesk.reports.people import LACKING
from helpdesk.reports.topics import Known, thinly_known
from helpdesk.routing.models import Offer, OfferState

MOST_COUNTED = 1_000
EXAMPLES = 5


@dataclass(frozen=True)
class Gap:
    """How many people lack something (counted up to MOST_COUNTED), and the first of them by name."""

    lacking: str
    count: int
    first: Sequence[Person]


@dataclass(frozen=True)
class Attention:
    """Everything that asks for a look, at one instant."""

    topics: list[Known]
    gaps: list[Gap]
    headless: Sequence[Department]
    closed_channels: Sequence[Channel]
    no_channel: bool
    held_by_leavers: int
    failed_jobs: int
    failed_letters: int
    uncertain_letters: int
    away: dict[str, str]  # part of Relais to the reason why it cannot be used


def attention(settings: Settings) -> Attention:
    """Look at everything once. Bounded: the same cost for a large organisation as for a small one."""
    letters = outgoing.letter_counts()
    channels = db.session.scalars(select(Channel).order_by(Channel.code)).all()
    headless = select(Department).where(Department.active, Department.answers, Department.head_id.is_(None))
    return Attention(
        topics=thinly_known(),
        gaps=[gap for gap in map(_gap, LACKING) if gap.count],
        headless=db.session.scalars(headless.order_by(Department.name)).all(),
        closed_channels=[channel for channel in channels if not channel.active],
        no_channel=not any(channel.active and channel.accepts for channel in channels),
        held_by_leavers=_count(_held_by_leavers()),
        failed_jobs=outgoing.failed_count(),
        failed_letters=letters[LetterState.FAILED],
        uncertain_letters=letters[LetterState.UNCERTAIN],
        away={part: reason for part, reason in readiness.findings(settings).items() if reason},
    )


def _gap(lacking: str) -> Gap:
    people = select(Person).where(Person.active, LACKING[lacking])
    first = db.session.scalars(people.order_by(Person.directory_key).limit(EXAMPLES)).all()
    return Gap(lacking, _count(people.with_only_columns(Person.id)) if len(first) == EXAMPLES else len(first), first)


def _held_by_leavers() -> Select[int]:
    """Questions that wait for somebody who is no longer there."""
    return (
        select(Offer.id)
        .join(Person, Person.id == Offer.person_id)
        .where(Person.active.is_(False), Offer.state.in_((OfferState.OFFERED, OfferState.ACCEPTED)))
    )


def _count(query: Select[int]) -> int:
    some = query.limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0

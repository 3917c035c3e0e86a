"""Who would be suggested for a question before and after a change that is not saved. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.db import db
from helpdesk.routing.confidence import Mode
from helpdesk.routing.matching import Suggestions, suggestions_for_text
from helpdesk.routing.reasons import Reason, ReasonKind
from helpdesk.search.equivalents import Equivalents
from helpdesk.search.index import IndexUnusable

WORDS_SHOWN = 6


@dataclass(frozen=True)
class Tried:
    """One expert suggested. `other_place`: where the same person stands on the other side, counted from 1."""

    name: str
    department: str | None
    confidence: str
    words: Sequence[str]
    other_place: int | None


@dataclass(frozen=True)
class Side:
    experts: Sequence[Tried]
    sure: bool
    """False when Relais would rather not advise anybody."""


@dataclass(frozen=True)
class Trial:
    """Both sides. `ready` False: there is no index to ask just now."""

    before: Side | None = None
    after: Side | None = None

    @property
    def ready(self) -> bool:
        return self.before is not None

    @property
    def same(self) -> bool:
        return self.before == self.after


def trial_of(text: str, before: Equivalents, after: Equivalents) -> Trial:
    """What `text` would bring with the words in force and with the changed ones."""
    try:
        now = suggestions_for_text(text, equivalents=before)
        then = suggestions_for_text(text, equivalents=after)
    except IndexUnusable:
        return Trial()
    return Trial(_side(now, then), _side(then, now))


def _side(said: Suggestions, other: Suggestions) -> Side:
    places = {expert.person_id: place for place, expert in enumerate(other.experts, 1)}
    people = {row.id: row for row in db.session.scalars(select(Person).where(Person.id.in_(_ids(said))))}
    experts = [
        Tried(
            people[expert.person_id].name,
            department.name if (department := people[expert.person_id].department) else None,
            str(expert.confidence),
            _words(expert.reasons),
            places.get(expert.person_id),
        )
        for expert in said.experts
    ]
    return Side(experts, said.mode is not Mode.ABSTAIN)


def _ids(said: Suggestions) -> list[int]:
    return [expert.person_id for expert in said.experts]


def _words(reasons: Sequence[Reason]) -> list[str]:
    """The asker's words that speak for somebody."""
    told = (ReasonKind.WORDS, ReasonKind.CODE)
    words = [word for reason in reasons if reason.kind in told for word in reason.data["words"]]
    return words[:WORDS_SHOWN]

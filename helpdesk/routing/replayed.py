"""What a replay found: how good the matcher was on past tickets, and would have been. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import comb
from typing import Any

from helpdesk.routing.budget import FEWEST, asked_by_itself

MOST_LISTED = 500
"""Tickets that change, kept by name; all are counted."""
DOUBT = 0.05


@dataclass(frozen=True, slots=True)
class Said:
    """What one configuration says of one ticket."""

    shown: tuple[int, ...]
    """The people suggested, best first."""
    probability: float

    @property
    def first(self) -> int | None:
        return self.shown[0] if self.shown else None


@dataclass(frozen=True, slots=True)
class Judged:
    """One past ticket: who really answered, and what is said of it before and after the change."""

    ticket_id: int
    answered_by: int
    before: Said
    after: Said
    plain: bool = True
    """Neither urgent nor sensitive: Relais may ask by itself."""


@dataclass(frozen=True, slots=True)
class Side:
    """How good one configuration is, in tickets."""

    first: int
    among_three: int
    judged: int
    """Those for which enough was known before to ask without a person."""
    asked: int
    """Of these, how many Relais would have asked by itself."""
    wrong: int
    """Of these, how many went to somebody else than who answered."""


class Effect(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    OTHER = "other"
    """The first suggestion changes, from one wrong person to another."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A ticket whose first suggestion changes."""

    ticket_id: int
    answered_by: int
    was_first: int | None
    would_be_first: int | None
    effect: Effect


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result. `gone`: tickets left out, because whoever answered them is asked no more."""

    n: int
    gone: int
    since: str | None
    """When the oldest of them was routed (ISO 8601)."""
    budget_before: float
    budget_after: float
    weights_before: Mapping[str, float]
    before: Side
    after: Side
    counts: Mapping[str, int]
    """Effect → number of tickets whose first suggestion changes so."""
    changed: tuple[Changed, ...]

    @property
    def may_be_chance(self) -> bool:
        """Whether as many better and worse ones happen by chance more than once in twenty times (sign test)."""
        better, worse = self.counts[Effect.BETTER], self.counts[Effect.WORSE]
        count = better + worse
        tail = sum(comb(count, k) for k in range(min(better, worse) + 1))
        return bool(2 * tail > DOUBT * 2**count)

    def as_document(self) -> dict[str, Any]:
        """Plain JSON values, for keeping."""
        return asdict(self) | {"changed": [{**asdict(each), "effect": str(each.effect)} for each in self.changed]}

    @classmethod
    def from_document(cls, kept: Mapping[str, Any]) -> Replayed:
        changed = tuple(Changed(**{**each, "effect": Effect(each["effect"])}) for each in kept["changed"])
        sides = {name: Side(**kept[name]) for name in ("before", "after")}
        return cls(**{**kept, **sides, "changed": changed})


def compared(
    judged: Sequence[Judged],
    *,
    gone: int,
    since: str | None,
    budgets: tuple[float, float],
    weights_before: Mapping[str, float],
) -> Replayed:
    """The figures of tickets judged in the order in which they were routed, oldest first."""
    changed = [_changed(each) for each in judged if each.before.first != each.after.first]
    return Replayed(
        n=len(judged),
        gone=gone,
        since=since,
        budget_before=budgets[0],
        budget_after=budgets[1],
        weights_before=weights_before,
        before=_side([(each, each.before) for each in judged], budgets[0]),
        after=_side([(each, each.after) for each in judged], budgets[1]),
        counts={str(effect): sum(each.effect is effect for each in changed) for effect in Effect},
        changed=tuple(changed[-MOST_LISTED:]),
    )


def _changed(each: Judged) -> Changed:
    effect = Effect.OTHER
    if each.answered_by in (each.before.first, each.after.first):
        effect = Effect.BETTER if each.after.first == each.answered_by else Effect.WORSE
    return Changed(each.ticket_id, each.answered_by, each.before.first, each.after.first, effect)


def _side(said: Sequence[tuple[Judged, Said]], budget: float) -> Side:
    right = [each.answered_by == what.first for each, what in said]
    outcomes = [(what.probability, hit) for (_each, what), hit in zip(said, right, strict=True)]
    alone = [sure and each.plain for sure, (each, _what) in zip(asked_by_itself(outcomes, budget), said, strict=True)]
    return Side(
        first=sum(right),
        among_three=sum(each.answered_by in what.shown for each, what in said),
        judged=max(0, len(said) - FEWEST),
        asked=sum(alone),
        wrong=sum(asked and not hit for asked, hit in zip(alone, right, strict=True)),
    )

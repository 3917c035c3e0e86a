"""What could be done otherwise: a change of the matcher, tried on past tickets before it holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpdesk.routing.evidence import WEIGHTS
from helpdesk.routing.weights import MOST, is_weight

BUDGET = "budget"
LEAST_BUDGET, LARGEST_BUDGET = 0.001, 0.2
SETTABLE = (*(str(part) for part in WEIGHTS), BUDGET)
"""The names that a configuration may give a value."""


class UnknownChange(ValueError):
    """A name that stands for nothing, or a value it cannot have. The message is a sentence for an operator."""


@dataclass(frozen=True)
class Changes:
    """Only what is to be otherwise."""

    weights: Mapping[str, float] = field(default_factory=dict)
    """Part of the evidence → how much it would count (see `evidence.WEIGHTS`)."""
    budget: float | None = None
    """The share of automatic choices that may be wrong."""
    topics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Code of a topic → its `label_fr`, `label_en`, `synonyms` and `active` as they would be."""
    synonyms: Sequence[Mapping[str, Any]] = ()
    """Groups of equivalent words as they would be (see `synonym_changes`)."""

    @classmethod
    def of(cls, assignments: Sequence[str]) -> Changes:
        """From "name=value" words, as a command gives them. Raises UnknownChange."""
        values = dict(map(_assignment, assignments))
        budget = values.pop(BUDGET, None)
        return cls(values, budget)

    def as_document(self) -> dict[str, Any]:
        """Plain JSON values, for keeping."""
        return {
            "weights": dict(self.weights),
            "budget": self.budget,
            "topics": {code: dict(values) for code, values in self.topics.items()},
            "synonyms": [dict(change) for change in self.synonyms],
        }

    @classmethod
    def from_document(cls, kept: Mapping[str, Any]) -> Changes:
        return cls(kept["weights"], kept["budget"], kept["topics"], kept.get("synonyms", ()))

    def __bool__(self) -> bool:
        return bool(self.weights or self.topics or self.synonyms) or self.budget is not None


def _assignment(written: str) -> tuple[str, float]:
    name, equals, words = written.partition("=")
    if not equals or name not in SETTABLE:
        raise UnknownChange(f"“{written}” sets nothing; write NAME=NUMBER with one of {', '.join(SETTABLE)}")
    try:
        value = float(words)
    except ValueError:
        raise UnknownChange(f"“{words}” is no number for {name}; write {name}=1.5, for example") from None
    if name == BUDGET and not LEAST_BUDGET <= value <= LARGEST_BUDGET:
        raise UnknownChange(f"budget is a share from {LEAST_BUDGET:g} to {LARGEST_BUDGET:g}, such as 0.03")
    if name != BUDGET and not is_weight(value):
        raise UnknownChange(f"{name} is a number from 0 to {MOST:g}")
    return name, value

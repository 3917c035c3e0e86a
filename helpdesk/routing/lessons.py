"""What decided tickets say of the confidence: how to correct it, and from where Relais may ask by itself. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.routing.budget import MOST, threshold
from helpdesk.routing.confidence import Calibration, Decided


@dataclass(frozen=True)
class Lessons:
    calibration: Calibration | None = None
    automatic_from: float | None = None
    """See `confidence.Situation`."""


def lessons(decided: Sequence[Decided], budget: float) -> Lessons:
    """From the latest decided tickets, in order. `budget`: the share of automatic choices that may be wrong."""
    latest = [each for each in decided if each.raw > 0][-MOST:]
    calibration = Calibration.learn(latest)
    if calibration is None:
        return Lessons()
    spoken_for = [each for each in latest if each.fit >= calibration.least_fit_alone]
    outcomes = [(calibration.probability(each.raw), each.right) for each in spoken_for]
    return Lessons(calibration, threshold(outcomes, budget))

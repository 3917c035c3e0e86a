"""How sure a suggestion is, in a probability and in a word, and what may be done with it. Pure.

The probability comes from one of two fixed curves over what the ranking shows. While nothing was learned from decided
questions: how far the first stands before the second, how many of the asker's words are known for them, and how much
of the question is explained at all. Afterwards mostly from the points themselves, which add up like logarithms of
odds: the odds of the first against the next ones, and how much speaks for the first at all. The numbers of the first
curve were fitted on the labelled demonstration questions, those of the second on public questions of five kinds with
the same weight. Once enough tickets were decided, `Calibration` corrects the curve by what became of its suggestions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log

from helpdesk.routing.ranking import Signals

START = -3.1
FOR_MARGIN = 2.3
FOR_WORDS = 4.0
FOR_COVERAGE = 2.5
ENOUGH_WORDS = 4
"""More known words than this add nothing."""
LEARNED_START, LEARNED_FOR_ODDS, LEARNED_FOR_FIT, LEARNED_FOR_WORDS, LEARNED_FOR_COVERAGE = -0.8, 0.6, 0.2, 0.3, -2.7

LEAST_INFORMATIVE = 2
"""Terms that say something: with fewer, nobody can tell ("it does not work")."""
DECISIONS_TO_CALIBRATE = 200
DECISIONS_TO_TRUST = 100
"""With fewer decided tickets a person always chooses."""
HELD_BACK, HELD_BACK_ALONE = 0.05, 0.15
"""Of questions that were routed rightly, those with the least that speaks for anybody. What looks like them is taken
for somebody else's business: nobody is suggested, or at least nobody is asked without a person."""


class Mode(StrEnum):
    ABSTAIN = "abstain"
    PROPOSE = "propose"
    PREFILL = "prefill"
    AUTOMATIC = "automatic"


class Confidence(StrEnum):
    SURE = "sure"
    LIKELY = "likely"
    HESITANT = "hesitant"


SURE_FROM = 0.85
LIKELY_FROM = 0.6
ABSTAIN_BELOW = 0.5
PREFILL_FROM = 0.85
UNDECIDED_MARGIN = 0.15
"""When the best three are in three departments and the first is not further ahead than this, nobody can
tell."""


def raw_probability(signals: Signals) -> float:
    """The chance that the first suggestion is right, before it is corrected by decisions: 0 to 1."""
    if signals.informative < LEAST_INFORMATIVE or not signals.departments:
        return 0.0
    words = min(signals.matched, ENOUGH_WORDS) / ENOUGH_WORDS
    if signals.learned:
        strength = LEARNED_START + LEARNED_FOR_ODDS * signals.odds + LEARNED_FOR_FIT * signals.fit
        strength += LEARNED_FOR_WORDS * words + LEARNED_FOR_COVERAGE * signals.coverage
    else:
        strength = START + FOR_MARGIN * signals.margin + FOR_WORDS * words + FOR_COVERAGE * signals.coverage
    return _chance(strength)


@dataclass(frozen=True)
class Decided:
    """What the matcher said of a question, and what became of it."""

    raw: float
    fit: float
    right: bool


@dataclass(frozen=True)
class Calibration:
    """What decided tickets say of the curve: it is shifted and stretched (Platt 1999, "Probabilistic outputs for
    support vector machines"), and a question for which hardly anything speaks is known to belong to nobody."""

    shift: float
    stretch: float
    least_fit: float
    """With less that speaks for the first, nobody is suggested."""
    least_fit_alone: float
    """With less, nobody is asked without a person."""

    @classmethod
    def learn(cls, decided: Iterable[Decided]) -> "Calibration | None":
        """None when too few tickets were decided."""
        known = [each for each in decided if each.raw > 0]
        if len(known) < DECISIONS_TO_CALIBRATE:
            return None
        fits = sorted(each.fit for each in known if each.right) or [0.0]
        least, least_alone = (fits[int(share * len(fits))] for share in (HELD_BACK, HELD_BACK_ALONE))
        return cls(*_corrected([(_odds(each.raw), each.right) for each in known]), least, least_alone)

    def probability(self, raw: float) -> float:
        """What became of suggestions of this raw probability."""
        return _chance(self.shift + self.stretch * _odds(raw))


FIRM = 10.0
"""How firmly the curve is believed: as if so many tickets had confirmed it."""
LEAST_STRETCH = 0.05
"""A curve is never turned over: more evidence stays more probable."""


def _corrected(known: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Shift and stretch that make what became of suggestions most likely, by Newton's method (Bishop 2006, "Pattern
    Recognition and Machine Learning", section 4.3.3), drawn towards 0 and 1. From (log-odds, right)."""
    shift, stretch = 0.0, 1.0
    for _ in range(25):
        slope, slope_odds = -FIRM * shift, -FIRM * (stretch - 1)
        bend, bend_both, bend_odds = FIRM, 0.0, FIRM
        for odds, right in known:
            chance = _chance(shift + stretch * odds)
            missed, width = right - chance, chance * (1 - chance)
            slope += missed
            slope_odds += missed * odds
            bend += width
            bend_both += width * odds
            bend_odds += width * odds * odds
        whole = bend * bend_odds - bend_both * bend_both
        step = (bend_odds * slope - bend_both * slope_odds) / whole
        step_odds = (bend * slope_odds - bend_both * slope) / whole
        shift, stretch = shift + step, max(LEAST_STRETCH, stretch + step_odds)
        if abs(step) + abs(step_odds) < 1e-6:
            break
    return shift, stretch


def _chance(odds: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, odds))))


def _odds(chance: float) -> float:
    chance = min(max(chance, 1e-6), 1 - 1e-6)
    return log(chance / (1 - chance))


def probability(signals: Signals, calibration: Calibration | None = None) -> float:
    """The chance that the first suggestion is right, calibrated when that is possible."""
    raw = raw_probability(signals)
    return calibration.probability(raw) if calibration is not None and raw > 0 else raw


def in_words(chance: float) -> Confidence:
    """The word shown to people: no number pretends a precision that is not there."""
    if chance >= SURE_FROM:
        return Confidence.SURE
    return Confidence.LIKELY if chance >= LIKELY_FROM else Confidence.HESITANT


@dataclass(frozen=True)
class Situation:
    """What decides, besides the probability, how far a suggestion may go."""

    decided: int = 0
    """Tickets decided so far in the organisation."""
    calibration: Calibration | None = None
    automatic_from: float | None = None
    """The probability from which asking by itself keeps the budget (see `budget`); None: from none."""
    budget_spent: bool = False
    """Too many of the latest were wrong: a person chooses until it is better."""
    automatic_on: bool = False
    """An administrator turned automatic mode on."""
    prefill_on: bool = True
    """The first may be chosen beforehand; without it a person always chooses among three."""
    department_opted_in: bool = False
    """The department of the first suggestion takes automatic offers."""
    priority: str = "P3"
    sensitive: bool = False
    """Sensitive, restricted or touching personal data."""


def choose_mode(chance: float, signals: Signals, situation: Situation) -> Mode:
    """What may be done with the ranking: say "I don't know", propose, pre-fill the first, or offer by
    itself."""
    known = situation.calibration
    undecided = signals.departments >= 3 and signals.margin < UNDECIDED_MARGIN
    if signals.informative < LEAST_INFORMATIVE or chance < ABSTAIN_BELOW:
        return Mode.ABSTAIN
    if (undecided and chance < LIKELY_FROM) or (known is not None and signals.fit < known.least_fit):
        return Mode.ABSTAIN
    if situation.decided < DECISIONS_TO_TRUST:
        return Mode.PROPOSE
    if is_sure_alone(chance, signals, situation) and _may_be_automatic(situation):
        return Mode.AUTOMATIC
    return Mode.PREFILL if chance >= PREFILL_FROM and situation.prefill_on else Mode.PROPOSE


def is_sure_alone(chance: float, signals: Signals, situation: Situation) -> bool:
    """Whether it is sure enough for nobody to look at it, as far as the budget goes."""
    known, least = situation.calibration, situation.automatic_from
    return known is not None and least is not None and chance >= least and signals.fit >= known.least_fit_alone


def _may_be_automatic(situation: Situation) -> bool:
    return (
        situation.automatic_on
        and not situation.budget_spent
        and situation.department_opted_in
        and situation.priority in ("P3", "P4")
        and not situation.sensitive
    )

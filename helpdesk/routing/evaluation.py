"""Measuring the matcher on labelled questions, exactly as production runs it. Nothing is stored.

Each label is an expert; questions to learn from are their answered questions. Some of those, the last where times are
known, are first asked of what the others taught, and what came of it corrects the confidence and says from where Relais
may ask by itself.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from helpdesk.routing.budget import MOST
from helpdesk.routing.candidates import Candidate, presence
from helpdesk.routing.confidence import HELD_BACK, Decided, Mode, Situation, raw_probability
from helpdesk.routing.evidence import WEIGHTS, Part
from helpdesk.routing.features import counted
from helpdesk.routing.learning import Experience
from helpdesk.routing.lessons import Lessons, lessons
from helpdesk.routing.linear import Example, LinearModel, importance
from helpdesk.routing.matching import judge
from helpdesk.routing.nearness import Measure, Nearer, Retrieval
from helpdesk.search.documents import BEGINNING, LONGEST_HISTORY
from helpdesk.search.index import Document, Index, PersonDocument, PrecedentDocument, PrecedentKind
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex

BUDGET = 0.03
"""The share of automatic choices that may be wrong, unless said."""
COVERAGE = 0.8
REPLAYED = 0.2
"""At most this share of what is learned from is replayed to calibrate."""


Nearness = Callable[[Mapping[str, str]], Measure]
"""Key → text of the precedents there are, to how near those are to a question."""


@dataclass(frozen=True)
class Row:
    """A question. `labels`: any of these is right; empty: nobody should be chosen."""

    text: str
    labels: tuple[str, ...]
    language: str | None = None
    time: datetime | None = None
    """When it was asked, if known: what is learned from it fades."""
    answer: str = ""
    """What was answered. Only learned from, never asked."""


@dataclass(frozen=True)
class Figures:
    """What `routing-eval` prints. Shares are None when there is nothing to take a share of."""

    n: int
    top1: float | None
    top3: float | None
    mrr: float | None
    oos_auroc: float | None
    """How well what speaks for the first at all tells questions that belong here from others."""
    oos_caught: float | None
    """Of questions that do not belong here, those with less that speaks for anybody than 95 % of the others have."""
    oos_automatic: float | None
    """Of questions that do not belong here, those that would have been asked without a person."""
    precision_at_coverage: float | None
    automatic_rate: float | None
    automatic_precision: float | None
    ms_p50: float | None
    ms_p95: float | None
    index_seconds: float

    def as_document(self) -> dict[str, float | int | None]:
        return asdict(self)


@dataclass(frozen=True)
class _Asked:
    """One question asked: the place of the first right person (None: not among those shown), and how sure."""

    in_scope: bool
    place: int | None
    probability: float
    raw: float
    fit: float
    automatic: bool
    milliseconds: float

    @property
    def decided(self) -> Decided:
        return Decided(self.raw, self.fit, self.place == 1)


def evaluate(
    learned: Sequence[Row],
    asked: Sequence[Row],
    budget: float = BUDGET,
    weights: Mapping[Part, float] = WEIGHTS,
    nearness: Nearness | None = None,
) -> Figures:
    """Build an index of the `learned` rows, ask the others in order, without learning from them.

    `nearness`: with an embedding model, which is given the texts learned from and then asked.
    """
    known = _lessons(learned, budget, nearness)
    with tempfile.TemporaryDirectory(prefix="relais-eval-") as folder:
        started = time.process_time()
        experts = _Experts(learned, Path(folder), nearness)
        seconds = time.process_time() - started
        model = _model(learned, experts.numbers)
        experience = Experience(len(learned), known.calibration, known.automatic_from, model=model)
        results = [experts.ask(row, experience, weights) for row in asked]
    return _figures(results, seconds)


def asked_in_order(
    learned: Sequence[Row], asked: Sequence[Row], folder: Path, nearness: Nearness | None = None
) -> Iterator[Decided]:
    """What became of each of `asked` when only `learned` was known; the index is built in `folder`."""
    experts = _Experts(learned, folder, nearness)
    known = Experience(model=_model(learned, experts.numbers))
    return (experts.ask(row, known).decided for row in asked)


def _model(learned: Sequence[Row], numbers: Mapping[str, int]) -> LinearModel | None:
    """What the questions teach, as the worker learns it."""
    now = max((row.time for row in learned if row.time), default=None)
    examples = [
        Example(
            counted(Query.of(row.text, row.language)),
            tuple(numbers[label] for label in row.labels),
            importance(now - row.time) if now and row.time else 1.0,
        )
        for row in learned
        if row.labels
    ]
    return LinearModel.fit(examples) if examples else None


def _lessons(learned: Sequence[Row], budget: float, nearness: Nearness | None) -> Lessons:
    """What came of some of the answered questions when only others were known."""
    count = min(MOST, int(len(learned) * REPLAYED))
    if count == 0:
        return Lessons()
    before, replayed = _set_apart(learned, count)
    with tempfile.TemporaryDirectory(prefix="relais-eval-") as folder:
        return lessons(list(asked_in_order(before, replayed, Path(folder), nearness)), budget)


def _set_apart(learned: Sequence[Row], count: int) -> tuple[Sequence[Row], Sequence[Row]]:
    """`count` rows to ask, and the others: the last where times are known, else evenly (a file may be sorted)."""
    if all(row.time for row in learned):
        return learned[:-count], learned[-count:]
    chosen = {round((place + 0.5) * len(learned) / count) for place in range(count)}
    apart = [row for number, row in enumerate(learned) if number in chosen]
    return [row for number, row in enumerate(learned) if number not in chosen], apart


class _Experts:
    """The labels as people, in an index of their answered questions."""

    def __init__(self, learned: Sequence[Row], folder: Path, nearness: Nearness | None = None) -> None:
        self._answered: defaultdict[str, list[Row]] = defaultdict(list)
        for row in learned:
            for label in row.labels:
                self._answered[label].append(row)
        self.numbers = {label: number for number, label in enumerate(self._answered, 1)}
        last = max((row.time for row in learned if row.time), default=None)
        self._candidates = {number: self._candidate(label, last) for label, number in self.numbers.items()}
        index: Index = WhooshIndex(folder / "index")
        index.rebuild(self._documents(learned), watermark=0)
        self._index: Retrieval = index
        if nearness is not None:
            texts = {each.key: each.question for each in self._precedents(learned)}
            self._index = Nearer(index, nearness(texts))

    def _documents(self, learned: Sequence[Row]) -> Iterable[Document]:
        for label, rows in self._answered.items():
            history = "\n".join(f"{row.text}\n{row.answer[:BEGINNING]}" for row in rows[-LONGEST_HISTORY:])
            yield PersonDocument(self.numbers[label], history=history)
        yield from self._precedents(learned)

    def _precedents(self, learned: Sequence[Row]) -> Iterator[PrecedentDocument]:
        for number, row in enumerate(learned, 1):
            if row.labels:
                credited = {self.numbers[label]: 1.0 for label in row.labels}
                yield PrecedentDocument(PrecedentKind.TICKET, number, row.text, row.answer, credited)

    def _candidate(self, label: str, now: datetime | None) -> Candidate:
        rows, number = self._answered[label], self.numbers[label]
        times = [row.time for row in rows if row.time]
        return Candidate(
            number,
            department_id=number,
            languages=frozenset({"fr", "en"}),
            answered=len(rows),
            presence=presence(len(times), min(times), max(times), now) if now and times else 1.0,
        )

    def ask(self, row: Row, known: Experience, weights: Mapping[Part, float] = WEIGHTS) -> _Asked:
        started = time.perf_counter()
        judged = judge(
            Query.of(row.text, row.language),
            self._index,
            self._candidates,
            known,
            Situation(automatic_on=True),
            automatic_departments=frozenset(self._candidates),
            weights=weights,
        )
        elapsed = (time.perf_counter() - started) * 1000
        right = {self.numbers[label] for label in row.labels if label in self.numbers}
        shown = [suggestion.person_id for suggestion in judged.ranking.suggestions]
        place = next((place for place, person in enumerate(shown, 1) if person in right), None)
        return _Asked(
            in_scope=bool(row.labels),
            place=place,
            probability=judged.probability,
            raw=raw_probability(judged.ranking.signals),
            fit=judged.ranking.signals.fit,
            automatic=judged.mode is Mode.AUTOMATIC,
            milliseconds=elapsed,
        )


def _figures(results: Sequence[_Asked], index_seconds: float) -> Figures:
    places = [result.place for result in results if result.in_scope]
    surest = sorted(results, key=lambda result: -result.probability)[: round(COVERAGE * len(results))]
    automatic = [result for result in results if result.automatic]
    inside = [result.fit for result in results if result.in_scope]
    outside = [result.fit for result in results if not result.in_scope]
    times = sorted(result.milliseconds for result in results)
    return Figures(
        n=len(results),
        top1=_share(place == 1 for place in places),
        top3=_share(place is not None for place in places),
        mrr=_mean([1 / place if place else 0.0 for place in places]),
        oos_auroc=auroc(inside, outside),
        oos_caught=_caught(inside, outside),
        oos_automatic=_share(result.automatic for result in results if not result.in_scope),
        precision_at_coverage=_share(result.place == 1 for result in surest),
        automatic_rate=_share(result.automatic for result in results),
        automatic_precision=_share(result.place == 1 for result in automatic),
        ms_p50=_percentile(times, 0.5),
        ms_p95=_percentile(times, 0.95),
        index_seconds=round(index_seconds, 3),
    )


def _share(outcomes: Iterable[bool]) -> float | None:
    return _mean([float(outcome) for outcome in outcomes])


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3) if ordered else None


def _caught(inside: Sequence[float], outside: Sequence[float]) -> float | None:
    if not inside or not outside:
        return None
    least = sorted(inside)[int(HELD_BACK * len(inside))]
    return _share(fit < least for fit in outside)


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float | None:
    """The chance that a question that belongs here looks surer than one that does not; ties count half."""
    if not inside or not outside:
        return None
    ranked = sorted([(value, True) for value in inside] + [(value, False) for value in outside])
    rank_sum, start = 0.0, 0
    while start < len(ranked):
        end = start
        while end < len(ranked) and ranked[end][0] == ranked[start][0]:
            end += 1
        rank_sum += sum(is_inside for _, is_inside in ranked[start:end]) * (start + end + 1) / 2
        start = end
    wins = rank_sum - len(inside) * (len(inside) + 1) / 2
    return round(wins / (len(inside) * len(outside)), 4)

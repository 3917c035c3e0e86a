"""Measuring the matcher on labelled questions, exactly as production runs it. Nothing is stored.

Each label is an expert; questions to learn from are their answered questions. The last of those are first asked
against an index of the ones before, as they were in their time, and what came of it calibrates the confidence.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from helpdesk.routing.candidates import Candidate
from helpdesk.routing.confidence import Calibration, Mode, Situation, raw_probability
from helpdesk.routing.learning import LATEST, Experience
from helpdesk.routing.matching import judge
from helpdesk.search.documents import LONGEST_HISTORY
from helpdesk.search.index import Document, Index, PersonDocument, PrecedentDocument, PrecedentKind
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex

COVERAGE = 0.8
REPLAYED = 0.2
"""At most this share of what is learned from is replayed to calibrate."""


@dataclass(frozen=True)
class Row:
    """A question. `labels`: any of these is right; empty: nobody should be chosen."""

    text: str
    labels: tuple[str, ...]
    language: str | None = None


@dataclass(frozen=True)
class Figures:
    """What `routing-eval` prints. Shares are None when there is nothing to take a share of."""

    n: int
    top1: float | None
    top3: float | None
    mrr: float | None
    oos_auroc: float | None
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
    automatic: bool
    milliseconds: float


def evaluate(learned: Sequence[Row], asked: Sequence[Row]) -> Figures:
    """Build an index of the `learned` rows, ask the others in order, without learning from them."""
    known = Experience(len(learned), _calibration(learned))
    with tempfile.TemporaryDirectory(prefix="relais-eval-") as folder:
        started = time.process_time()
        experts = _Experts(learned, Path(folder))
        seconds = time.process_time() - started
        results = [experts.ask(row, known) for row in asked]
    return _figures(results, seconds)


def _calibration(learned: Sequence[Row]) -> Calibration | None:
    """What came of the latest answered questions when they were new."""
    count = min(LATEST, int(len(learned) * REPLAYED))
    if count == 0:
        return None
    with tempfile.TemporaryDirectory(prefix="relais-eval-") as folder:
        experts = _Experts(learned[:-count], Path(folder))
        results = [experts.ask(row, Experience()) for row in learned[-count:]]
    return Calibration.learn((result.raw, result.place == 1) for result in results)


class _Experts:
    """The labels as people, in an index of their answered questions."""

    def __init__(self, learned: Sequence[Row], folder: Path) -> None:
        self._answered: defaultdict[str, list[str]] = defaultdict(list)
        for row in learned:
            for label in row.labels:
                self._answered[label].append(row.text)
        self._numbers = {label: number for number, label in enumerate(self._answered, 1)}
        self._candidates = {
            number: Candidate(number, department_id=number, languages=frozenset({"fr", "en"}), answered=len(texts))
            for number, texts in enumerate(self._answered.values(), 1)
        }
        self._index: Index = WhooshIndex(folder / "index")
        self._index.rebuild(self._documents(learned), watermark=0)

    def _documents(self, learned: Sequence[Row]) -> Iterable[Document]:
        for label, texts in self._answered.items():
            yield PersonDocument(self._numbers[label], history="\n".join(texts[-LONGEST_HISTORY:]))
        for number, row in enumerate(learned, 1):
            if row.labels:
                credited = {self._numbers[label]: 1.0 for label in row.labels}
                yield PrecedentDocument(PrecedentKind.TICKET, number, row.text, credits=credited)

    def ask(self, row: Row, known: Experience) -> _Asked:
        started = time.perf_counter()
        judged = judge(
            Query.of(row.text, row.language),
            self._index,
            self._candidates,
            known,
            Situation(automatic_on=True),
            automatic_departments=frozenset(self._candidates),
        )
        elapsed = (time.perf_counter() - started) * 1000
        right = {self._numbers[label] for label in row.labels if label in self._numbers}
        shown = [suggestion.person_id for suggestion in judged.ranking.suggestions]
        place = next((place for place, person in enumerate(shown, 1) if person in right), None)
        return _Asked(
            in_scope=bool(row.labels),
            place=place,
            probability=judged.probability,
            raw=raw_probability(judged.ranking.signals),
            automatic=judged.mode is Mode.AUTOMATIC,
            milliseconds=elapsed,
        )


def _figures(results: Sequence[_Asked], index_seconds: float) -> Figures:
    places = [result.place for result in results if result.in_scope]
    surest = sorted(results, key=lambda result: -result.probability)[: round(COVERAGE * len(results))]
    automatic = [result for result in results if result.automatic]
    times = sorted(result.milliseconds for result in results)
    return Figures(
        n=len(results),
        top1=_share(place == 1 for place in places),
        top3=_share(place is not None for place in places),
        mrr=_mean([1 / place if place else 0.0 for place in places]),
        oos_auroc=auroc(
            [result.probability for result in results if result.in_scope],
            [result.probability for result in results if not result.in_scope],
        ),
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

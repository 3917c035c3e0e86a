"""How fast the matcher finds the ten best of many questions, beside tantivy, SQLite FTS5 and stock Whoosh in one run.

All engines get the same terms, already cut, and the same questions of 10, 20, 40 and 80 terms, of which any may occur.
They are asked in turns within one process: each question by each engine, so that what else the machine does strikes all
alike. Measured is processor time, the best of three for a question, the median over the questions; only ratios between
engines mean anything. Exit code 1 when one misses its goal.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench._corpus import Corpus
from bench._search_engines import Engine, Relais, engines
from bench._serving import scratch_folder

SIZES = (10_000, 100_000)
TERMS = (10, 20, 40, 80)
LONG = 40
"""Terms of the questions that the goals are about."""
STOCK_QUESTIONS = 4
"""Stock Whoosh takes seconds for one."""

# Per number of documents: at most so many times the processor time of tantivy, at least so many times faster than.
GOALS = {
    10_000: {"tantivy": 1.4, "tantivy, first use": 4.5, "fts5": 40, "whoosh": 100, "p95 / p50": 2},
    100_000: {"tantivy": 1.2, "tantivy, first use": 2.0, "fts5": 130, "whoosh": 250, "p95 / p50": 2},
    1_000_000: {"tantivy": 1.7, "tantivy, first use": 1.9, "fts5": 100, "whoosh": 180, "p95 / p50": 2},
}
AT_MOST = ("tantivy", "tantivy, first use", "p95 / p50")


@dataclass(frozen=True)
class Line:
    """One ratio, and whether it is as wanted."""

    documents: int
    what: str
    ratio: float
    goal: float | None

    @property
    def met(self) -> bool:
        return self.goal is None or (self.ratio <= self.goal if self.what in AT_MOST else self.ratio >= self.goal)

    def sentence(self) -> str:
        if self.what in AT_MOST:
            found = f"{self.ratio:.2f} of {self.what}" if "tantivy" in self.what else f"{self.what} {self.ratio:.2f}"
            wanted = "at most"
        else:
            found, wanted = f"{self.ratio:.0f} times faster than {self.what}", "at least"
        verdict = "" if self.goal is None else f" (goal: {wanted} {self.goal:g}: {'met' if self.met else 'not met'})"
        return f"{self.documents:>9,} documents: {found}{verdict}"


def main() -> int:
    options = _options()
    lines: list[Line] = []
    with scratch_folder() as folder:
        for size in options.documents:
            lines += _measured(folder / str(size), size, options)
    if options.json:
        print(json.dumps([asdict(line) | {"met": line.met} for line in lines], indent=2))
    else:
        print("\n".join(line.sentence() for line in lines))
    return 0 if all(line.met for line in lines) else 1


def _measured(folder: Path, size: int, options: argparse.Namespace) -> list[Line]:
    corpus = Corpus()
    tell: Callable[[str], None] = (lambda _text: None) if options.json else (lambda text: print(text, flush=True))
    stock = options.stock if options.stock is not None else size <= 100_000
    asked = engines(folder, stock)
    for name, engine in asked.items():
        started = time.process_time()
        engine.build(corpus.documents(size))
        tell(f"{size:>9,} documents: {name} built in {time.process_time() - started:.1f} s")
    lines: list[Line] = []
    for terms in TERMS:
        questions = corpus.questions(options.questions, terms)
        times = _times(asked, questions)
        medians = {name: statistics.median(found) for name, found in times.items()}
        shown = ", ".join(f"{name} {median * 1000:.3f}" for name, median in medians.items())
        tell(f"{size:>9,} documents, {terms} terms: {shown} ms")
        if terms == LONG:
            lines = _ratios(size, times, medians)
    return lines


def _times(asked: dict[str, Engine], questions: list[list[str]]) -> dict[str, list[float]]:
    """Seconds of processor time per engine and question; for Relais also with every term looked up anew."""
    relais = asked["relais"]
    assert isinstance(relais, Relais)
    times: dict[str, list[float]] = {name: [] for name in (*asked, "first use")}
    for number, terms in enumerate(questions):
        times["first use"].append(min(_first_use(relais, terms) for _ in range(3)))
        for name, engine in asked.items():
            if name != "whoosh" or number < STOCK_QUESTIONS:
                rounds = 1 if name == "whoosh" else 3
                times[name].append(min(_seconds(engine, terms) for _ in range(rounds)))
    return times


def _first_use(relais: Relais, terms: list[str]) -> float:
    relais.forget()
    return _seconds(relais, terms)


def _seconds(engine: Engine, terms: list[str]) -> float:
    started = time.process_time()
    engine.ask(terms)
    return time.process_time() - started


def _ratios(size: int, times: dict[str, list[float]], medians: dict[str, float]) -> list[Line]:
    own = sorted(times["relais"])
    found = {
        "tantivy": medians["relais"] / medians["tantivy"],
        "tantivy, first use": medians["first use"] / medians["tantivy"],
        "fts5": medians["fts5"] / medians["relais"],
        "p95 / p50": own[int(0.95 * len(own))] / medians["relais"],
    }
    if "whoosh" in times:
        found["whoosh"] = medians["whoosh"] / medians["relais"]
    goals = GOALS.get(size, {})
    return [Line(size, what, ratio, goals.get(what)) for what, ratio in found.items()]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/relais bench search", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--documents", type=int, nargs="+", default=SIZES, metavar="N", help="sizes of the index (default: %(default)s)"
    )
    parser.add_argument("--questions", type=int, default=40, help="of each length (default: %(default)s)")
    parser.add_argument(
        "--stock", action=argparse.BooleanOptionalAction, help="ask stock Whoosh too (default: up to 100,000 documents)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

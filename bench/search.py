"""How fast the matcher finds the ten best of many questions, beside tantivy, SQLite FTS5, PostgreSQL's `ts_rank` and
stock Whoosh in one run.

All engines get the same terms, already cut, and the same questions of 10, 20, 40 and 80 terms, of which any may occur.
They are asked in turns within one process: each question by each engine, so that what else the machine does strikes all
alike. Measured is processor time, the best of three for a question, the median over the questions; only ratios between
engines mean anything; of PostgreSQL its own process counts with ours. Where it is not installed, that is said and it is
left out. Beside: what is lost by asking with the rarest terms first. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from bench._corpus import Corpus
from bench._goals import Line, growth
from bench._postgresql import PostgreSQL, programs, server
from bench._pruning import pruning
from bench._search_engines import TOP, Engine, Relais, engines
from bench._serving import scratch_folder
from bench._whoosh_stock import StockWhoosh

SIZES = (10_000, 100_000)
TERMS = (10, 20, 40, 80)
LONG = 40
"""Terms of the questions that the goals are about."""
STOCK_QUESTIONS = 4
"""Stock Whoosh takes seconds for one, and so does PostgreSQL at a million."""

# Per number of documents: at most so many times the processor time of tantivy, at least so many times faster than.
TANTIVY, FIRST_USE, SPREAD = "times tantivy", "times tantivy, first use", "p95 / p50"
FTS5, ARRAY, TREE = "times faster than fts5", "times faster than whoosh", "times faster than whoosh by tree"
POSTGRESQL, LOST = "times faster than postgresql", f"hit@{TOP} lost by pruning, points"
GOALS = {
    10_000: {TANTIVY: 1.4, FIRST_USE: 4.5, FTS5: 40, ARRAY: 100, TREE: 500, POSTGRESQL: 90, LOST: 0.5, SPREAD: 2},
    100_000: {TANTIVY: 1.2, FIRST_USE: 2.0, FTS5: 130, ARRAY: 250, TREE: 1800, POSTGRESQL: 300, LOST: 0.5, SPREAD: 2},
    1_000_000: {TANTIVY: 1.7, FIRST_USE: 1.9, FTS5: 100, ARRAY: 180, TREE: 1300, POSTGRESQL: 200, LOST: 0.5, SPREAD: 2},
}
AT_MOST = (TANTIVY, FIRST_USE, SPREAD, LOST)
GROWTH = {100_000: 0.6, 1_000_000: 1.2}
"""Exponent of the growth with the number of documents, from a tenth of them, at most."""


def main() -> int:
    options = _options()
    lines: list[Line] = []
    medians: dict[int, float] = {}
    with scratch_folder() as folder:
        for size in options.documents:
            found, medians[size] = _measured(folder / str(size), size, options)
            lines += found
    lines += growth(medians, "growth exponent", GROWTH)
    if options.json:
        print(json.dumps([asdict(line) | {"met": line.met} for line in lines], indent=2))
    else:
        print("\n".join(line.sentence() for line in lines))
    return 0 if all(line.met for line in lines) else 1


def _measured(folder: Path, size: int, options: argparse.Namespace) -> tuple[list[Line], float]:
    """The lines of one size, and the median of the long questions."""
    corpus = Corpus()
    tell: Callable[[str], None] = (lambda _text: None) if options.json else (lambda text: print(text, flush=True))
    stock = options.stock if options.stock is not None else size <= 100_000
    asked = engines(folder, stock)
    lines: list[Line] = []
    own = 0.0
    with _postgresql(tell) as beside:
        for name, engine in (asked | beside).items():
            started = _spent(engine)
            engine.build(corpus.documents(size))
            tell(f"{size:>9,} documents: {name} built in {_spent(engine) - started:.1f} s")
        for terms in TERMS:
            questions = corpus.questions(options.questions, terms)
            times = _times(asked, beside, questions)
            medians = {name: statistics.median(found) for name, found in times.items()}
            shown = ", ".join(f"{name} {median * 1000:.3f}" for name, median in medians.items())
            tell(f"{size:>9,} documents, {terms} terms: {shown} ms")
            if terms == LONG:
                lines, own = _ratios(size, times, medians), medians["relais"]
                lines += _pruning(asked["relais"], corpus, size, questions)
    return lines, own


@contextmanager
def _postgresql(tell: Callable[[str], None]) -> Iterator[dict[str, Engine]]:
    """PostgreSQL, where its programs are installed."""
    binaries = programs()
    if binaries is None:
        tell("postgresql is left out: it is not installed")
        yield {}
        return
    with server(binaries) as conninfo:
        engine = PostgreSQL(conninfo)
        yield {"postgresql": engine}
        engine.close()


def _pruning(relais: Engine, corpus: Corpus, size: int, questions: list[list[str]]) -> list[Line]:
    assert isinstance(relais, Relais)
    found = pruning(relais, corpus, size, questions)
    return [Line(size, what, figure, GOALS.get(size, {}).get(what), what in AT_MOST) for what, figure in found.items()]


def _times(asked: dict[str, Engine], beside: dict[str, Engine], questions: list[list[str]]) -> dict[str, list[float]]:
    """Seconds of processor time per engine and question; for Relais also with every term looked up anew. The engines
    `beside` are slow: they are asked a few questions only, once."""
    relais, stock = asked["relais"], asked.get("whoosh")
    assert isinstance(relais, Relais)
    times: dict[str, list[float]] = {name: [] for name in (*asked, "first use")}
    for number, terms in enumerate(questions):
        times["first use"].append(min(_first_use(relais, terms) for _ in range(3)))
        for name, engine in asked.items():
            if engine is not stock:
                times[name].append(min(_seconds(engine.ask, terms) for _ in range(3)))
        for name, engine in beside.items() if number < STOCK_QUESTIONS else ():
            started = _spent(engine)
            engine.ask(terms)
            times.setdefault(name, []).append(_spent(engine) - started)
        if isinstance(stock, StockWhoosh) and number < STOCK_QUESTIONS:
            times["whoosh"].append(_seconds(stock.ask, terms))
            times.setdefault("whoosh by tree", []).append(_seconds(stock.ask_tree, terms))
    return times


def _first_use(relais: Relais, terms: list[str]) -> float:
    relais.forget()
    return _seconds(relais.ask, terms)


def _seconds(ask: Callable[[list[str]], object], terms: list[str]) -> float:
    started = time.process_time()
    ask(terms)
    return time.process_time() - started


def _spent(engine: Engine) -> float:
    """Seconds of processor time so far, also of a server that works for us."""
    return engine.spent() if isinstance(engine, PostgreSQL) else time.process_time()


def _ratios(size: int, times: dict[str, list[float]], medians: dict[str, float]) -> list[Line]:
    own = sorted(times["relais"])
    found = {
        TANTIVY: medians["relais"] / medians["tantivy"],
        FIRST_USE: medians["first use"] / medians["tantivy"],
        FTS5: medians["fts5"] / medians["relais"],
        SPREAD: own[int(0.95 * len(own))] / medians["relais"],
    }
    for name in medians:
        if name.startswith("whoosh") or name == "postgresql":
            found[f"times faster than {name}"] = medians[name] / medians["relais"]
    goals = GOALS.get(size, {})
    return [Line(size, what, ratio, goals.get(what), what in AT_MOST) for what, ratio in found.items()]


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

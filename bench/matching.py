"""What a whole match costs through the index as production asks it, and what it costs to keep that index up.

A match is one question of 40 terms cut into words, then asked of people, topics and precedents (French, as the
question), while another process commits five changes a second and the index has its usual tail of small segments.
Beside it, in turns within one process, tantivy answers one query of the same 40 words over the questions alone.
Processor time, the best of three for a question, the median over the questions. Exit code 1 when a goal is missed.

With --pages also the processor time of the pages that use the matcher, asked of the application over a small database
beside whose rows the index holds made-up precedents: what the matcher costs there depends on the index alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

from bench._corpus import Corpus
from bench._goals import Line, growth
from bench._index_upkeep import private_memory, upkeep
from bench._made_index import build
from bench._search_engines import Tantivy
from bench._serving import scratch_folder
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex

SIZES = (10_000, 100_000)
TERMS = 40
FIRST_COMMITS = 60
"""Made by the writer before anything is measured: the tail of small segments is there."""

GOALS: dict[int, dict[str, float]] = {
    100_000: {"match / tantivy": 3.5, "rebuild, s": 25},
    1_000_000: {"match / tantivy": 1.8, "rebuild, s": 300},
}
EVERYWHERE = {
    "match, p95 / p50": 2,
    "segments": 15,
    "commit, ms": 3,
    "commit p95, ms": 15,
    "update in a batch, ms": 0.5,
    "refresh, ms": 5,
    "private memory, MiB": 15,
}
PAGE = 20
"""Milliseconds."""
GROWTH = {"update in a batch, ms": 1.2, "refresh, ms": 1.2}
"""At most so many times the figure of the size before."""


def main() -> int:
    options = _options()
    lines: list[Line] = []
    with scratch_folder() as folder:
        for size in options.documents:
            lines += _measured(folder / str(size), size, options)
    lines += list(_growth(lines))
    if options.json:
        print(json.dumps([asdict(line) | {"met": line.met} for line in lines], indent=2))
    else:
        print("\n".join(line.sentence() for line in lines))
    return 0 if all(line.met for line in lines) else 1


def _measured(folder: Path, size: int, options: argparse.Namespace) -> Iterator[Line]:
    folder.mkdir(parents=True)
    corpus = Corpus.shared()
    figures: dict[str, float] = {}
    index = WhooshIndex(folder / "index")
    figures["rebuild, s"] = build(index.location(), corpus, size)
    tantivy = Tantivy(folder / "tantivy")
    tantivy.build(corpus.documents(size))
    questions = corpus.questions(options.questions, TERMS)
    with _live_writer(index.location(), size):
        figures |= _matches(index, tantivy, questions)
    kept = upkeep(index.location(), size)
    figures |= {"commit, ms": kept.commit, "commit p95, ms": kept.commit_p95}
    figures |= {"update in a batch, ms": kept.update, "refresh, ms": kept.refresh}
    figures["private memory, MiB"] = private_memory(index.location(), folder / "empty")
    if options.pages:
        from bench._matching_pages import page_costs

        figures |= page_costs(folder, index.location(), [" ".join(words) for words in questions])
    goals = EVERYWHERE | GOALS.get(size, {})
    for what, found in figures.items():
        yield Line(size, what, found, PAGE if what.startswith("page ") else goals.get(what), at_most=True)


@contextmanager
def _live_writer(index: Path, size: int) -> Iterator[None]:
    """Another process that commits to the index until the end; the tail of segments is there when it begins."""
    command = [sys.executable, "-m", "bench._live_writer", str(index), str(size), str(FIRST_COMMITS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        if writer.stdout.readline().strip() != "ready":
            raise RuntimeError("the writer did not start")
        yield
        writer.stdin.close()
        writer.stdout.read()
    if writer.returncode:
        raise RuntimeError(f"the writer ended with {writer.returncode}")


def _matches(index: WhooshIndex, tantivy: Tantivy, questions: list[list[str]]) -> dict[str, float]:
    own, other = [], []
    for words in questions:
        text = " ".join(words)
        own.append(_best_of_three(lambda text=text: _match(index, text)))  # type: ignore[misc]
        other.append(_best_of_three(lambda words=words: tantivy.ask(words)))  # type: ignore[misc]
    own.sort()
    median = statistics.median(own)
    return {
        "match / tantivy": median / statistics.median(other),
        "match, ms": 1000 * median,
        "match, p95 / p50": own[int(0.95 * len(own))] / median,
        "segments": len(index._latest().snapshot.leaves),
    }


def _match(index: WhooshIndex, text: str) -> None:
    query = Query.of(text, "fr")
    index.people(query), index.topics(query), index.precedents(query)


def _best_of_three(ask: Callable[[], object]) -> float:
    return min(_seconds(ask) for _ in range(3))


def _seconds(ask: Callable[[], object]) -> float:
    started = time.process_time()
    ask()
    return time.process_time() - started


def _growth(lines: list[Line]) -> Iterator[Line]:
    """How figures grow from one size to the next."""
    found = {(line.documents, line.what): line.figure for line in lines}
    sizes = sorted({line.documents for line in lines})
    for before, size in pairwise(sizes):
        for what, most in GROWTH.items():
            yield Line(size, f"{what}, times that at {before:,}", found[size, what] / found[before, what], most, True)
    for (size, what), figure in found.items():
        smallest = found[sizes[0], what] if what.startswith("page ") else 0.0
        if smallest and size != sizes[0]:
            yield Line(size, f"{what}, times that at {sizes[0]:,}", figure / smallest, None, at_most=True)
    yield from growth({size: found[size, "match, ms"] for size in sizes}, "match, growth exponent", {1_000_000: 1.2})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/relais bench matching", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--documents", type=int, nargs="+", default=SIZES, metavar="N", help="precedents (default: %(default)s)"
    )
    parser.add_argument("--questions", type=int, default=100, help="(default: %(default)s)")
    parser.add_argument("--pages", action="store_true", help="ask the pages too")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

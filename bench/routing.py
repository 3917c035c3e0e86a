"""How good the matcher is on real questions, as `bin/relais routing-eval` measures it, beside the goals.

The questions are not kept with the project: `--data` or RELAIS_ROUTING_DATA names a folder with them, and a set that is
not there is skipped by name. `--shots` adds tables for experts who have only answered a few questions yet, each beside
the better of its two simplest parts alone: votes of similar questions, and what people answered before. `--budgets`
plays each set in the order of the file, a part learned and the others asked one after the other, and says how often
Relais would have asked by itself and how often that was wrong (see `_budgets`). `--model` measures with an embedding
model (see docs/embeddings.md). Exit code 1 when a goal was missed.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench._budgets import budgets_kept
from helpdesk.commands.routing_eval import few, read, row_of
from helpdesk.routing.evaluation import Nearness, Row, evaluate
from helpdesk.routing.evidence import WEIGHTS, Part

FOLDER = "RELAIS_ROUTING_DATA"
FEW = (1, 3, 5, 10)


@dataclass(frozen=True)
class Set:
    """A file, what is learned and asked of it, and the goals: right expert first, and among three."""

    name: str
    file: str
    train: tuple[str, ...]
    asked: tuple[str, ...] = ()
    holdout: float = 0.0
    label: str = "label"
    first: float = 0.0
    among: float = 0.0

    def rows(self, folder: Path) -> tuple[list[Row], list[Row]]:
        """What is learned from, and what is asked."""
        rows = list(read(folder / self.file))
        learned = [row for row in rows if row.get("split") in self.train]
        asked = [row for row in rows if row.get("split") in self.asked]
        if self.holdout:
            kept = len(learned) - round(self.holdout * len(learned))
            learned, asked = learned[:kept], learned[kept:]
        return [row_of(row, self.label) for row in learned], [row_of(row, self.label) for row in asked]


SETS = (
    Set("en_ukpq department", "en_ukpq_dev.jsonl", ("train",), ("dev",), first=0.735, among=0.88),
    Set("en_ukpq minister", "en_ukpq_dev.jsonl", ("train",), ("dev",), label="person", first=0.59, among=0.74),
    Set("fr_qe16 ministry", "fr_qe16.jsonl", ("train", "dev"), ("test",), first=0.645, among=0.84),
    Set("fr_lux ministry", "fr_lux_train.jsonl", ("train",), holdout=0.1, first=0.71, among=0.905),
    Set("en_clinc150 intent", "en_clinc150_trainval.jsonl", ("train",), ("val",), first=0.93, among=0.978),
)


def main() -> int:
    options = _options()
    if options.data is None:
        print(f"Nothing measured: --data or {FOLDER} names no folder.")
        return 0
    options.nearness = _nearness(options.model)
    results = [found for chosen in SETS if options.only in chosen.name for found in _measured(chosen, options)]
    if options.json:
        print(json.dumps(results))
    return int(any(not result["met"] for result in results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/relais bench routing", description=__doc__)
    parser.add_argument("--data", type=Path, default=_folder(), metavar="FOLDER", help="where the questions are")
    parser.add_argument("--only", default="", metavar="NAME", help="only sets whose name contains this")
    parser.add_argument("--shots", action="store_true", help="also with 1, 3, 5 and 10 questions for each expert")
    parser.add_argument("--budgets", action="store_true", help="instead, how well budgets of wrong choices are kept")
    parser.add_argument("--limit", type=int, metavar="N", help="ask the first N questions only")
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="with the embedding model in this folder")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _nearness(model: Path | None) -> Nearness | None:
    if model is None:
        return None
    from helpdesk.embedding.measuring import Measuring
    from helpdesk.embedding.model import load

    return Measuring(load(model))


def _folder() -> Path | None:
    named = os.environ.get(FOLDER)
    return Path(named) if named else None


def _measured(chosen: Set, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    if not (options.data / chosen.file).is_file():
        _say(options, f"{chosen.name:24} skipped: no {chosen.file}")
        return
    learned, asked = chosen.rows(options.data)
    asked = asked[: options.limit]
    if options.budgets:
        yield from _budgets_kept(options, chosen.name, learned, asked)
        return
    yield _told(options, chosen.name, _reached(options, learned, asked), {"first": chosen.first, "among": chosen.among})
    for shots in FEW if options.shots else ():
        some = few(learned, shots)
        alone = [_alone(options, part, some, asked) for part in (Part.PRECEDENTS, Part.HISTORY)]
        goals = {name: max(found[name] for found in alone) for name in ("first", "among")}
        yield _told(options, f"{chosen.name}, {shots} each", _reached(options, some, asked), goals)


def _budgets_kept(
    options: argparse.Namespace, name: str, learned: Sequence[Row], asked: Sequence[Row]
) -> Iterator[dict[str, Any]]:
    for kept in budgets_kept([*learned, *asked]):
        _say(options, f"{name:24} {kept}")
        yield {"set": name, **kept.as_document(), "met": kept.met}


def _reached(
    options: argparse.Namespace,
    learned: Sequence[Row],
    asked: Sequence[Row],
    weights: Mapping[Part, float] = WEIGHTS,
) -> dict[str, float]:
    figures = evaluate(learned, asked, weights=weights, nearness=options.nearness)
    return {"first": figures.top1 or 0.0, "among": figures.top3 or 0.0}


def _alone(options: argparse.Namespace, part: Part, learned: Sequence[Row], asked: Sequence[Row]) -> dict[str, float]:
    """What one part reaches when all others weigh nothing."""
    return _reached(options, learned, asked, dict.fromkeys(WEIGHTS, 0.0) | {part: WEIGHTS[part]})


def _told(
    options: argparse.Namespace, name: str, reached: Mapping[str, float], goals: Mapping[str, float]
) -> dict[str, Any]:
    met = all(reached[which] >= goals[which] for which in ("first", "among"))
    figures = "   ".join(f"{which} {reached[which]:.3f} (goal {goals[which]:.3f})" for which in ("first", "among"))
    _say(options, f"{name:32} {figures}   {'met' if met else 'missed'}")
    return {"set": name, **reached, "goals": dict(goals), "met": met}


def _say(options: argparse.Namespace, line: str) -> None:
    if not options.json:
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())

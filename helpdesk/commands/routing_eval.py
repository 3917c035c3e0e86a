"""`bin/relais routing-eval`: how good the matcher is on labelled questions."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpdesk.commands import CommandRefused, Commands, Result, WrongUsage
from helpdesk.routing.evaluation import Nearness, Row, evaluate

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings

NOBODY = ("oos", "none")


def register(commands: Commands) -> None:
    parser = commands.add_parser("routing-eval", help="measures the matcher on a file of labelled questions")
    parser.add_argument("file", metavar="FILE.jsonl", type=Path)
    parser.add_argument("--train", metavar="SPLITS", default="train", help="splits to learn from (default: train)")
    parser.add_argument("--test", metavar="SPLITS", default="test", help="splits to ask (default: test)")
    parser.add_argument("--holdout", metavar="SHARE", type=float, help="ask the last share of the train rows instead")
    parser.add_argument("--label", metavar="FIELD", default="label", help="the field that is the expert")
    parser.add_argument("--shots", metavar="N", type=int, help="learn from the first N rows of each label only")
    parser.add_argument("--limit", metavar="N", type=int, help="ask the first N rows only")


def run(args: argparse.Namespace, app: Flask) -> Result:
    _check(args)
    rows = list(read(args.file))
    train, test = set(args.train.split(",")), set(args.test.split(","))
    learned = [row for row in rows if row.get("split") in train]
    asked = [row for row in rows if row.get("split") in test]
    if args.holdout is not None:
        kept = len(learned) - round(args.holdout * len(learned))
        learned, asked = learned[:kept], learned[kept:]
    learning = [row_of(row, args.label) for row in learned]
    asking = [row_of(row, args.label) for row in asked[: args.limit]]
    if not learning or not asking:
        raise CommandRefused(f"{args.file} has no rows to learn from or none to ask in these splits.")
    nearness = _nearness(app.extensions["relais_settings"])
    figures = evaluate(few(learning, args.shots), asking, nearness=nearness).as_document()
    return Result(lines=[f"{name:22} {_shown(value)}" for name, value in figures.items()], document=figures)


def _nearness(settings: Settings) -> Nearness | None:
    """By the embedding model, where one is named: to measure without, leave the setting out."""
    if settings.embedding_model is None:
        return None
    from helpdesk.embedding.measuring import Measuring
    from helpdesk.embedding.model import ModelUnusable, load

    try:
        return Measuring(load(settings.embedding_model))
    except ModelUnusable as unusable:
        raise CommandRefused(f"RELAIS_EMBEDDING_MODEL: {unusable}") from unusable


def _check(args: argparse.Namespace) -> None:
    if args.holdout is not None and not 0 < args.holdout < 1:
        raise WrongUsage("--holdout is a share between 0 and 1")
    for name in ("shots", "limit"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise WrongUsage(f"--{name} is 1 or more")


def read(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _object(line, path, number)
    except OSError as error:
        raise CommandRefused(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandRefused(f"{path} is not UTF-8 text.") from error


def _object(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise CommandRefused(f"{path}, line {number}: not JSON ({error}).") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise CommandRefused(f"{path}, line {number}: an object with a text is needed.")
    return row


def row_of(row: dict[str, Any], field: str) -> Row:
    value = row.get(field)
    labels = value if isinstance(value, list) else [value]
    right = tuple(str(label) for label in labels if label is not None and label not in NOBODY)
    return Row(row["text"], right, row.get("lang"), _time(row.get("time")), str(row.get("answer") or ""))


def _time(value: Any) -> datetime | None:
    """An ISO date or instant; None for anything else."""
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def few(rows: Sequence[Row], shots: int | None) -> Sequence[Row]:
    """The first `shots` rows of each label, in order, without their times: who was cut off did not fall silent."""
    if shots is None:
        return rows
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        if any(seen[label] < shots for label in row.labels):
            kept.append(replace(row, time=None))
        seen.update(row.labels)
    return kept


def _shown(value: float | int | None) -> str:
    return "-" if value is None else str(value)

"""`load`: an organisation and its documents (YAML), or questions (JSON Lines). Safe to run again on the same files."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from flask import Flask

from helpdesk.commands import CommandRefused, Commands, Result, WrongUsage
from helpdesk.counts import Counts
from helpdesk.db import transaction
from helpdesk.intake.loading import load_questions
from helpdesk.loading import load_documents

DOCUMENTS = (".yaml", ".yml")
QUESTIONS = (".jsonl", ".ndjson")
SHOWN = 20  # refusals printed for people; --json has them all


def register(commands: Commands) -> None:
    parser = commands.add_parser("load", help="loads an organisation (YAML) or questions (JSON Lines)")
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="YAML documents, or JSON Lines")


def run(args: argparse.Namespace, _app: Flask) -> Result:
    """Documents first, in the order they need; then questions. Exit code 1 when anything was refused."""
    for file in args.files:
        if file.suffix not in DOCUMENTS + QUESTIONS:
            raise WrongUsage(f"{file} is neither YAML ({', '.join(DOCUMENTS)}) nor JSON Lines ({', '.join(QUESTIONS)})")
        if not file.is_file():
            raise CommandRefused(f"There is no file {file}.")
    counts = _documents([file for file in args.files if file.suffix in DOCUMENTS])
    for file in args.files:
        if file.suffix in QUESTIONS:
            counts.merge(load_questions(file, progress=_say))
    return Result(lines=_lines(counts), document=_document(counts), exit_code=1 if counts.refused else 0)


def _say(count: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{count} questions read", end="", file=sys.stderr, flush=True)


def _documents(files: list[Path]) -> Counts:
    if not files:
        return Counts()
    texts = {file: _text(file) for file in files}
    documents = [document for file, text in texts.items() for document in _parsed(file, text)]
    with transaction():
        counts = load_documents(documents)
    counts.refused = [_located(refusal, texts) for refusal in counts.refused]
    return counts


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandRefused(f"{file} is not UTF-8 text (byte {error.start}).") from error


def _parsed(file: Path, text: str) -> Iterable[Any]:
    try:
        return [document for document in yaml.safe_load_all(text) if document is not None]
    except yaml.YAMLError as error:
        raise CommandRefused(f"{file} cannot be read as YAML: {' '.join(str(error).split())}") from error


def _located(refusal: str, texts: dict[Path, str]) -> str:
    """A refusal ("name: why") with the file and line where the entry of that name begins, when there is one."""
    name = refusal.partition(":")[0]
    entry = re.compile(rf"\b(?:id|code|handle): *[\"']?{re.escape(name)}[\"']?(?=[\s,}}]|$)")
    for file, text in texts.items():
        for number, line in enumerate(text.splitlines(), start=1):
            if entry.search(line):
                return f"{file}:{number}: {refusal}"
    return refusal


def _lines(counts: Counts) -> list[str]:
    summary = (
        f"{counts.new} new, {counts.changed} changed, {counts.unchanged} unchanged, {len(counts.refused)} refused."
    )
    more = len(counts.refused) - SHOWN
    rest = [f"… and {more} more refused (--json lists all)."] if more > 0 else []
    return [*counts.refused[:SHOWN], *rest, summary]


def _document(counts: Counts) -> dict[str, Any]:
    return {
        "new": counts.new,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "refused": len(counts.refused),
        "refusals": counts.refused,
    }

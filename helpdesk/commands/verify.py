"""`bin/relais verify`: proves that no row was altered behind the application's back, or says which was."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from flask import Flask

from helpdesk.commands import Commands, Result
from helpdesk.reports import integrity

MEANINGS = {
    "posted_at": "the time at which it was posted is not the one in the log",
    "sequence": "an event or version is missing, or was put in",
    "chain": "it does not follow from the one before",
    "hash": "it was altered after it was written",
    "seal": "it was altered after it was sealed",
    "digest": "its text is not the one that the log speaks of",
    "anchor": "no decision in any log made it official",
    "move": "the workflow has no such move",
    "state": "it is not where its log leads",
    "version": "its version is not the number of its last event",
    "last_hash": "it does not end with the seal of its last event",
    "queue": "it stands in the wrong working list",
    "department": "it is counted in the wrong department",
    "unknown": "no event speaks of it",
    "missing": "an event speaks of it and it is not there",
    "author": "it was not saved by its author",
    "decision": "the log tells another decision, or its approver wrote the text",
    "verdict": "its verdict is not the one that was given",
    "approval": "it posts a version that was not the one approved",
    "draft": "it was not made from the revision that was approved",
    "withdrawn": "it says it is in use, or withdrawn, and the audit log says otherwise",
    "count": "it is not the number of tickets in the list",
    "said": "the asker said something else, by the log",
}


def register(commands: Commands) -> None:
    commands.add_parser("verify", help="proves that no row was altered behind the application's back")


def run(args: argparse.Namespace, app: Flask) -> Result:
    """The document: `sound`, `checked` (what to how many), `breaks` (the first of each kind, with `count`)."""
    checked: dict[str, int] = {}

    def progress(what: str, count: int) -> None:
        checked[what] = count
        if sys.stderr.isatty():
            print(f"\r{count} {what} ", end="", file=sys.stderr, flush=True)

    firsts = integrity.first_of_each_kind(integrity.faults(progress))
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    breaks = [
        asdict(fault) | {"count": count, "what": MEANINGS[fault.kind.partition(".")[2]]}
        for fault, count in firsts.values()
    ]
    looked_at = ", ".join(f"{count} {what}" for what, count in checked.items())
    lines = [_line(each) for each in breaks] or [f"Nothing was altered ({looked_at})."]
    document = {"sound": not breaks, "checked": checked, "breaks": breaks}
    return Result(lines, document, exit_code=1 if breaks else 0)


def _line(found: dict[str, object]) -> str:
    more = f" ({found['count']} in all)" if found["count"] != 1 else ""
    return f"{found['ref']}: {found['table']} {found['row']}: {found['what']} [{found['kind']}]{more}"

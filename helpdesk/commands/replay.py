"""`bin/relais replay`: what another configuration would have done on past tickets. Changes nothing."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.commands import CommandRefused, Commands, Result, WrongUsage
from helpdesk.db import db
from helpdesk.loading.proposed import Unfit, synonyms_of, topics_of
from helpdesk.routing.changes import SETTABLE, Changes, UnknownChange
from helpdesk.routing.replayed import Effect, Replayed, Side
from helpdesk.routing.replaying import replay
from helpdesk.search.index import IndexUnusable
from helpdesk.tickets.models import Ticket

if TYPE_CHECKING:
    from flask import Flask

LAST = 2_000
SIGNS = {Effect.BETTER: "+", Effect.WORSE: "-", Effect.OTHER: " "}


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "replay", help="what another configuration would have done on past tickets, against who really answered"
    )
    parser.add_argument("--last", metavar="N", type=int, default=LAST, help=f"decided tickets (default: {LAST})")
    parser.add_argument(
        "--set",
        metavar="NAME=NUMBER",
        action="append",
        default=[],
        dest="assignments",
        help=f"try another value; NAME is one of {', '.join(SETTABLE)}; may be given several times",
    )
    for name, what in (("synonyms", "equivalent words"), ("topics", "topics")):
        parser.add_argument(
            f"--{name}", metavar="FILE", type=Path, help=f"try the {what} of a YAML file as “load” reads them"
        )


def run(args: argparse.Namespace, app: Flask) -> Result:
    if args.last < 1:
        raise WrongUsage("--last is 1 or more")
    changes = _changes(args)
    try:
        found = replay(changes, args.last, progress=_tell if sys.stderr.isatty() else lambda done: None)
    except IndexUnusable as error:
        raise CommandRefused(f"There is no index to ask: {error}. Build it with bin/relais reindex.") from error
    document = _document(found)
    return Result(_lines(found, document), document)


def _changes(args: argparse.Namespace) -> Changes:
    try:
        changes = Changes.of(args.assignments)
        if args.synonyms:
            changes = replace(changes, synonyms=synonyms_of(args.synonyms))
        if args.topics:
            changes = replace(changes, topics=topics_of(args.topics))
    except UnknownChange as error:
        raise WrongUsage(str(error)) from error
    except Unfit as error:
        raise CommandRefused(str(error)) from error
    return changes


def _tell(done: int) -> None:
    if done % 100 == 0:
        print(f"{done} tickets", file=sys.stderr)


def _document(found: Replayed) -> dict[str, Any]:
    people = {person for each in found.changed for person in (each.was_first, each.would_be_first, each.answered_by)}
    rows = db.session.execute(select(Person.id, Person.handle).where(Person.id.in_(people - {None})))
    handles: dict[int | None, str] = {row.id: row.handle for row in rows}
    ids = [each.ticket_id for each in found.changed]
    refs = dict(db.session.execute(select(Ticket.id, Ticket.ref).where(Ticket.id.in_(ids))).all())
    return {
        "n": found.n,
        "gone": found.gone,
        "since": found.since,
        "before": _side(found.before, found.n, found.budget_before),
        "after": _side(found.after, found.n, found.budget_after),
        "better": found.counts[Effect.BETTER],
        "worse": found.counts[Effect.WORSE],
        "other": found.counts[Effect.OTHER],
        "may_be_chance": found.may_be_chance,
        "changed": [
            {
                "ticket": refs[each.ticket_id],
                "effect": str(each.effect),
                "was_first": handles.get(each.was_first),
                "would_be_first": handles.get(each.would_be_first),
                "answered_by": handles.get(each.answered_by),
            }
            for each in found.changed
        ],
    }


def _side(side: Side, n: int, budget: float) -> dict[str, float | None]:
    return {
        "top1": _share(side.first, n),
        "top3": _share(side.among_three, n),
        "budget": budget,
        "automatic_rate": _share(side.asked, side.judged),
        "automatic_error": _share(side.wrong, side.asked),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _lines(found: Replayed, document: dict[str, Any]) -> list[str]:
    if not found.n:
        return ["No ticket was decided yet: there is nothing to replay."]
    lines = [f"{found.n} decided tickets, the first routed {found.since}"]
    if found.gone:
        lines.append(f"{found.gone} more were answered by people who are asked no more: left out")
    lines.append(f"{'':16} {'before':>8} {'after':>8}")
    for name in document["before"]:
        before, after = document["before"][name], document["after"][name]
        lines.append(f"{name:16} {_shown(before):>8} {_shown(after):>8}")
    lines.append(f"better {document['better']}, worse {document['worse']}, other {document['other']}")
    if document["better"] + document["worse"] and found.may_be_chance:
        lines.append("So many better and worse ones may be chance.")
    for each, effect in zip(document["changed"], found.changed, strict=True):
        sign = SIGNS[effect.effect]
        names = (each["was_first"] or "-", each["would_be_first"] or "-", each["answered_by"] or "-")
        lines.append(f"{sign} {each['ticket']}: {names[0]} -> {names[1]}; answered by {names[2]}")
    return lines


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"

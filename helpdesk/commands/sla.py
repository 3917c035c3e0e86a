"""`sla explain REF`: the clocks of one ticket, segment by segment."""

from __future__ import annotations

import argparse
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select

from helpdesk.accounts.organisation import setting
from helpdesk.commands import CommandRefused, Commands, Result
from helpdesk.db import db
from helpdesk.sla.explaining import Explained, document, explain, owner_of
from helpdesk.sla.measuring import Counted
from helpdesk.tickets.models import Ticket


def register(commands: Commands) -> None:
    parser = commands.add_parser("sla", help="explains the clocks of a ticket")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    one = actions.add_parser("explain", help="prints one ticket's clocks, segment by segment")
    one.add_argument("ref", metavar="REF", help="such as R-2026-000142")
    one.set_defaults(run=run)


def run(args: argparse.Namespace, app: Flask) -> Result:
    """Explain one ticket."""
    ticket = db.session.scalar(select(Ticket).where(Ticket.ref == args.ref))
    if ticket is None:
        raise CommandRefused(f"There is no ticket {args.ref}.")
    found = explain(ticket)
    zone = ZoneInfo(setting("timezone"))
    lines = [line for clock in found.clocks for line in _lines(clock, zone)]
    return Result(
        lines=[*lines, *_apart(found)],
        document={"ref": ticket.ref, "clocks": [document(clock) for clock in found.clocks]},
    )


def _lines(counted: Counted, zone: ZoneInfo) -> list[str]:
    target = f"of {counted.target_minutes} min" if counted.target_minutes is not None else "without a target"
    due = f", due {_local(counted.due_at, zone)}" if counted.due_at else ""
    owner, promise = owner_of(counted), counted.clock.promise
    of = f" ({owner})" if owner else ""
    under = f", {promise.policy} version {promise.version}" if promise else ""
    late = " and late" if counted.late and counted.outcome != "late" else ""
    lines = [f"{counted.clock.name}{of}: {counted.spent_minutes:g} min {target}, {counted.outcome}{late}{due}{under}"]
    for segment in counted.segments:
        until = _local(segment.end, zone) if segment.end else "now"
        state = "running" if segment.running else "paused"
        calendar = counted.calendar or "real time"
        lines.append(
            f"    {_local(segment.start, zone)} – {until}  {state}  {segment.minutes:.1f} min in {calendar}"
            f"{_versions(segment.versions)}  since {segment.why}"
        )
    if counted.corrected_minutes is not None:
        lines.append(f"    corrected since: {counted.corrected_minutes:g} min with the hours as known now")
    return lines


def _versions(numbers: tuple[int, ...]) -> str:
    return f" (version {', '.join(map(str, numbers))})" if numbers else ""


def _apart(found: Explained) -> list[str]:
    """What is said beside the clocks: delays that are nobody's here, and times that are odd."""
    lines = []
    if found.ingestion_delay:
        lines.append(f"reached us {found.ingestion_delay.total_seconds() / 60:g} min after it was posted")
    if found.posted_in_future:
        lines.append("the channel's time was in the future: counted from when it reached us")
    if found.public_working_minutes is not None:
        lines.append(f"public: {found.public_working_minutes:g} min in the desk's own hours")
    for remark in found.remarks:
        words = {"arrived_late": "was written down", "out_of_order": "stands in the log"}[remark.code]
        lines.append(f"{remark.kind} {words} {remark.by.total_seconds() / 60:g} min after it happened")
    return lines


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")

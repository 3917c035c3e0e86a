"""`sla explain REF`: the clocks of one ticket, segment by segment."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select

from helpdesk.accounts.organisation import setting
from helpdesk.commands import CommandRefused, Commands, Result
from helpdesk.db import db
from helpdesk.sla.explaining import Explained, explain
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
    lines = [line for clock in found for line in _lines(clock, zone)]
    return Result(lines=lines, document={"ref": ticket.ref, "clocks": [document(clock) for clock in found]})


def document(clock: Explained) -> dict[str, Any]:
    return {
        "clock": clock.clock,
        "cycle": clock.cycle,
        "owner": clock.owner,
        "target_minutes": clock.target_minutes,
        "spent_minutes": clock.spent_minutes,
        "due_at": clock.due_at.isoformat() if clock.due_at else None,
        "outcome": clock.outcome,
        "segments": [
            {
                "from": segment.start.isoformat(),
                "to": segment.end.isoformat() if segment.end else None,
                "running": segment.running,
                "calendar": clock.calendar,
                "minutes": round(segment.minutes, 1),
                "why": segment.why,
            }
            for segment in clock.segments
        ],
    }


def _lines(clock: Explained, zone: ZoneInfo) -> list[str]:
    target = f"of {clock.target_minutes} min" if clock.target_minutes is not None else "without a target"
    due = f", due {_local(clock.due_at, zone)}" if clock.due_at else ""
    owner = f" ({clock.owner})" if clock.owner else ""
    lines = [f"{clock.clock}{owner}: {clock.spent_minutes:g} min {target}, {clock.outcome}{due}"]
    for segment in clock.segments:
        until = _local(segment.end, zone) if segment.end else "now"
        state = "running" if segment.running else "paused"
        calendar = clock.calendar or "real time"
        lines.append(
            f"    {_local(segment.start, zone)} – {until}  {state}  {segment.minutes:.1f} min in {calendar}"
            f"  since {segment.why}"
        )
    return lines


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")

"""The channels an organisation speaks on."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select

from helpdesk.accounts import auditing
from helpdesk.accounts.directory import change, ensure_administrator, unfit
from helpdesk.accounts.models import Actor, Person
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem

MOST_CHARACTERS = 1_000_000
KINDS = (
    "webform",
    "email",
    "mastodon",
    "bluesky",
    "x",
    "facebook",
    "instagram",
    "linkedin",
    "discourse",
    "reviews",
    "feed",
    "manual",
)


def channel_with(code: str) -> Channel | None:
    return db.session.scalar(select(Channel).where(Channel.code == code))


def put_channel(code: str, *, by: Person | Actor, **values: Any) -> tuple[Channel, str]:
    """The channel `code` with these values; and "new", "changed" or "unchanged". Raises BadInput."""
    ensure_administrator(by)
    code = code.strip()
    problems = []
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", code):
        problems.append(Problem("code", "bad_code"))
    if values.get("kind", KINDS[0]) not in KINDS:
        problems.append(Problem("kind", "unknown_kind", {"known": ", ".join(KINDS)}))
    for name in ("max_characters", "url_counts_as"):
        if values.get(name) is not None and not (isinstance(values[name], int) and values[name] > 0):
            problems.append(Problem(name, "not_positive"))
        elif values.get(name) is not None and values[name] > MOST_CHARACTERS:
            problems.append(Problem(name, "out_of_range", {"least": 1, "most": MOST_CHARACTERS}))
    problems += unfit(Channel, values)
    if problems:
        raise BadInput(problems)
    channel = channel_with(code)
    if channel is None:
        channel = Channel(code=code, **{"kind": "manual"} | values)
        db.session.add(channel)
        db.session.flush()
        auditing.note("channel_added", "channel", channel.id, by=by, code=code)
        return channel, "new"
    changed = change(channel, values)
    if not changed:
        return channel, "unchanged"
    auditing.note("channel_changed", "channel", channel.id, by=by, columns=sorted(changed))
    return channel, "changed"

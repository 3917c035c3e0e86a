"""How long a text is for each channel, by the server's own count, as the editor shows it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk.answers.lengths import measure
from helpdesk.answers.markup import to_plain
from helpdesk.answers.reusing import OWN_PAGE
from helpdesk.channels.models import Channel
from helpdesk.db import db
from helpdesk.tickets.models import Ticket

MOST = 8


def lengths_for(ticket: Ticket, body: str, short: str) -> list[dict[str, Any]]:
    """One line per channel, the ticket's own first: `channel`, `count`, `limit` (None: none) and `over`.

    The own channel has a second line for the short variant, when there is one.
    """
    plain = to_plain(body)
    lines = [_line(ticket.channel, plain, _("%(channel)s, where it was asked", channel=name_of(ticket.channel)))]
    if short.strip():
        lines.append(_line(ticket.channel, short, _("%(channel)s, short variant", channel=name_of(ticket.channel))))
    others = select(Channel).where(Channel.active, Channel.id != ticket.channel_id, Channel.kind != OWN_PAGE)
    measured = [_line(channel, plain, name_of(channel)) for channel in db.session.scalars(others.order_by(Channel.id))]
    return lines + [line for line in measured if line["limit"]][:MOST]


def name_of(channel: Channel) -> str:
    """What a channel is called: its network, or where it is when it is watched by hand."""
    known = {"webform": _("Web form"), "email": _("E-mail"), "discourse": _("Forum")}
    return known.get(channel.kind) or channel.code.replace("_", " ").capitalize()


def _line(channel: Channel, text: str, label: str) -> dict[str, Any]:
    if channel.kind == OWN_PAGE:
        return {"channel": label, "count": len(text), "limit": None, "over": False}
    length = measure(channel.kind, text, max_chars=channel.max_characters, url_counts_as=channel.url_counts_as)
    return {"channel": label, "count": length.count, "limit": length.limit, "over": not length.fits}

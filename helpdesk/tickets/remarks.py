"""Why somebody did a thing, in their own words: kept beside the event, never in it.

The log holds codes only. A reason that is a code of a short list goes into the event as it is; words go into a
`Remark`, which can be erased, and the event says `in_words`.
"""

from __future__ import annotations

import re

from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.tickets.models import Event, Remark

IN_WORDS = "in_words"
LONGEST = 2_000
_CODE = re.compile(r"[a-z][a-z_]{1,39}")


def checked(text: str | None, field: str = "reason", *, longest: int = LONGEST) -> str:
    """The text without blanks around it. Raises BadInput when it is missing, too long, or can't be stored."""
    text = (text or "").strip()
    if not text:
        raise BadInput([Problem(field, "missing")])
    if len(text) > longest:
        raise BadInput([Problem(field, "too_long", {"count": len(text), "limit": longest})])
    if "\x00" in text:
        raise BadInput([Problem(field, "nul", {"position": text.index("\x00") + 1})])
    return text


def code_of(reason: str) -> str:
    """What the event says of a reason: its code, or that it is told in words."""
    return reason if _CODE.fullmatch(reason) else IN_WORDS


def keep(event: Event, reason: str) -> None:
    """Keep a reason told in words beside its event; none is none."""
    if reason and code_of(reason) == IN_WORDS:
        db.session.add(Remark(event_id=event.id, ticket_id=event.ticket_id, text=reason))

"""Keeping a letter that has been put into words, with the row that sends it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import select

from helpdesk import clock, outbox
from helpdesk.db import db
from helpdesk.notifications.models import Letter, LetterKind, LetterState
from helpdesk.outbox import Lane

SEND = "workers.letters.send"


@dataclass(frozen=True)
class Words:
    """A letter in words. Instead of addresses that need no password it holds those of `links`."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class About:
    """What a letter is about and who gets it, as far as rows say so."""

    ticket_id: int | None = None
    person_id: int | None = None
    asker_id: int | None = None
    offer_id: int | None = None
    department_id: int | None = None


def keep(kind: LetterKind, key: str, about: About, address: str, language: str, words: Words, domain: str) -> Letter:
    """The letter of this key: written now with the row that sends it, unless it was written before.

    `domain`: ours, for its Message-ID. Does not commit.
    """
    session = db.session()
    present = session.scalar(select(Letter).where(Letter.key == key))
    if present is not None:
        return present
    letter = Letter(
        kind=str(kind),
        key=key,
        ticket_id=about.ticket_id,
        person_id=about.person_id,
        asker_id=about.asker_id,
        offer_id=about.offer_id,
        department_id=about.department_id,
        address=address,
        language=language,
        subject=words.subject,
        text=words.text,
        html=words.html,
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
        state=LetterState.WAITING,
        created_at=clock.now(),
    )
    session.add(letter)
    session.flush()  # gives it its id
    outbox.put(SEND, Lane.LETTERS, key=f"letter:{letter.id}", letter_id=letter.id)
    return letter

"""Letters: planned once for each event and reader, then sent one by one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app

from config import Settings
from helpdesk import outbox
from helpdesk.db import db, transaction
from helpdesk.notifications import sending
from helpdesk.notifications.contents import content_of, language_of
from helpdesk.notifications.keeping import About, Words, keep
from helpdesk.notifications.recipients import Recipient, recipients_of
from helpdesk.outbox import OutboxRow
from helpdesk.tickets.models import Event
from helpdesk.web.letters import render

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Written:
    """A letter in words, not yet kept."""

    recipient: Recipient
    address: str
    language: str
    words: Words


def plan(row: OutboxRow) -> None:
    """Write the letters that follow from an event, one row each, and one outbox row to send each.

    Planned again after a crash, what was written stays as it is.
    """
    event = db.session.get(Event, row.payload["event_id"])
    if event is None:
        raise outbox.Permanent(f"there is no event {row.payload['event_id']}")
    # Rendered before the transaction: it takes the longest, and on SQLite nobody else writes meanwhile.
    letters = [_write(recipient) for recipient in recipients_of(event)]
    with transaction():
        for written in letters:
            if written is not None:
                _keep(written)
        outbox.finish(row)


def send(row: OutboxRow) -> None:
    """Send one letter."""
    settings = _settings()
    sending.send(row, sending.MailOffice(settings.mail_server, settings.base_url, settings.secret_key))


def _write(recipient: Recipient) -> Written | None:
    """The letter in its reader's language; None, and a line in the log, for who has no address."""
    if not recipient.address:
        person = recipient.person.id if recipient.person else None
        log.warning(
            "no letter %s of event %s: person %s has no e-mail address", recipient.kind, recipient.event.id, person
        )
        return None
    language = language_of(recipient)
    words = render(recipient.kind, content_of(recipient), language)
    return Written(recipient, recipient.address, language, words)


def _keep(written: Written) -> None:
    """Add the letter and the row that sends it, unless that was done before."""
    to = written.recipient
    about = About(
        ticket_id=to.ticket.id,
        person_id=to.person.id if to.person else None,
        asker_id=to.asker.id if to.asker else None,
        offer_id=to.offer.id if to.offer else None,
    )
    keep(to.kind, to.key, about, written.address, written.language, written.words, domain())


def domain() -> str:
    """What stands after the @ of a Message-ID: our own domain."""
    settings = _settings()
    if settings.mail_server is not None:
        return settings.mail_server.sender.rpartition("@")[2]
    return urlsplit(settings.base_url).hostname or "localhost"


def _settings() -> Settings:
    settings: Settings = current_app.extensions["relais_settings"]
    return settings

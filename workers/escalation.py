"""Warnings: what clocks have passed is noticed, and everybody who is to be told gets one letter."""

from __future__ import annotations

import logging

from helpdesk import clock
from helpdesk.accounts.organisation import LANGUAGES, setting
from helpdesk.db import transaction
from helpdesk.errors import Conflict
from helpdesk.escalation import digests, sweeping
from helpdesk.escalation.digests import Digest
from helpdesk.notifications.keeping import About, Words, keep
from helpdesk.notifications.models import LetterKind
from helpdesk.web.escalation_letters import digest_words
from workers.letters import domain

log = logging.getLogger(__name__)

SWEEPS_FOR = 60.0
"""Seconds of one job; the next goes on where it ended."""


def warn() -> None:
    """Notice what fell due, then write the letters that are to go now."""
    looked_at = sweeping.sweep(SWEEPS_FOR)
    written = sum(_tell(person_id) for person_id in digests.waiting_people(clock.now()))
    if looked_at or written:
        log.info("looked at the clocks of %s tickets, wrote %s letters", looked_at, written)


def _tell(person_id: int) -> bool:
    """Write the letter of one person. False: there was nothing left to tell, or no way to."""
    now = clock.now()
    digest = digests.digest_of(person_id, now)
    # Put into words before the transaction: it takes the longest, and on SQLite nobody else writes meanwhile.
    words, language, address = _words(digest)
    letter_id = None
    try:
        with transaction():
            digests.hold(digest)
            if words is not None and address:
                about = About(person_id=person_id, offer_id=digest.only_offer_id)
                letter_id = keep(LetterKind.WARNED, digest.key, about, address, language, words, domain()).id
            digests.settle(digest, letter_id, now)
    except Conflict:  # another worker tells them at this moment
        return False
    return letter_id is not None


def _words(digest: Digest) -> tuple[Words | None, str, str | None]:
    person = digest.person
    language = person.locale if person.locale in LANGUAGES else str(setting("default_language"))
    if not digest.lines:
        return None, language, None
    if not person.email:
        log.warning("no letter of warnings: person %s has no e-mail address", person.id)
        return None, language, None
    return digest_words(digest, language), language, person.email

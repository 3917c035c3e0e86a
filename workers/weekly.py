"""Monday's letter to each head: their week on one sheet."""

from __future__ import annotations

import logging

from helpdesk import clock
from helpdesk.accounts.organisation import LANGUAGES, setting
from helpdesk.db import transaction
from helpdesk.notifications.keeping import About, keep
from helpdesk.notifications.models import LetterKind
from helpdesk.reports.weekly import Due, letters_due
from helpdesk.rollups.following import lag
from helpdesk.web.weekly import letter_words
from workers.letters import domain

log = logging.getLogger(__name__)

BEHIND = 1000
"""Changes that the sums may be behind the log; further behind, the letters wait until the figures are right."""


def tell() -> None:
    """Write the letters that are due, each once."""
    due = letters_due(clock.now())
    if due and lag() > BEHIND:
        log.warning("%s weekly letters wait: the figures are being brought up to date", len(due))
        return
    for each in due:
        _write(each)


def _write(due: Due) -> None:
    person = due.person
    if not person.email:
        log.warning("no weekly letter: person %s has no e-mail address", person.id)
        return
    language = person.locale if person.locale in LANGUAGES else str(setting("default_language"))
    words = letter_words(due, language)  # before the transaction: it takes the longest
    about = About(person_id=person.id, department_id=due.department.id if due.department else None)
    key, address = due.key, person.email
    with transaction():
        keep(LetterKind.WEEK, key, about, address, language, words, domain())

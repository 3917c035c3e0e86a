"""Sending a letter again, when an administrator says so: nothing of doubtful fate goes twice by itself."""

from __future__ import annotations

from helpdesk import outbox
from helpdesk.accounts import auditing
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.notifications.models import Letter, LetterState
from helpdesk.outbox import Lane
from helpdesk.tickets.seeing import ensure_role

CAN_GO_AGAIN = frozenset({LetterState.FAILED, LetterState.UNCERTAIN, LetterState.KEPT})


def send_again(letter: Letter, *, by: Person) -> Letter:
    """Let the workers send a letter that failed, may have gone, or was kept for want of a mail server.

    In any other state it is left alone.

    It keeps its Message-ID, so that a mail server that has it already can tell.
    """
    ensure_role(by, Can.ADMINISTER)
    if letter.state in CAN_GO_AGAIN:
        letter.state, letter.error = LetterState.WAITING, ""
        outbox.put("workers.letters.send", Lane.LETTERS, letter_id=letter.id)
        auditing.note("letter_sent_again", "letter", letter.id, by=by, letter_kind=letter.kind)
    return letter

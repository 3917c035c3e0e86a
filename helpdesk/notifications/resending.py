"""Sending a letter again, when an administrator says so: nothing of doubtful fate goes twice by itself."""

from __future__ import annotations

from helpdesk import clock, outbox
from helpdesk.accounts import auditing
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Person
from helpdesk.notifications.keeping import SEND
from helpdesk.notifications.models import Letter, LetterState
from helpdesk.outbox import Lane, RowState
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
        _put_back(letter)
        auditing.note("letter_sent_again", "letter", letter.id, by=by, letter_kind=letter.kind)
    return letter


def _put_back(letter: Letter) -> None:
    """The row that sends the letter waits again; there is one per letter, unless it was tidied away since."""
    row = outbox.put(SEND, Lane.LETTERS, key=f"letter:{letter.id}", letter_id=letter.id)
    if row.state not in (RowState.WAITING, RowState.CLAIMED):
        row.state, row.attempts, row.run_at = RowState.WAITING, 0, clock.now()
        row.claimed_at = row.done_at = None
        outbox.nudge_after_commit(Lane.LETTERS)

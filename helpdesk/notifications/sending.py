"""Sending one letter: at most once, as far as mail allows.

    waiting → (the server agrees to take it) → handing over → (the server has it) → sent

Each arrow is a commit. A worker that dies before the letter is handed over leaves it waiting: it is sent later. One
that dies while it is being handed over leaves it so, and nobody can know whether it went. It becomes uncertain, is
never sent again by itself, and an administrator decides.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import NoReturn, cast

from sqlalchemy import CursorResult, update

from config import MailServer
from helpdesk import clock, outbox
from helpdesk.accounts.access import Can
from helpdesk.accounts.entering import OFFER_LINK_LASTS, WEEK_LINK_LASTS, create_link
from helpdesk.accounts.models import LinkPurpose
from helpdesk.accounts.organisation import setting
from helpdesk.db import db, transaction
from helpdesk.intake.status_links import status_token
from helpdesk.notifications import mime, smtp
from helpdesk.notifications.links import SIGNED_LINK, with_addresses, without_secrets
from helpdesk.notifications.models import Letter, LetterKind, LetterState
from helpdesk.outbox import OutboxRow
from helpdesk.publishing.following import progress_of
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets import seeing
from helpdesk.tickets.workflow import State

log = logging.getLogger(__name__)

# What may still be sent when its turn comes; what failed or was kept is here because somebody asked for it again.
TO_GO = frozenset({LetterState.WAITING, LetterState.FAILED, LetterState.KEPT})
# Letters that say that something is over, for people who may have lost sight of the ticket by it.
FAREWELLS = frozenset({LetterKind.WITHDRAWN, LetterKind.PUBLISHED})


@dataclass(frozen=True)
class MailOffice:
    """Where letters are handed over (None: nowhere, they are kept), where our pages are, and what signs addresses."""

    server: MailServer | None
    base_url: str
    secret_key: str


class TryLater(Exception):
    """The letter waits: the mail server can't be reached, or asks us to come back."""


def send(row: OutboxRow, office: MailOffice) -> None:
    """Send the letter of an outbox row, and finish the row. Commits, several times.

    Raises TryLater when it could not go and waits, outbox.Permanent when the server refused it for good.
    """
    letter_id: int = row.payload["letter_id"]
    address = _begin(row, letter_id, office)
    if address is None or office.server is None:
        return
    try:
        with smtp.conversation(office.server) as talk:
            talk.agree_on(address)
            letter = _note_handing_over(letter_id, office, office.server)
            if letter is None:  # over in this very moment, or another worker has it
                return
            talk.hand_over(letter)
            _note_sent(row, letter_id)
    except smtp.Refused as refusal:
        _note_refused(row, letter_id, refusal, address)
    except smtp.Unknown as unknown:
        _note_uncertain(row, letter_id, str(unknown))


def shown(words: str, letter: Letter, base_url: str) -> str:
    """The kept words of a letter for a page: in place of a signed link, an address that needs signing in."""
    if letter.kind == LetterKind.WEEK:
        return without_secrets(words, base_url, "/department")
    return without_secrets(words, base_url, f"/questions/{letter.offer_id}" if letter.offer_id else "/questions")


def is_needed(letter: Letter) -> bool:
    """Whether what the letter is about still stands, and its reader may still be told."""
    person, ticket = letter.person, letter.ticket
    if ticket is None:
        return True
    if person is None:
        return _asker_wants(letter)
    if not person.active:
        return False
    if letter.kind not in FAREWELLS and not seeing.may(person, Can.SEE_TICKET, ticket):
        return False
    if letter.kind == LetterKind.OFFER:
        offer = db.session.get(Offer, letter.offer_id) if letter.offer_id else None
        return offer is not None and offer.state is OfferState.OFFERED
    return letter.kind != LetterKind.READY or ticket.state is State.READY


def _asker_wants(letter: Letter) -> bool:
    """Not after they were erased or left another address; and never an answer that was withdrawn meanwhile."""
    identity = letter.asker.identity if letter.asker else None
    if identity is None or identity.email != letter.address:
        return False
    if letter.kind != LetterKind.ANSWERED or letter.ticket is None:
        return True
    answer = progress_of(letter.ticket).answer
    return answer is not None and answer.in_force


# --- the commits ------------------------------------------------------------------------------------------------------


def _begin(row: OutboxRow, letter_id: int, office: MailOffice) -> str | None:
    """The address to send to; None when there is nothing to send (any more), which is then noted."""
    with transaction() as session:
        letter = session.get(Letter, letter_id)
        if letter is None:
            raise outbox.Permanent(f"there is no letter {letter_id}")
        if letter.state is LetterState.HANDING_OVER:
            _become_uncertain(letter, "the worker ended while it was handing the letter over")
        elif letter.state in TO_GO and not is_needed(letter):
            letter.state, letter.error = LetterState.NOT_NEEDED, ""
            log.info("letter %s (%s) is not needed any more", letter.id, letter.kind)
        elif letter.state in TO_GO and office.server is None:
            letter.state, letter.error = LetterState.KEPT, ""
            log.info("letter %s kept, no mail server is set: %s, for %s", letter.id, letter.subject, _whom(letter))
        elif letter.state in TO_GO:
            letter.state = LetterState.WAITING
            return letter.address
        outbox.finish(row)
    return None


def _note_handing_over(letter_id: int, office: MailOffice, server: MailServer) -> bytes | None:
    """Commit that the letter is about to be handed over; its bytes, with the addresses that are kept nowhere.

    None when it is not waiting any more, or not needed.
    """
    with transaction() as session:
        taken = session.execute(
            update(Letter)
            .where(Letter.id == letter_id, Letter.state == LetterState.WAITING)
            .values(state=LetterState.HANDING_OVER, error="")
        )
        if cast("CursorResult[object]", taken).rowcount != 1:
            return None
        letter = session.get_one(Letter, letter_id, populate_existing=True)
        if not is_needed(letter):
            letter.state = LetterState.NOT_NEEDED
            return None
        addresses = {"signed_link": _signed_link(letter, office), "status_page": _status_page(letter, office)}
        return mime.letter_bytes(
            sender=server.sender,
            sender_name=str(setting("name")),
            recipient=letter.address,
            subject=letter.subject,
            text=with_addresses(letter.text, **addresses),
            html=with_addresses(letter.html, **addresses),
            language=letter.language,
            message_id=letter.message_id,
            date=letter.created_at,
        )


def _signed_link(letter: Letter, office: MailOffice) -> str:
    """The address of a new signed link, if the letter has a place for one. Only its digest is kept."""
    if letter.kind == LetterKind.WEEK:
        whose = letter.department_id or 0
        secret = create_link(LinkPurpose.DEPARTMENT_WEEK, letter.person, WEEK_LINK_LASTS, subject_id=whose)
        return f"{office.base_url}/week/{secret}"
    if letter.offer_id is None or SIGNED_LINK not in letter.text:
        return ""
    secret = create_link(LinkPurpose.OFFER, letter.person, OFFER_LINK_LASTS, subject_id=letter.offer_id)
    return f"{office.base_url}/answer/{secret}"


def _status_page(letter: Letter, office: MailOffice) -> str:
    """Where the asker follows their question; nothing for anybody else."""
    if letter.asker_id is None or letter.ticket is None:
        return ""
    return f"{office.base_url}/status/{status_token(letter.ticket, office.secret_key)}"


def _note_sent(row: OutboxRow, letter_id: int) -> None:
    with transaction() as session:
        letter = session.get_one(Letter, letter_id)
        letter.state, letter.sent_at, letter.error = LetterState.SENT, clock.now(), ""
        outbox.finish(row)


def _note_refused(row: OutboxRow, letter_id: int, refusal: smtp.Refused, address: str) -> NoReturn:
    """Keep what the server said, without the address; after the last attempt there is no later."""
    said = str(refusal).replace(address, "…")
    is_last = refusal.for_good or row.attempts > len(outbox.RETRY_AFTER)
    with transaction() as session:
        letter = session.get_one(Letter, letter_id)
        letter.state, letter.error = LetterState.FAILED if is_last else LetterState.WAITING, said
    # Not chained: what the server said holds the address, and would stand in the log.
    raise (outbox.Permanent if is_last else TryLater)(said) from None


def _note_uncertain(row: OutboxRow, letter_id: int, said: str) -> None:
    with transaction() as session:
        _become_uncertain(session.get_one(Letter, letter_id), said)
        outbox.finish(row)


def _become_uncertain(letter: Letter, said: str) -> None:
    letter.state, letter.error = LetterState.UNCERTAIN, said
    log.error("letter %s (%s) may have gone or not: an administrator decides (%s)", letter.id, letter.kind, said)


def _whom(letter: Letter) -> str:
    return f"person {letter.person_id}" if letter.person_id else f"asker {letter.asker_id}"

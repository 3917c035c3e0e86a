"""The address at which an asker follows a question: unguessable, and not to be found in the database.

A token is the ticket's public name followed by its signature with the installation's secret key. Whoever copies the
database cannot make one without the key, and a ticket's reference leads nowhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.tickets.models import Ticket

NAME_LENGTH = 16  # hexadecimal digits
SIGNATURE_BYTES = 16  # 128 bits


def new_public_id() -> str:
    """The public name of a new ticket: random, so that it says nothing about when or how many."""
    return secrets.token_hex(NAME_LENGTH // 2)


def status_token(ticket: Ticket, secret_key: str) -> str:
    """What stands at the end of the status address of `ticket`: 38 letters, digits, `-` and `_`."""
    return ticket.public_id + _signature(ticket.public_id, secret_key)


def ticket_of_status_token(token: str, secret_key: str) -> Ticket | None:
    """The ticket that `token` was made for; None for any other text."""
    public_id, signature = token[:NAME_LENGTH], token[NAME_LENGTH:]
    if not hmac.compare_digest(_signature(public_id, secret_key).encode(), signature.encode("utf-8", "replace")):
        return None
    return db.session.scalar(select(Ticket).where(Ticket.public_id == public_id))


def _signature(public_id: str, secret_key: str) -> str:
    message = f"status page\0{public_id}".encode("utf-8", "replace")
    digest = hmac.digest(secret_key.encode(), message, hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode("ascii").rstrip("=")

"""Changes through the API: one transaction each, and a repeat with the same Idempotency-Key changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from helpdesk import clock
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, Problem
from helpdesk.tickets.models import IntakeReceipt
from helpdesk.web.api.authority import actor

LONGEST_KEY = 200

Answer = tuple[dict[str, Any], int]


def changing(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Run `view` in a transaction; it returns (document, status). The answer to a key is kept with the change itself.

    The same key with another request is refused (422), so that a mistake in a client does not pass for success.
    """

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Answer:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            with transaction():
                return view(*args, **kwargs)
        if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
            raise BadInput([Problem("Idempotency-Key", "bad_key", {"limit": LONGEST_KEY})])
        try:
            with transaction():
                return _kept(key) or _do_and_keep(key, view, args, kwargs)
        except (IntegrityError, Conflict):
            # Two requests with one key at the same instant: the other one came first, and has been answered.
            kept = _kept(key)
            if kept is None:
                raise
            return kept

    return once


def request_digest() -> str:
    content = b"\0".join((request.method.encode(), request.full_path.encode(), request.get_data()))
    return hashlib.sha256(content).hexdigest()


def _kept(key: str) -> Answer | None:
    receipt = db.session.scalar(
        select(IntakeReceipt).where(IntakeReceipt.person_id == actor().id, IntakeReceipt.key == key)
    )
    if receipt is None:
        return None
    if receipt.request_digest != request_digest():
        raise BadInput([Problem("Idempotency-Key", "key_used_otherwise")])
    return receipt.body, receipt.status


def _do_and_keep(key: str, view: Callable[..., Answer], args: Any, kwargs: Any) -> Answer:
    body, status = view(*args, **kwargs)
    db.session.add(
        IntakeReceipt(
            person_id=actor().id,
            key=key,
            request_digest=request_digest(),
            status=status,
            body=body,
            created_at=clock.now(),
        )
    )
    return body, status

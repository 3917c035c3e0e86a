"""Who asked: a pseudonym for everyone, and the identity in a row of its own that can be erased.

The pseudonym is a keyed digest: the same account on the same channel, or the same e-mail address, is recognised when it
writes again, and nobody without the key can find out whose it is by trying names.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from helpdesk.db import db
from helpdesk.intake.cleaning import Submission
from helpdesk.tickets.models import Asker, AskerIdentity

_key = b""


def use_key(secret_key: str) -> None:
    """Say which key the pseudonyms are made with. Called once, when the application is wired."""
    global _key
    _key = secret_key.encode()


def pseudonym(channel: str, handle: str | None, email: str | None) -> str | None:
    """64 hexadecimal digits for an account on a channel or, without one, for an e-mail address; None for nobody.

    Case and a leading @ do not count. Raises RuntimeError before `use_key`.
    """
    if not _key:
        raise RuntimeError("askers.use_key() was not called")
    if handle:
        name = f"handle\0{channel}\0{handle.lstrip('@').casefold()}"
    elif email:
        name = f"email\0{email.casefold()}"
    else:
        return None
    return hmac.digest(_key, f"asker\0{name}".encode(), hashlib.sha256).hex()


def asker_of(submission: Submission, *, now: datetime, language: str | None) -> int | None:
    """The id of the asker of `submission`, made or completed; None when it says nothing about who asked.

    `language` is the one to write to them in, when it is known better than from the text.
    """
    name = pseudonym(submission.channel, submission.author_handle, submission.author_email)
    if name is None:
        return None
    session = db.session()
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    row = insert(Asker).values(pseudonym=name, language=language or submission.language, first_seen_at=now)
    asker_id = session.scalar(row.on_conflict_do_nothing(index_elements=["pseudonym"]).returning(Asker.id))
    if asker_id is None:
        # Who was erased and writes again gives their data again.
        again = update(Asker).where(Asker.pseudonym == name).values(erased_at=None)
        asker_id = session.scalar(again.returning(Asker.id))
    given = {
        "handle": submission.author_handle,
        "name": submission.author_name,
        "email": submission.author_email,
    }
    known = {column: value for column, value in given.items() if value}
    identity = insert(AskerIdentity).values(asker_id=asker_id, **given)
    session.execute(identity.on_conflict_do_update(index_elements=["asker_id"], set_=known))
    return asker_id

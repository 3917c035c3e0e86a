"""Who asked: a pseudonym for everyone, and the identity in a row of its own that can be erased.

The pseudonym is a keyed digest: the same account on the same channel, or the same e-mail address, is recognised when it
writes again, and nobody without the key can find out whose it is by trying names.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, func
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from helpdesk.db import db
from helpdesk.intake.cleaning import Submission
from helpdesk.tickets.models import Asker, AskerIdentity

_key = b""


def _write_asker(insert: Any) -> Any:
    """Makes the row, or finds it: who was erased and writes again gives their data again."""
    row = insert(cast(Table, Asker.__table__))
    again = row.on_conflict_do_update(index_elements=["pseudonym"], set_={"erased_at": None})
    return again.returning(Asker.id)


def _write_identity(insert: Any) -> Any:
    """Makes the row, or completes it with what is given now; what is not given stays."""
    row = insert(cast(Table, AskerIdentity.__table__))
    given = {name: func.coalesce(row.excluded[name], AskerIdentity.__table__.c[name]) for name in GIVEN}
    return row.on_conflict_do_update(index_elements=["asker_id"], set_=given)


# Made once: building such a statement costs as much as carrying it out.
GIVEN = ("handle", "name", "email")
_INSERT = {"postgresql": postgresql_insert, "sqlite": sqlite_insert}
_WRITE_ASKER = {dialect: _write_asker(insert) for dialect, insert in _INSERT.items()}
_WRITE_IDENTITY = {dialect: _write_identity(insert) for dialect, insert in _INSERT.items()}


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
    connection = db.session.connection()
    dialect = connection.dialect.name
    asker = {"pseudonym": name, "language": language or submission.language, "first_seen_at": now}
    asker_id = connection.scalar(_WRITE_ASKER[dialect], asker)
    given = (submission.author_handle, submission.author_name, submission.author_email)
    identity = {"asker_id": asker_id, **{column: value or None for column, value in zip(GIVEN, given, strict=True)}}
    connection.execute(_WRITE_IDENTITY[dialect], identity)
    return int(asker_id)

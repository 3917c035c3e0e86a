"""Ways in: passwords, API tokens, and signed links. Only digests are kept of anything secret."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import bindparam, func, select, update

from helpdesk import clock
from helpdesk.accounts import auditing
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import (
    SYSTEM,
    Actor,
    LinkPurpose,
    Person,
    PersonRole,
    Principal,
    SignedLink,
    Token,
    TokenScope,
)
from helpdesk.accounts.permitting import ensure_role
from helpdesk.db import LARGEST_ID, db, transaction
from helpdesk.errors import BadInput, NotFound, Problem

# The cost the OWASP cheat sheet gives for argon2id: about 60 ms and 19 MiB each, bearable with many threads.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
# Verified when there is no such account, so that the time taken does not tell which names exist.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))

OFFER_LINK_LASTS = timedelta(days=7)
WEEK_LINK_LASTS = timedelta(days=14)
PASSWORD_LINK_LASTS = timedelta(days=2)
FIRST_LINK_LASTS = timedelta(days=1)


def digest(secret: str) -> str:
    """What is kept of a token: long random secrets need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


# --- passwords --------------------------------------------------------------------------------------------------------


def set_password(person: Person, password: str, *, by: Person | Actor) -> None:
    """Give `person` a new password and end their other sessions. Raises BadInput when it is too short or long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInput([Problem("password", "password_length", {"limit": SHORTEST_PASSWORD})])
    person.password_hash = _hasher.hash(password)
    person.session_epoch += 1
    auditing.note("password_set", "person", person.id, by=by)


def person_with_password(name: str, password: str) -> Person | None:
    """The active person whose handle or e-mail is `name` and whose password this is, else None."""
    name = name.replace("\0", "")  # no database keeps one, and some cannot be asked for it
    person = db.session.scalar(select(Person).where((Person.handle == name) | (Person.email == name.lower())))
    kept = person.password_hash if person is not None and person.password_hash else _NOBODY
    try:
        _hasher.verify(kept, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    return person if person is not None and person.active and person.password_hash else None


def end_sessions(person: Person, *, by: Person | Actor) -> None:
    """Sign `person` out everywhere, and end the links with which they could choose a password. By an administrator."""
    _ensure_administrator(by)
    person.session_epoch += 1
    revoke_links(LinkPurpose.SET_PASSWORD, person.id)
    auditing.note("sessions_ended", "person", person.id, by=by)


# --- API tokens -------------------------------------------------------------------------------------------------------


def create_token(person: Person, scope: TokenScope, *, by: Person | Actor) -> tuple[Token, str]:
    """A new token of `person` and its secret, which can be shown this once. By an administrator."""
    _ensure_administrator(by)
    secret = f"relais_{secrets.token_urlsafe(32)}"
    token = Token(person_id=person.id, digest=digest(secret), scope=scope, created_at=clock.now())
    db.session.add(token)
    db.session.flush()
    auditing.note("token_created", "token", token.id, by=by, person_id=person.id, scope=str(scope))
    return token, secret


def revoke_token(token_id: int, *, by: Person | Actor) -> Token:
    """End a token at once. By an administrator. Raises NotFound."""
    _ensure_administrator(by)
    token = db.session.get(Token, token_id) if 0 < token_id <= LARGEST_ID else None
    if token is None:
        raise NotFound()
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        auditing.note("token_revoked", "token", token.id, by=by)
    return token


@dataclass(frozen=True)
class Bearer:
    """Whom a valid token stands for, and within which scope."""

    token_id: int
    person_id: int
    scope: TokenScope
    last_used_at: datetime | None


# Made once: every API request begins with it.
_BEARER = (
    select(Token.id, Token.person_id, Token.scope, Token.last_used_at)
    .join(Person, Person.id == Token.person_id)
    .where(Token.digest == bindparam("digest"), Token.revoked_at.is_(None), Person.active)
)


def bearer_of(secret: str) -> Bearer | None:
    """Whom the token with this secret stands for; None when it is not valid, or its person is not active."""
    row = db.session.connection().execute(_BEARER, {"digest": digest(secret)}).first()
    return Bearer(*row) if row else None


# Made once: every question that comes in by the API asks this.
_PRINCIPAL = (
    select(Token.person_id, PersonRole.role)
    .join(Person, Person.id == Token.person_id)
    .outerjoin(PersonRole, PersonRole.person_id == Token.person_id)
    .where(Token.id == bindparam("token_id"), Token.revoked_at.is_(None), Person.active)
)


def principal_of(token_id: int) -> Principal | None:
    """Whom a token stands for now; None when it was revoked, or its person is not active."""
    rows = db.session.connection().execute(_PRINCIPAL, {"token_id": token_id}).all()
    return Principal(rows[0].person_id, frozenset(row.role for row in rows if row.role)) if rows else None


# --- signed links -----------------------------------------------------------------------------------------------------


def create_link(purpose: LinkPurpose, person: Person | None, lasts: timedelta, *, subject_id: int | None = None) -> str:
    """The secret of a new link that stands for `person`, for one purpose and subject, for a time."""
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    db.session.add(
        SignedLink(
            digest=digest(secret),
            purpose=purpose,
            subject_id=subject_id,
            person_id=person.id if person else None,
            created_at=now,
            expires_at=now + lasts,
        )
    )
    return secret


def link_of(secret: str, purpose: LinkPurpose) -> SignedLink | None:
    """The link with this secret, if it is still good for `purpose`. Looking changes nothing: scanners open links."""
    link = db.session.scalar(
        select(SignedLink).where(SignedLink.digest == digest(secret), SignedLink.purpose == purpose)
    )
    if link is None or link.revoked_at is not None or link.expires_at <= clock.now():
        return None
    if link.person is not None and not link.person.active:
        return None
    return link


def revoke_links(purpose: LinkPurpose, subject_id: int) -> None:
    """End every link of a purpose and subject, such as those of an offer that is over."""
    db.session.execute(
        update(SignedLink)
        .where(
            SignedLink.purpose == purpose,
            SignedLink.subject_id == subject_id,
            SignedLink.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
    )


def password_link(person: Person, *, by: Person) -> str:
    """The secret of a link with which `person` chooses a password; made by an administrator."""
    _ensure_administrator(by)
    if not person.active:
        raise BadInput([Problem("person", "person_left")])
    revoke_links(LinkPurpose.SET_PASSWORD, person.id)
    auditing.note("password_link_made", "person", person.id, by=by)
    return create_link(LinkPurpose.SET_PASSWORD, person, PASSWORD_LINK_LASTS, subject_id=person.id)


def _ensure_administrator(by: Person | Actor) -> None:
    if isinstance(by, Person):
        ensure_role(by, Can.ADMINISTER)


def first_administrator_secret() -> str | None:
    """The secret of a one-time link to create the first administrator; None when somebody exists already.

    Each call ends the links given before. Commits.
    """
    with transaction() as session:
        if session.scalar(select(func.count()).select_from(Person)):
            return None
        revoke_links(LinkPurpose.FIRST_ADMINISTRATOR, 0)
        auditing.note("first_administrator_link_made", "person", None, by=SYSTEM)
        return create_link(LinkPurpose.FIRST_ADMINISTRATOR, None, FIRST_LINK_LASTS, subject_id=0)

"""The ledger of official answers: sealed versions, each chained to the one before.

A version is written once. Its seal covers every word of it, what kind of answer it belongs to, who wrote and who
approved it, and when; so a row altered behind the application's back no longer matches its seal. The seal itself is
repeated where it was decided (in the ticket's log, or in the audit log for what was recorded from elsewhere), so a
version put in by hand has no anchor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, event, inspect, select, update
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import AuditEntry, Person
from helpdesk.answers.markup import to_html, to_plain
from helpdesk.answers.models import AnswerKind, AnswerVersion, OfficialAnswer
from helpdesk.db import db
from helpdesk.tickets.models import Event
from helpdesk.tickets.sealing import seal, text_digest
from helpdesk.tickets.workflow import Kind

RECORDED = "answer_recorded"  # the audit entry of a version that was approved elsewhere
WITHDRAWN = "answer_withdrawn"

# What the seal covers besides the seal of the version before, in this order. Never take one away.
OF_THE_ANSWER = ("id", "kind", "language", "visibility")
OF_THE_VERSION = (
    "version", "draft_id", "title", "body", "html", "plain", "short", "sources", "variables", "review_by",
    "author_id", "approver_ids", "approved_at", "text_sha256",
)  # fmt: skip


@dataclass(frozen=True)
class Text:
    """The words of an answer, as somebody approved them."""

    title: str
    body: str
    short: str = ""
    sources: str = ""
    review_by: date | None = None
    variables: Sequence[str] = ()


def text_sha256(body: str, short: str) -> str:
    """SHA-256 of what can be posted: the Markdown text, and the short variant when there is one."""
    return text_digest(f"{body}\n\n--- short ---\n{short}" if short else body)


def seal_version(
    answer: OfficialAnswer,
    text: Text,
    *,
    author: Person,
    approvers: Sequence[Person],
    at: datetime,
    draft_id: int | None = None,
) -> AnswerVersion:
    """Write the next version of `answer` and its seal. The text is rendered here, once. Flushes, does not commit.

    Raises ValueError without an approver or when the author is one of them: callers refuse that in words before.
    """
    if not approvers or author.id in {person.id for person in approvers}:
        raise ValueError("a version needs an approver who is not its author")
    db.session.flush()
    previous = last_version(answer.id)
    version = AnswerVersion(
        official_answer_id=answer.id,
        version=previous.version + 1 if previous else 1,
        draft_id=draft_id,
        title=text.title,
        body=text.body,
        html=to_html(text.body),
        plain=to_plain(text.body),
        short=text.short,
        sources=text.sources,
        variables=list(text.variables),
        review_by=text.review_by,
        author_id=author.id,
        approver_ids=[person.id for person in approvers],
        approved_at=at,
        text_sha256=text_sha256(text.body, text.short),
        previous_hash=previous.hash if previous else "",
    )
    version.hash = version_hash(version, answer)
    db.session.add(version)
    db.session.flush()
    db.session.expire(answer, ["versions"])
    if previous is None and answer.kind is AnswerKind.ANSWER:
        _count(author, at)
    return version


def _count(author: Person, at: datetime) -> None:
    """One more answer of `author`: the matcher weighs who answers, and must not count a million versions each time."""
    first, last = Person.first_answered_at, Person.last_answered_at
    counted = {
        "answered": Person.answered + 1,
        "first_answered_at": case((first.is_(None) | (first > at), at), else_=first),
        "last_answered_at": case((last.is_(None) | (last < at), at), else_=last),
    }
    db.session.execute(
        update(Person).where(Person.id == author.id).values(counted).execution_options(synchronize_session=False)
    )


def last_version(official_answer_id: int) -> AnswerVersion | None:
    """The version in use, read alone: an answer may have many."""
    return db.session.scalar(
        select(AnswerVersion)
        .where(AnswerVersion.official_answer_id == official_answer_id)
        .order_by(AnswerVersion.version.desc())
        .limit(1)
    )


def version_hash(version: Any, answer: Any) -> str:
    """The seal that a version must have, from its columns and those of its answer (rows or objects)."""
    content = [_plain(getattr(answer, name)) for name in OF_THE_ANSWER]
    content += [_plain(getattr(version, name)) for name in OF_THE_VERSION]
    return seal(version.previous_hash, *content)


def _plain(value: Any) -> Any:
    """A day is sealed as its ISO text, an enumeration as its word; instants are made canonical by `seal`."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


def fault_of(version: Any, answer: Any, previous_hash: str | None = None) -> str | None:
    """What is wrong with a version, as a short code: chain, digest or seal; None when it is as it was sealed.

    `previous_hash`: the seal of the version before, when the caller knows it.
    """
    if previous_hash is not None and version.previous_hash != previous_hash:
        return "chain"
    if version.text_sha256 != text_sha256(version.body, version.short):
        return "digest"
    return None if version.hash == version_hash(version, answer) else "seal"


def is_intact(version: AnswerVersion) -> bool:
    """Whether the stored row is exactly what was sealed and decided. Reads the row again from the database."""
    db.session.refresh(version)
    answer = version.official_answer
    db.session.refresh(answer)
    return fault_of(version, answer, _hash_before(version)) is None and is_anchored(version)


def _hash_before(version: AnswerVersion) -> str | None:
    if version.version == 1:
        return ""
    return db.session.scalar(
        select(AnswerVersion.hash).where(
            AnswerVersion.official_answer_id == version.official_answer_id,
            AnswerVersion.version == version.version - 1,
        )
    )


def is_anchored(version: AnswerVersion) -> bool:
    """Whether a decision in a log names this version and this seal."""
    facts = [entry.facts for entry in audit_of(version.official_answer_id) if entry.action == RECORDED]
    ticket_id = version.official_answer.ticket_id
    if ticket_id is not None:
        query = select(Event.facts).where(Event.ticket_id == ticket_id, Event.kind == Kind.APPROVED)
        facts += db.session.scalars(query)
    return any(_names(item, version) for item in facts)


def _names(facts: Mapping[str, Any], version: AnswerVersion) -> bool:
    return bool(facts.get("version_id") == version.id and facts.get("seal") == version.hash)


def audit_of(official_answer_id: int) -> Sequence[AuditEntry]:
    """What the audit log says of an official answer, oldest first."""
    return db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.object_kind == "official_answer", AuditEntry.object_id == official_answer_id)
        .order_by(AuditEntry.id)
    ).all()


def was_withdrawn(answer: OfficialAnswer) -> bool:
    """Whether the answer says so, or the audit log does although the answer no longer says so."""
    return answer.withdrawn_at is not None or any(entry.action == WITHDRAWN for entry in audit_of(answer.id))


def broken_versions() -> Iterator[tuple[AnswerVersion, str]]:
    """Every version that is not as it was sealed, with a code: sequence, chain, digest, seal or anchor."""
    query = (
        select(AnswerVersion)
        .options(joinedload(AnswerVersion.official_answer))
        .order_by(AnswerVersion.official_answer_id, AnswerVersion.version)
        .execution_options(yield_per=200)
    )
    answer_id, number, previous = 0, 0, ""
    for version in db.session.scalars(query):
        if version.official_answer_id != answer_id:
            answer_id, number, previous = version.official_answer_id, 0, ""
        number += 1
        fault = "sequence" if version.version != number else fault_of(version, version.official_answer, previous)
        if fault is None and not is_anchored(version):
            fault = "anchor"
        if fault is not None:
            yield version, fault
        number, previous = version.version, version.hash


def require_intact(connection: Connection, version_id: int) -> tuple[Any, Any]:
    """The rows of a version and of its answer, read past every cache. Raises ValueError when the seal does not fit."""
    versions, answers = AnswerVersion.__table__, OfficialAnswer.__table__
    version = connection.execute(select(versions).where(versions.c.id == version_id)).one()
    answer = connection.execute(select(answers).where(answers.c.id == version.official_answer_id)).one()
    if fault := fault_of(version, answer):
        raise ValueError(f"version {version_id} is not what was sealed: {fault}")
    return version, answer


@event.listens_for(AnswerVersion, "before_update")
def _never_changed(_mapper: Any, _connection: Connection, version: AnswerVersion) -> None:
    state = inspect(version)
    if any(state.attrs[name].history.has_changes() for name in (*OF_THE_VERSION, "hash", "previous_hash")):
        raise ValueError("a sealed version is never changed: a correction is the next version")


@event.listens_for(AnswerVersion, "before_delete")
def _never_deleted(_mapper: Any, _connection: Connection, _version: AnswerVersion) -> None:
    raise ValueError("a sealed version is never deleted")

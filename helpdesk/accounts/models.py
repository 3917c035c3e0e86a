"""People, departments, roles, absences, and the ways in: tokens and signed links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.access import Role
from helpdesk.db import Base, Word
from helpdesk.search.text import fold


@dataclass(frozen=True)
class Actor:
    """Somebody who acts without an account: the person outside who asked, or Relais itself."""

    role: str
    id: None = None


@dataclass(frozen=True)
class Principal:
    """An active person as permissions see them: enough for a verb that asks nothing else about who does it."""

    id: int
    roles: frozenset[Role]
    active: bool = True


SYSTEM = Actor("system")
ASKER = Actor("asker")


class Department(Base):
    """A part of the organisation that answers (or, for the hub, publishes)."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    head_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", use_alter=True))
    answers: Mapped[bool] = mapped_column(default=True)  # false: never the destination of a question
    automatic_routing: Mapped[bool] = mapped_column(default=False)
    calendar: Mapped[str | None] = mapped_column(String(60))
    active: Mapped[bool] = mapped_column(default=True)

    head: Mapped[Person | None] = relationship(foreign_keys=[head_id])


class Person(Base):
    """Somebody inside. `handle` is the stable short name used in links and in the API."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    title: Mapped[str] = mapped_column(String(200), default="")
    profile: Mapped[str] = mapped_column(Text, default="")
    languages: Mapped[list[str]] = mapped_column(default=list)  # languages answered in: "fr", "en"
    locale: Mapped[str | None] = mapped_column(String(5))  # language of the interface; None: the browser's
    theme: Mapped[str | None] = mapped_column(String(10))  # "light", "dark"; None: the system's
    calendar: Mapped[str | None] = mapped_column(String(60))
    max_open: Mapped[int] = mapped_column(default=6)  # offers held or pending at once
    backup_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    active: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=0)  # raised to end every session at once
    last_offered_at: Mapped[datetime | None]
    # Official answers written: how many, and when the first and the last were approved. Counted as they are sealed.
    answered: Mapped[int] = mapped_column(default=0)
    first_answered_at: Mapped[datetime | None]
    last_answered_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # Name, handle, address and title without capitals and accents: what lists are sorted by and searched in.
    directory_key: Mapped[str] = mapped_column(String(400), default="", index=True)

    department: Mapped[Department | None] = relationship(foreign_keys=[department_id], lazy="joined")
    backup: Mapped[Person | None] = relationship(remote_side=[id], foreign_keys=[backup_id])
    role_rows: Mapped[list[PersonRole]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    absences: Mapped[list[Absence]] = relationship(
        back_populates="person", foreign_keys="Absence.person_id", order_by="Absence.starts_at"
    )

    # Flask-Login's protocol.
    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_active(self) -> bool:
        return self.active

    @property
    def is_anonymous(self) -> bool:
        return False

    def get_id(self) -> str:
        """The session's name for this person; an older epoch is no longer accepted."""
        return f"{self.id}.{self.session_epoch}"

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(row.role for row in self.role_rows)

    def has(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    def absence_at(self, instant: datetime) -> Absence | None:
        """The absence under way at `instant`, if any."""
        return next((row for row in self.absences if row.starts_at <= instant < row.ends_at), None)

    def __repr__(self) -> str:
        return f"<Person {self.handle}>"


@event.listens_for(Person, "before_insert")
@event.listens_for(Person, "before_update")
def _keep_directory_key(_mapper: Any, _connection: Any, person: Person) -> None:
    words = (person.name, person.handle, person.email or "", person.title or "")
    person.directory_key = fold(" ".join(words))[:400]


class PersonRole(Base):
    __tablename__ = "person_role"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Role] = mapped_column(Word(Role), primary_key=True)


class Absence(Base):
    """A time when a person takes no offers; `delegate` is asked instead."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]  # the first instant back
    reason: Mapped[str] = mapped_column(String(80), default="")
    delegate_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person] = relationship(back_populates="absences", foreign_keys=[person_id])
    delegate: Mapped[Person | None] = relationship(foreign_keys=[delegate_id])


class TokenScope(StrEnum):
    """What an API token may be used for: opening questions only, or all its person may do."""

    INTAKE = "intake"
    FULL = "full"


class Token(Base):
    """A key to the API; only its digest is kept, so it can be shown once only."""

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[TokenScope] = mapped_column(Word(TokenScope))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class LinkPurpose(StrEnum):
    """What a signed link is good for."""

    OFFER = "offer"
    FIRST_ADMINISTRATOR = "first_administrator"
    SET_PASSWORD = "set_password"  # noqa: S105
    DEPARTMENT_WEEK = "department_week"  # the figures of a department, 0 for those of all


class SignedLink(Base):
    """A link in a letter that stands for a person, for one thing, for a time. Only its digest is kept."""

    __tablename__ = "signed_link"
    __table_args__ = (Index("ix_signed_link_subject", "purpose", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[LinkPurpose] = mapped_column(Word(LinkPurpose))
    subject_id: Mapped[int | None]  # the offer, for an offer
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship()


class AuditEntry(Base):
    """What was done outside of a ticket: sign-ins, changes to people, roles, topics, channels, settings.

    Append-only and hash-chained like the event log of a ticket; `helpdesk.accounts.auditing` is its writer.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_object", "object_kind", "object_id", "id"),
        Index("ix_audit_entry_actor", "actor_id", "id"),
        Index("ix_audit_entry_action", "action", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str] = mapped_column(String(60))
    object_kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[int | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class OrganisationSetting(Base):
    """One choice of the organisation (automatic mode, signature, …), changed by an administrator."""

    __tablename__ = "organisation_setting"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    value: Mapped[dict[str, Any]] = mapped_column(JSON)

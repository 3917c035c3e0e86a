"""Who is told when a clock passes a threshold, and from when on they may be.

Source: the domain's thresholds (3.3, rule 14) and its catalogue of letters (5d), which says it more precisely for some
clocks and then decides. Half of the time is a note on screen and no letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from helpdesk.accounts.absences import stand_in
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Department, Person, PersonRole
from helpdesk.accounts.organisation import setting
from helpdesk.db import db
from helpdesk.escalation.models import Part
from helpdesk.sla.promising import Promised
from helpdesk.sla.segments import Clock
from helpdesk.sla.thresholds import BREACH, COMMITTEE, HEAD, OWNER
from helpdesk.tickets import approvers
from helpdesk.tickets.models import Ticket, TicketNamed

AT_ONCE = "P1"
"""Of these people are told at every hour."""
DIGEST_AT = time(8, 30)
"""When the committee is told what has piled up, in the organisation's time."""

Whom = Callable[["Audience", Ticket, Clock], Iterator[tuple[Part, Person]]]


@dataclass
class Audience:
    """Asks for people as of `now`; those who are the same for every ticket are asked for once."""

    known: Promised
    now: datetime
    _people: dict[int, Person] = field(default_factory=dict, init=False)
    _departments: dict[int, Department] = field(default_factory=dict, init=False)
    _with_role: dict[Role, list[Person]] = field(default_factory=dict, init=False)
    _hubs: list[Person] | None = field(default=None, init=False)
    _candidates: list[approvers.Candidate] | None = field(default=None, init=False)

    def acquaint(self, clocks: Iterable[Clock]) -> None:
        """Read the people and departments of many clocks at once."""
        running = list(clocks)
        departments = {clock.department for clock in running if clock.department} - self._departments.keys()
        asked = select(Department).where(Department.id.in_(departments)).options(joinedload(Department.head))
        self._departments |= {department.id: department for department in db.session.scalars(asked)}
        self._meet({clock.person for clock in running if clock.person})

    def _meet(self, ids: Iterable[int]) -> list[Person]:
        """People by id, in the order of their names; each is read once."""
        wanted_ids = set(ids)
        missing = wanted_ids - self._people.keys()
        if missing:
            wanted = select(Person).where(Person.id.in_(missing))
            wanted = wanted.options(selectinload(Person.absences), joinedload(Person.backup))
            self._people |= {person.id: person for person in db.session.scalars(wanted)}
        return sorted((self._people[each] for each in wanted_ids), key=attrgetter("name"))

    def told(self, ticket: Ticket, clock: Clock, percent: int) -> dict[int, tuple[Part, Person]]:
        """Who is told that `clock` of `ticket` passed `percent`: by id of the person, each in the first part they have.

        Of a restricted ticket those on its list, whose turn it is whatever the clock. Of another, who may not see it
        (somebody who stands in, say) learns that somebody waits, and no more.
        """
        found: dict[int, tuple[Part, Person]] = {}
        audience = TOLD.get(clock.name, {}).get(percent, ())
        for whom in (Audience.named,) if ticket.restricted and audience else audience:
            for part, person in whom(self, ticket, clock):
                if person.active:
                    found.setdefault(person.id, (part, person))
        return found

    def ready_at(self, person: Person, part: Part, priority: str) -> datetime:
        """From when on `person` may be told: within their hours; at once of what is most urgent."""
        if priority == AT_ONCE:
            return self.now
        earliest = _next_digest(self.now) if part is Part.COMMITTEE else self.now
        return self.known.in_hours_of(person, earliest)

    # --- who ----------------------------------------------------------------------------------------------------------

    def expert(self, ticket: Ticket, clock: Clock) -> Iterator[tuple[Part, Person]]:
        """Who was asked or is answering; while they are away, who stands in for them."""
        for person in self._meet([clock.person] if clock.person else []):
            instead = stand_in(person, self.now) or person
            yield Part.OWNER if instead is person else Part.BACKUP, instead

    def backup(self, ticket: Ticket, clock: Clock) -> Iterator[tuple[Part, Person]]:
        """Who stands in for somebody who does not reply."""
        for person in self._meet([clock.person] if clock.person else []):
            if person.backup is not None and person.backup.absence_at(self.now) is None:
                yield Part.BACKUP, person.backup

    def approvers(self, ticket: Ticket, clock: Clock) -> Iterator[tuple[Part, Person]]:
        if self._candidates is None:
            self._candidates = approvers.candidates()
        for person in self._meet(approvers.eligible_ids(ticket, self._candidates)):
            yield Part.OWNER, person

    def desk(self, ticket: Ticket, clock: Clock) -> Iterator[tuple[Part, Person]]:
        """The community manager who has the ticket and is there, else all of them."""
        claimed = ticket.claimed_by
        if claimed is not None and claimed.active and claimed.absence_at(self.now) is None:
            yield Part.OWNER, claimed
            return
        for person in self._having(Role.COMMUNITY_MANAGER):
            yield Part.OWNER, person

    def named(self, ticket: Ticket, clock: Clock) -> Iterator[tuple[Part, Person]]:
        """Those on the short list of a restricted ticket."""
        listed = select(Person).join(TicketNamed, TicketNamed.person_id == Person.id)
        for person in db.session.scalars(listed.where(TicketNamed.ticket_id == ticket.id).order_by(Person.id)):
            yield Part.OWNER, person

    def head(self, ticket: Ticket, clock: Clock) -> Iterator[tuple[Part, Person]]:
        """The head of the department whose time runs; who heads communication where it has none."""
        department = self._departments.get(clock.department or 0) or ticket.department
        if department is None or department.head is None:
            yield from self.communication(ticket, clock)
            return
        yield Part.HEAD, stand_in(department.head, self.now) or department.head

    def communication(self, ticket: Ticket, clock: Clock) -> Iterator[tuple[Part, Person]]:
        """Who heads the departments that publish and answer no questions themselves."""
        if self._hubs is None:
            heads = select(Department.head_id).where(Department.answers.is_(False), Department.active)
            self._hubs = self._meet(head for head in db.session.scalars(heads) if head is not None)
        for head in self._hubs:
            yield Part.HEAD, stand_in(head, self.now) or head

    def committee(self, ticket: Ticket, clock: Clock) -> Iterator[tuple[Part, Person]]:
        for person in self._having(Role.COMMITTEE):
            yield Part.COMMITTEE, person

    def _having(self, role: Role) -> list[Person]:
        if role not in self._with_role:
            having = select(PersonRole.person_id).join(Person).where(PersonRole.role == role, Person.active)
            self._with_role[role] = self._meet(db.session.scalars(having).all())
        return self._with_role[role]


_DESK: Mapping[int, tuple[Whom, ...]] = {
    OWNER: (Audience.desk,),
    HEAD: (Audience.communication,),
    BREACH: (Audience.desk,),
    COMMITTEE: (Audience.communication, Audience.committee),
}
#   clock             at which part of its target: whom
TOLD: Mapping[str, Mapping[int, tuple[Whom, ...]]] = {
    "triage": _DESK,
    "route": _DESK,
    "accept": {
        OWNER: (Audience.expert,),
        BREACH: (Audience.expert, Audience.backup),
        COMMITTEE: (Audience.head, Audience.committee),
    },
    "answer": {
        OWNER: (Audience.expert,),
        HEAD: (Audience.head,),
        BREACH: (Audience.expert,),
        COMMITTEE: (Audience.head, Audience.committee),
    },
    "validate": {
        OWNER: (Audience.approvers,),
        HEAD: (Audience.head,),
        BREACH: (Audience.approvers,),
        COMMITTEE: (Audience.head, Audience.committee),
    },
    "post": _DESK,
    "acknowledge": _DESK,
    "next_reply": _DESK,
    "public": {
        OWNER: (Audience.communication,),
        BREACH: (Audience.communication, Audience.desk),
        COMMITTEE: (Audience.committee,),
    },
    "department": {OWNER: (Audience.head,), BREACH: (Audience.head,), COMMITTEE: (Audience.committee,)},
    "legal": {OWNER: (Audience.named,), BREACH: (Audience.named,), COMMITTEE: (Audience.named,)},
}


def _next_digest(now: datetime) -> datetime:
    zone = ZoneInfo(setting("timezone"))
    today = datetime.combine(now.astimezone(zone).date(), DIGEST_AT, zone)
    return today if today >= now else datetime.combine(today.date() + timedelta(days=1), DIGEST_AT, zone)

"""Random people do random things to random tickets, and now and then somebody tampers with the database.

Whatever the path: nothing is posted that was not approved by somebody else, or was altered after that, or has expired;
a ticket is always where its log leads; the counters always equal the tickets; and `verify` agrees.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, select, text

from builders.answers import a_head
from builders.offers import a_question
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Person
from helpdesk.answers import approving, reusing, withdrawing, writing
from helpdesk.answers.models import AnswerVersion, Draft, OfficialAnswer
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound
from helpdesk.publishing import posting
from helpdesk.publishing.models import Publication
from helpdesk.reports import integrity
from helpdesk.routing import offering
from helpdesk.routing.models import DeclineReason, Offer, OfferState
from helpdesk.tickets import closing, triaging
from helpdesk.tickets.approvers import authors_of, eligible_ids
from helpdesk.tickets.events import fold
from helpdesk.tickets.models import Event, QueueCount, Ticket
from helpdesk.tickets.workflow import Kind, Outcome, State
from people import a_channel, a_department, a_person

REFUSALS = (BadInput, Conflict, NotAllowed, NotFound)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXTS = ("La fibre arrive en juin.", "Sous **dix** jours.", "Sous huit jours.", "<script>x</script>", "Oui. 🎉")
anyone = st.integers(0, 6)
any_ticket = st.integers(0, 3)


class Walk(RuleBasedStateMachine):
    """Tickets are chosen by number; verbs are refused or done, and refusing is always right to try."""

    posted = 0  # over all walks: a walk that never posts proves nothing
    refused_as_altered = 0

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.now = START
        self.patch.setattr(clock, "now", self.tick)
        self.tampered = False
        _empty_tables()
        fix, mob = a_department("FIX"), a_department("MOB")
        people = [
            a_person(Role.COMMUNITY_MANAGER),
            a_head(fix, Role.EXPERT, Role.APPROVER),
            a_person(Role.EXPERT, Role.APPROVER, department=fix),
            a_person(Role.EXPERT, department=fix),
            a_person(Role.APPROVER, department=mob),
            a_person(Role.EXPERT, department=mob),
            a_person(Role.COMMITTEE),
        ]
        self.people = [person.id for person in people]
        forum = a_channel("discourse", "discourse", account="https://forum.example.org")
        self.tickets = [a_question(channel=channel).id for channel in (a_channel(), forum, a_channel(), forum)]

    def tick(self) -> datetime:
        """Time passes with everything that happens, so that no two things happen at once."""
        self.now += timedelta(seconds=1)
        return self.now

    def teardown(self) -> None:
        self.patch.undo()

    # --- who and what ---------------------------------------------------------------------------------------------

    def person(self, number: int) -> Person:
        return db.session.get_one(Person, self.people[number])

    def ticket(self, number: int) -> Ticket:
        return db.session.get_one(Ticket, self.tickets[number], populate_existing=True)

    def attempt(self, verb, *arguments, **named) -> bool:
        """Do it, or hear why not. True when it was done."""
        try:
            with transaction():
                verb(*arguments, **named)
        except REFUSALS as refusal:
            if getattr(refusal, "code", "") == "publish_altered":
                Walk.refused_as_altered += 1
            return False
        return True

    # --- the path of a question -----------------------------------------------------------------------------------

    @rule(who=anyone, which=any_ticket)
    def triage(self, who, which):
        self.attempt(
            triaging.triage, self.ticket(which), by=self.person(who), class_="question", priority="P3", topics=[]
        )

    @rule(who=anyone, which=any_ticket, whom=anyone)
    def offer(self, who, which, whom):
        self.attempt(offering.offer, self.ticket(which), self.person(whom), by=self.person(who))

    def an_offer(self, which: int, states=tuple(OfferState)) -> Offer | None:
        query = select(Offer).where(Offer.ticket_id == self.tickets[which], Offer.state.in_(states))
        return db.session.scalar(query.order_by(Offer.id.desc()).limit(1))

    @rule(which=any_ticket)
    def accept(self, which):
        if offer := self.an_offer(which, (OfferState.OFFERED,)):
            self.attempt(offering.accept, offer, by=offer.person)

    @rule(who=anyone, which=any_ticket, how=st.sampled_from(["decline", "redirect", "withdraw"]))
    def no_longer(self, who, which, how):
        offer = self.an_offer(which)
        if offer is None:
            return
        by = offer.person if how != "withdraw" else self.person(who)
        if how == "decline":
            self.attempt(offering.decline, offer, by=by, reason=DeclineReason.OUT_OF_SCOPE)
        elif how == "redirect":
            self.attempt(offering.redirect, offer, by=by, instead=self.person(who), note="x")
        else:
            self.attempt(offering.withdraw, offer, by=by, reason="x")

    @rule(who=anyone, which=any_ticket, words=st.sampled_from(TEXTS), days=st.sampled_from([0, 2, 200]))
    def write(self, who, which, words, days):
        """By whoever holds it, or by somebody who tries."""
        ticket = self.ticket(which)
        by = ticket.holder or self.person(who)
        last = (self.now + timedelta(days=days)).date()
        self.attempt(writing.save_draft, ticket, by=by, body=words, sources="x", review_by=last)

    @rule(which=any_ticket, back=st.integers(0, 1))
    def hand_over(self, which, back):
        ticket = self.ticket(which)
        draft = writing.latest_draft(ticket)
        if draft is not None:
            self.attempt(writing.submit, ticket, draft.revision - back, by=draft.author)

    @rule(who=anyone, which=any_ticket, revision=st.integers(-1, 3), blind=st.booleans())
    def approve(self, who, which, revision, blind):
        ticket, by = self.ticket(which), self.person(who)
        draft = approving.submitted_draft(ticket)
        chosen = draft.revision if draft is not None and not blind else revision
        own, before = by.id in authors_of(ticket), ticket.state
        done = self.attempt(approving.approve, ticket, chosen, by=by)
        if own:
            assert not done
            assert self.ticket(which).state is before
        elif done and before is State.VALIDATING:
            assert draft is not None
            assert chosen == draft.revision

    @rule(who=anyone, which=any_ticket)
    def give_back(self, who, which):
        ticket = self.ticket(which)
        draft = approving.submitted_draft(ticket)
        if draft is not None:
            self.attempt(approving.return_draft, ticket, draft.revision, by=self.person(who), comment="x")

    @rule(who=anyone, which=any_ticket, number=st.integers(0, 5))
    def reuse(self, who, which, number):
        answer = db.session.scalar(select(OfficialAnswer).order_by(OfficialAnswer.id).offset(number).limit(1))
        if answer is not None:
            self.attempt(reusing.reuse, self.ticket(which), answer, by=self.person(who))

    @rule(who=anyone, number=st.integers(0, 5))
    def take_out_of_use(self, who, number):
        answer = db.session.scalar(select(OfficialAnswer).order_by(OfficialAnswer.id).offset(number).limit(1))
        if answer is not None:
            self.attempt(withdrawing.withdraw_answer, answer, by=self.person(who), reason="x")

    @rule(who=anyone, which=any_ticket, posted=st.sampled_from([None, *TEXTS]))
    def publish(self, who, which, posted):
        """What is posted is judged here by a path of its own, not by the code under test."""
        ticket = self.ticket(which)
        before = db.session.scalar(select(func.count()).select_from(Publication))
        url = (
            f"https://forum.example.org/t/{ticket.id}/{ticket.version}" if ticket.channel.code == "discourse" else None
        )
        done = self.attempt(posting.publish, ticket, by=self.person(who), url=url, posted_text=posted)
        after = db.session.scalar(select(func.count()).select_from(Publication))
        assert after == before + (1 if done and self.ticket(which).state is State.ANSWERED and after > before else 0)
        if after > before:
            Walk.posted += 1
            self.judge(db.session.scalar(select(Publication).order_by(Publication.id.desc()).limit(1)))

    def judge(self, publication: Publication) -> None:
        assert not self.tampered or publication.version_id not in self.altered
        version = db.session.get_one(AnswerVersion, publication.version_id, populate_existing=True)
        assert version.review_by is None or version.review_by >= self.now.date()
        assert version.official_answer.withdrawn_at is None
        log = db.session.scalars(
            select(Event).where(Event.ticket_id == publication.ticket_id).order_by(Event.sequence)
        ).all()
        decisions = [event for event in log if event.kind in (Kind.APPROVED, Kind.REUSED)]
        assert decisions[-1].facts["version_id"] == version.id
        origin = db.session.scalars(select(Event).where(Event.kind == Kind.APPROVED)).all()
        approval = next(event for event in origin if event.facts["version_id"] == version.id)
        draft = db.session.get_one(Draft, approval.facts["draft_id"])
        assert draft.body == version.body
        saved = db.session.scalars(
            select(Event).where(Event.ticket_id == approval.ticket_id, Event.sequence < approval.sequence)
        ).all()
        writers = {event.actor_id for event in saved if event.kind is Kind.DRAFTED}
        assert approval.actor_id not in writers
        assert approval.actor_id != version.author_id

    @rule(which=any_ticket, steps=st.integers(3, 8), words=st.sampled_from(TEXTS))
    def forward(self, which, steps, words):
        """The right people do the right things: without this, few walks would ever come to a publication."""
        for _step in range(steps):
            ticket = self.ticket(which)
            match ticket.state:
                case State.RECEIVED:
                    self.offer(0, which, 1 + (self.now.second % 3))
                case State.OFFERED:
                    self.accept(which)
                case State.ANSWERING:
                    self.write(0, which, words, 200)
                    self.hand_over(which, 0)
                case State.VALIDATING:
                    able = [number for number in range(7) if self.people[number] in eligible_ids(ticket)]
                    if able:
                        self.approve(able[0], which, 0, blind=False)
                case State.READY:
                    self.publish(0, which, words)

    # --- other ways out -------------------------------------------------------------------------------------------

    @rule(who=anyone, which=any_ticket, outcome=st.sampled_from(list(Outcome)))
    def close(self, who, which, outcome):
        self.attempt(closing.close, self.ticket(which), by=self.person(who), outcome=outcome, reason="x")

    @rule(who=anyone, which=any_ticket)
    def reopen(self, who, which):
        self.attempt(closing.reopen, self.ticket(which), by=self.person(who), reason="x")

    @rule(who=anyone, which=any_ticket)
    def escalate(self, who, which):
        self.attempt(triaging.escalate, self.ticket(which), by=self.person(who), circuit="legal", reason="x")

    @rule(who=anyone, which=any_ticket)
    def release(self, who, which):
        self.attempt(triaging.release_escalated, self.ticket(which), by=self.person(who), reason="x")

    @rule(who=anyone, one=any_ticket, other=any_ticket)
    def merge(self, who, one, other):
        self.attempt(triaging.merge, self.ticket(one), self.ticket(other), by=self.person(who))

    @rule(who=anyone, which=any_ticket)
    def send_back(self, who, which):
        self.attempt(posting.send_back, self.ticket(which), by=self.person(who))

    @rule(days=st.sampled_from([1, 3, 300]))
    def time_passes(self, days):
        self.now += timedelta(days=days)

    # --- behind the application's back ----------------------------------------------------------------------------

    @precondition(lambda self: not self.tampered)
    @rule(column=st.sampled_from(["body", "plain", "html", "short"]))
    def tamper(self, column):
        """Somebody changes a sealed text by hand. From then on it must never be posted."""
        version_id = db.session.scalar(select(func.max(AnswerVersion.id)))
        if version_id is None:
            return
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.execute(
                text(f"UPDATE answer_version SET {column} = 'altered' WHERE id = :id"), {"id": version_id}
            )
        db.session.expire_all()
        self.tampered, self.altered = True, {version_id}

    # --- always ---------------------------------------------------------------------------------------------------

    @invariant()
    def every_ticket_is_where_its_log_leads(self):
        for ticket_id in self.tickets:
            ticket = db.session.get_one(Ticket, ticket_id, populate_existing=True)
            log = list(db.session.scalars(select(Event).where(Event.ticket_id == ticket_id).order_by(Event.sequence)))
            assert fold(log) is ticket.state
            assert (log[-1].hash, len(log)) == (ticket.last_hash, ticket.version)

    @invariant()
    def counters_equal_the_tickets(self):
        counted = dict(db.session.execute(select(Ticket.queue, func.count()).group_by(Ticket.queue)).all())
        kept = dict(
            db.session.execute(select(QueueCount.queue, func.sum(QueueCount.count)).group_by(QueueCount.queue)).all()
        )
        assert {queue: number for queue, number in kept.items() if number} == counted

    @invariant()
    def verify_agrees(self):
        kinds = {fault.kind for fault in integrity.faults()}
        if not self.tampered:
            assert not kinds
        else:
            assert kinds
            assert all(kind.startswith("answer_version.") for kind in kinds)


def _empty_tables() -> None:
    from conftest import _empty

    db.session.rollback()
    db.session.remove()
    _empty()


@pytest.mark.usefixtures("app")
def test_no_walk_posts_what_was_not_approved():
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=12,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Walk.posted > 0

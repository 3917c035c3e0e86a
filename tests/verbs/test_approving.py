"""Approving: by somebody else, the submitted revision only, and every attempt on one's own text is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from builders.answers import a_head, a_submitted_draft, an_approver, an_official_answer, at
from builders.offers import a_draft, an_accepted_offer, an_expert, kinds
from helpdesk import clock
from helpdesk.accounts.access import Can, Role
from helpdesk.accounts.models import Person
from helpdesk.answers import writing
from helpdesk.answers.approving import approve, eligible_approvers, return_draft, submitted_draft
from helpdesk.answers.models import AnswerVersion, Approval, ApprovalDecision, Draft, OfficialAnswer
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound
from helpdesk.outbox import OutboxRow
from helpdesk.routing import offering
from helpdesk.tickets import seeing
from helpdesk.tickets.approvers import Candidate, eligible
from helpdesk.tickets.models import Event, Ticket, TicketNamed
from helpdesk.tickets.workflow import Kind, State
from people import a_department, a_person

pytestmark = pytest.mark.usefixtures("app")


def last_event(ticket: Ticket) -> Event:
    return db.session.scalar(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.sequence.desc()).limit(1))


# --- who may: the pure rule -------------------------------------------------------------------------------------------

NEAR, HEAD, FAR = (
    Candidate(1, 10, is_approver=True),
    Candidate(2, 10, is_approver=False, heads=frozenset({10})),
    Candidate(3, 20, is_approver=True),
)


@pytest.mark.parametrize(
    ("candidates", "circumstances", "expected"),
    [
        ([NEAR, HEAD, FAR], {}, {1, 2}),
        ([NEAR, HEAD, FAR], {"authors": {2}}, {1}),
        ([NEAR, HEAD, FAR], {"authors": {1, 2}}, {3}),
        ([HEAD, FAR], {"authors": {2}}, {3}),
        ([HEAD], {"authors": {2}}, set()),
        ([NEAR, HEAD, FAR], {"authors": {1, 2, 3}}, set()),
        ([NEAR, HEAD, FAR], {"department_id": None}, {1, 3}),
        ([NEAR, HEAD, FAR], {"department_id": 30}, {1, 3}),
        ([NEAR, HEAD, FAR], {"named": {3}}, {3}),
        ([NEAR, HEAD, FAR], {"named": {3, 1}, "authors": {3}}, {1}),
        ([NEAR, HEAD, FAR], {"named": {3}, "authors": {3}}, set()),
        ([NEAR, HEAD, FAR], {"named": set()}, set()),
    ],
)
def test_who_may_approve(candidates, circumstances, expected):
    given = {"department_id": 10, "authors": set(), **circumstances}
    assert eligible(candidates, **given) == expected


def test_approvers_near_come_first_and_any_other_when_there_is_none():
    near, far = an_approver(), an_approver(department=a_department("MOB"))
    draft = a_submitted_draft()
    assert eligible_approvers(draft.ticket) == [near]
    assert not seeing.may(far, Can.SEE_TICKET, draft.ticket)
    near.active = False
    db.session.commit()
    assert eligible_approvers(draft.ticket) == [far]
    assert seeing.may(far, Can.APPROVE, draft.ticket)
    assert list(db.session.scalars(seeing.visible_tickets(far))) == [draft.ticket]


def test_the_list_and_the_rule_agree_for_everyone():
    fix, mob = a_department(), a_department("MOB")
    people = [
        an_approver(), an_approver(department=mob), a_head(fix), a_head(mob), an_expert(),
        a_person(Role.EXPERT, Role.APPROVER, department=fix), a_person(Role.COMMITTEE), a_person(Role.APPROVER),
    ]  # fmt: skip
    tickets = [a_submitted_draft(expert=people[5]).ticket, a_submitted_draft().ticket]
    tickets.append(a_submitted_draft(expert=an_expert(department=mob)).ticket)
    tickets.append(a_submitted_draft(expert=an_expert(department=a_department("EMPTY"))).ticket)
    for ticket in tickets:
        for person in people:
            listed = ticket in db.session.scalars(seeing.visible_tickets(person)).all()
            assert listed == seeing.may(person, Can.SEE_TICKET, ticket), (ticket, person)
            if person.has(Role.APPROVER, Role.HEAD):
                assert seeing.may(person, Can.APPROVE, ticket) == (person in eligible_approvers(ticket))


# --- nobody approves their own ----------------------------------------------------------------------------------------


def a_writing_head() -> Person:
    head = a_head(None, Role.EXPERT, Role.APPROVER)
    an_approver()
    return head


def test_a_head_cannot_approve_her_own_text_and_the_attempt_is_kept():
    head = a_writing_head()
    draft = a_submitted_draft(expert=head)
    ticket = draft.ticket
    with pytest.raises(NotAllowed) as refused, transaction():
        approve(ticket, draft.revision, by=head)
    assert refused.value.code == "own_answer"
    assert ticket.state is State.VALIDATING
    event = last_event(ticket)
    assert (event.kind, event.actor_id) == (Kind.REFUSED_APPROVAL, head.id)
    assert event.facts == {"draft_id": draft.id, "reason": "own_answer"}
    assert db.session.query(AnswerVersion).count() == db.session.query(Approval).count() == 0


def test_a_stale_tab_does_not_help_and_is_kept_too():
    head = a_head(None, Role.EXPERT, Role.APPROVER)
    approver = an_approver()
    draft = a_submitted_draft(expert=head)
    with transaction():
        return_draft(draft.ticket, draft.revision, by=approver, comment="Plus court.")
    with pytest.raises(NotAllowed), transaction():
        approve(draft.ticket, draft.revision, by=head, version=1)
    assert last_event(draft.ticket).kind is Kind.REFUSED_APPROVAL
    assert draft.ticket.state is State.ANSWERING


def test_an_editor_of_an_earlier_revision_cannot_approve():
    writer = a_person(Role.EXPERT, Role.APPROVER, department=a_department())
    other = an_expert()
    an_approver()
    offer = an_accepted_offer(writer)
    a_draft(offer, "Première version.")
    with transaction():
        second = offering.offer(offer.ticket, other, by=offer.offered_by)
    with transaction():
        offering.accept(second, by=other)
    draft = a_draft(second, "Deuxième version.")
    with transaction():
        writing.submit(draft.ticket, draft.revision, by=other)
    with pytest.raises(NotAllowed), transaction():
        approve(draft.ticket, draft.revision, by=writer)
    assert draft.ticket.state is State.VALIDATING


def test_who_wrote_what_the_text_was_begun_from_cannot_approve_it():
    first_author = a_person(Role.EXPERT, Role.APPROVER, department=a_department())
    an_approver()
    answer = an_official_answer(author=first_author)
    offer = an_accepted_offer(an_expert())
    with transaction():
        draft = writing.save_draft(
            offer.ticket, by=offer.person, body="La fibre arrive en juin.", sources="x", from_version=answer.current
        )
        writing.submit(offer.ticket, draft.revision, by=offer.person)
    assert first_author not in eligible_approvers(offer.ticket)
    with pytest.raises(NotFound), transaction():
        approve(offer.ticket, draft.revision, by=first_author)
    assert last_event(offer.ticket).kind is Kind.REFUSED_APPROVAL


def test_an_approver_of_elsewhere_does_not_see_it():
    an_approver()
    far = an_approver(department=a_department("MOB"))
    draft = a_submitted_draft()
    before = draft.ticket.version
    with pytest.raises(NotFound), transaction():
        approve(draft.ticket, draft.revision, by=far)
    assert draft.ticket.version == before


def test_a_community_manager_may_look_but_not_approve():
    an_approver()
    manager = a_person(Role.COMMUNITY_MANAGER)
    draft = a_submitted_draft()
    for verb in (approve, return_draft):
        with pytest.raises(NotAllowed), transaction():
            verb(draft.ticket, draft.revision, by=manager, comment="x")
    assert draft.ticket.state is State.VALIDATING


def test_a_restricted_text_is_approved_by_those_named_only():
    near, named = an_approver(), an_approver(department=a_department("JUR"))
    draft = a_submitted_draft()
    with transaction() as session:
        draft.ticket.restricted = True
        session.add(TicketNamed(ticket_id=draft.ticket_id, person_id=named.id))
    with pytest.raises(NotFound), transaction():
        approve(draft.ticket, draft.revision, by=near)
    with transaction():
        approve(draft.ticket, draft.revision, by=named)
    assert draft.ticket.state is State.READY


# --- what is approved -------------------------------------------------------------------------------------------------


def test_approving_seals_the_text_and_tells_the_desk():
    approver = an_approver()
    draft = a_submitted_draft(title="Arrivée de la fibre", short="Juin.")
    ticket = draft.ticket
    with transaction():
        answer = approve(ticket, draft.revision, by=approver, comment=" Parfait. ", version=ticket.version)
    assert ticket.state is State.READY
    assert ticket.holder is None
    event = last_event(ticket)
    version = answer.current
    approval = db.session.query(Approval).one()
    assert event.kind is Kind.APPROVED
    assert event.role == Role.APPROVER
    assert event.facts["seal"] == version.hash
    assert event.facts["digest"] == version.text_sha256
    assert (event.facts["draft_id"], event.facts["version_id"]) == (draft.id, version.id)
    assert (approval.decision, approval.comment) == (ApprovalDecision.APPROVE, "Parfait.")
    assert (version.title, version.short, version.review_by) == ("Arrivée de la fibre", "Juin.", draft.review_by)
    assert (version.author_id, version.approver_ids) == (draft.author_id, [approver.id])
    jobs = db.session.scalars(select(OutboxRow.job).where(OutboxRow.payload["event_id"].as_integer() == event.id))
    assert jobs.all() == ["workers.letters.plan"]


def test_a_second_click_approves_once():
    approver = an_approver()
    draft = a_submitted_draft()
    for _click in range(2):
        with transaction():
            approve(draft.ticket, draft.revision, by=approver, version=draft.ticket.version - _click)
    assert db.session.query(AnswerVersion).count() == 1
    assert kinds(draft.ticket).count("approved") == 1


def test_the_second_of_two_approvers_hears_what_the_first_did():
    first, second = an_approver(), an_approver()
    draft = a_submitted_draft()
    seen = draft.ticket.version
    with transaction():
        approve(draft.ticket, draft.revision, by=first, version=seen)
    with pytest.raises(Conflict) as conflict, transaction():
        approve(draft.ticket, draft.revision, by=second, version=seen)
    assert conflict.value.what_changed["kind"] == "approved"
    assert conflict.value.what_changed["by"] == first.name


@pytest.mark.parametrize("revision", [0, 2, -1])
def test_only_the_submitted_revision_can_be_approved(revision):
    approver = an_approver()
    draft = a_submitted_draft()
    with pytest.raises(Conflict), transaction():
        approve(draft.ticket, revision, by=approver)
    assert draft.ticket.state is State.VALIDATING


@pytest.mark.parametrize(
    ("column", "value"),
    [("body", "'Autre.'"), ("short", "'Autre.'"), ("title", "'Autre'"), ("sources", "'Autre'"), ("language", "'en'"),
     ("review_by", "'2040-01-01'"), ("digest", "'0'"), ("revision", "9"), ("own_knowledge", "1")],
)  # fmt: skip
def test_a_draft_altered_behind_the_applications_back_is_not_approved(column, value):
    approver = an_approver()
    draft = a_submitted_draft()
    ticket, revision = draft.ticket, draft.revision
    db.session.rollback()
    if column == "own_knowledge" and db.engine.dialect.name == "postgresql":
        value = "true"
    with db.engine.begin() as connection:
        connection.execute(text(f"UPDATE draft SET {column} = {value}"))
    db.session.expire_all()
    with pytest.raises(NotAllowed) as refused, transaction():
        approve(ticket, revision, by=approver)
    assert refused.value.code == "draft_altered"
    assert ticket.state is State.VALIDATING
    assert db.session.query(OfficialAnswer).count() == 0


def test_a_text_past_its_review_day_is_not_approved(monkeypatch):
    approver = an_approver()
    draft = a_submitted_draft(review_by=clock.now().date() + timedelta(days=2))
    at(monkeypatch, clock.now() + timedelta(days=4))
    with pytest.raises(BadInput) as refused, transaction():
        approve(draft.ticket, draft.revision, by=approver)
    assert refused.value.problems[0].code == "review_date_past"


# --- returning --------------------------------------------------------------------------------------------------------


def test_returning_gives_the_text_back_to_its_author():
    approver = an_approver()
    draft = a_submitted_draft()
    with transaction():
        approval = return_draft(draft.ticket, draft.revision, by=approver, comment="Citez le plan.")
    assert draft.ticket.state is State.ANSWERING
    assert draft.ticket.holder_id == draft.author_id
    assert (approval.decision, approval.comment) == (ApprovalDecision.RETURN, "Citez le plan.")
    assert last_event(draft.ticket).facts["approval_id"] == approval.id
    with transaction():
        again = writing.save_draft(draft.ticket, by=draft.author, body="Mieux.", sources="Plan")
        writing.submit(draft.ticket, again.revision, by=draft.author)
    with transaction():
        approve(draft.ticket, again.revision, by=approver)
    assert submitted_draft(draft.ticket) is again
    assert again.revision == 2


@pytest.mark.parametrize(
    ("comment", "code"), [("", "missing"), ("  \n ", "missing"), ("x" * 2_001, "too_long"), ("a\0", "nul")]
)
def test_returning_needs_a_comment_that_can_be_kept(comment, code):
    approver = an_approver()
    draft = a_submitted_draft()
    with pytest.raises(BadInput) as refused, transaction():
        return_draft(draft.ticket, draft.revision, by=approver, comment=comment)
    assert refused.value.problems[0].code == code
    assert db.session.query(Draft).count() == 1
    assert draft.ticket.state is State.VALIDATING

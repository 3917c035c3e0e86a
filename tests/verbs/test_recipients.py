"""Who is told of what, and who is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders.answers import a_head, a_submitted_draft, an_approved_ticket, an_approver
from builders.offers import a_manager, a_question, an_accepted_offer, an_expert, an_offer
from builders.triage import a_triaged_ticket, an_escalated_ticket, events_of
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import ASKER, SYSTEM, Absence
from helpdesk.answers import approving
from helpdesk.consequences import LATER, LETTERS
from helpdesk.db import transaction
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.notifications.models import LetterKind
from helpdesk.notifications.recipients import RULES, recipients_of
from helpdesk.publishing import posting
from helpdesk.routing import offering
from helpdesk.routing.models import DeclineReason
from helpdesk.tickets import closing, triaging
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind
from people import a_channel, a_department, a_person

pytestmark = pytest.mark.usefixtures("app")

LEA = {"handle": "lea35", "name": "Léa Fictive", "email": "lea@example.net"}


def last(ticket: Ticket, kind: Kind) -> Event:
    return next(event for event in reversed(events_of(ticket)) if event.kind is kind)


def told(ticket: Ticket, kind: Kind) -> list[tuple[str, str]]:
    """The letters that follow from the last event of a kind: what each is, and the handle of its reader."""
    return [
        (str(each.kind), each.person.handle if each.person else "asker") for each in recipients_of(last(ticket, kind))
    ]


def test_letters_are_planned_after_the_events_that_have_readers_and_after_no_others():
    assert {kind for kind, jobs in LATER.items() if LETTERS in jobs} == set(RULES)


def test_who_asked_and_left_an_address_is_told_that_we_have_the_question():
    ticket = a_question(author=LEA)
    assert told(ticket, Kind.RECEIVED) == [("received", "asker")]


def test_who_asked_without_an_address_is_told_nothing():
    assert told(a_question(author={"handle": "lea35"}), Kind.RECEIVED) == []


def test_questions_loaded_from_elsewhere_bring_no_receipt():
    channel = a_channel()
    with transaction():
        submission = clean(text="Et la fibre ?", channel=channel.code, now=clock.now(), author=LEA)
        ticket = receive(submission, by=SYSTEM, origin="load").ticket
    assert told(ticket, Kind.RECEIVED) == []


def test_the_expert_is_told_of_an_offer():
    offer = an_offer(an_expert(handle="jeanne"))
    assert told(offer.ticket, Kind.OFFERED) == [("offer", "jeanne")]


def test_an_offer_that_is_over_already_is_not_told():
    expert = an_expert()
    offer = an_accepted_offer(expert)
    assert told(offer.ticket, Kind.OFFERED) == []


def test_a_decline_goes_to_the_community_manager_who_asked_and_to_no_other():
    a_manager(handle="other")
    offer = an_offer(an_expert(), by=a_manager(handle="asked"))
    with transaction():
        offering.decline(offer, by=offer.person, reason=DeclineReason.OVERLOADED)
    assert told(offer.ticket, Kind.DECLINED) == [("declined", "asked")]


def test_a_decline_goes_to_all_community_managers_when_the_one_who_asked_is_away():
    manager = a_manager(handle="away")
    offer = an_offer(an_expert(), by=manager)
    a_manager(handle="other")
    with transaction() as session:
        now = clock.now()
        session.add(Absence(person_id=manager.id, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1)))
        offering.decline(offer, by=offer.person, reason=DeclineReason.OVERLOADED)
    assert sorted(told(offer.ticket, Kind.DECLINED)) == [("declined", "away"), ("declined", "other")]


def test_a_question_passed_on_is_told_to_the_desk_and_to_the_colleague():
    colleague = an_expert(handle="colleague")
    offer = an_offer(an_expert(), by=a_manager(handle="asked"))
    with transaction():
        offering.redirect(offer, by=offer.person, instead=colleague)
    assert told(offer.ticket, Kind.REDIRECTED) == [("redirected", "asked")]
    assert told(offer.ticket, Kind.OFFERED) == [("offer", "colleague")]


def test_a_question_passed_on_too_often_is_told_to_the_head_too():
    department = a_department()
    a_head(department, handle="head")
    experts = [an_expert(department=department) for _number in range(5)]
    offer = an_offer(experts[0], by=a_manager(handle="asked"))
    ticket = offer.ticket
    for number, expert in enumerate(experts[1:]):
        with transaction():
            offer = offering.redirect(offer, by=experts[number], instead=expert).next_offer
    assert offer is None
    assert sorted(told(ticket, Kind.REDIRECTED)) == [("redirected", "asked"), ("redirected", "head")]


def test_an_expert_is_thanked_when_the_question_is_taken_back():
    offer = an_offer(an_expert(handle="jeanne"))
    with transaction():
        offering.withdraw(offer, by=offer.offered_by)
    assert told(offer.ticket, Kind.WITHDRAWN) == [("withdrawn", "jeanne")]


@pytest.mark.parametrize("how", ["closed", "merged", "escalated"])
def test_an_expert_is_thanked_when_the_ticket_leaves_them_behind(how: str):
    manager = a_manager()
    offer = an_offer(an_expert(handle="jeanne"), by=manager, ticket=a_triaged_ticket(manager))
    other = a_triaged_ticket(manager)
    with transaction():
        if how == "closed":
            closing.close(offer.ticket, by=manager, outcome="no_reply", reason="resolved")
        elif how == "merged":
            triaging.merge(offer.ticket, other, by=manager)
        else:
            triaging.escalate(offer.ticket, by=manager, circuit="legal", reason="A lawyer wrote.")
    assert ("withdrawn", "jeanne") in told(offer.ticket, Kind(how))


def test_only_the_people_named_are_told_of_an_escalation_and_not_who_did_it():
    a_manager(handle="not-named")
    a_person(Role.COMMITTEE, handle="committee")
    ticket = an_escalated_ticket(a_manager(handle="did-it"))
    assert told(ticket, Kind.ESCALATED) == [("escalated", "committee")]


def test_approvers_are_told_of_a_text_but_never_its_author():
    department = a_department()
    author = a_person(Role.EXPERT, Role.APPROVER, handle="author", department=department)
    an_approver(handle="approver", department=department)
    draft = a_submitted_draft(expert=author)
    assert told(draft.ticket, Kind.SUBMITTED) == [("to_approve", "approver")]


def test_approvers_are_not_asked_for_what_was_decided_meanwhile():
    approver = an_approver()
    draft = a_submitted_draft()
    with transaction():
        approving.approve(draft.ticket, draft.revision, by=approver)
    assert told(draft.ticket, Kind.SUBMITTED) == []


def test_the_author_gets_a_returned_text_back():
    approver = an_approver()
    draft = a_submitted_draft(expert=an_expert(handle="jeanne"))
    with transaction():
        approving.return_draft(draft.ticket, draft.revision, by=approver, comment="Plus court, s’il vous plaît.")
    assert told(draft.ticket, Kind.RETURNED) == [("returned", "jeanne")]


def test_an_approved_text_is_told_to_the_desk():
    a_manager(handle="desk")
    ticket = an_approved_ticket()
    assert ("ready", "desk") in told(ticket, Kind.APPROVED)


def test_a_published_answer_is_told_to_author_approver_and_asker():
    manager = a_manager(handle="publisher")
    ticket = an_approved_ticket(expert=an_expert(handle="jeanne"), by=an_approver(handle="approver"))
    with transaction():
        same = clean(text="Moi aussi ?", channel="web", now=clock.now(), author=LEA)
        ticket.question.asker = receive(same, by=ASKER, origin="form").question.asker
        posting.publish(ticket, by=manager)
    assert sorted(told(ticket, Kind.PUBLISHED)) == [
        ("answered", "asker"),
        ("published", "approver"),
        ("published", "jeanne"),
    ]


def test_who_asked_a_merged_question_hears_the_answer_with_their_own_page():
    manager = a_manager()
    ticket = an_approved_ticket()
    merged = a_question(author=LEA)
    with transaction():
        triaging.merge(merged, ticket, by=manager)
        posting.publish(ticket, by=manager)
    [answered] = [each for each in recipients_of(last(ticket, Kind.PUBLISHED)) if each.kind is LetterKind.ANSWERED]
    assert answered.ticket.id == merged.id
    assert answered.address == "lea@example.net"


def test_a_reply_is_told_to_the_expert_who_holds_the_question_and_to_the_desk():
    a_manager(handle="desk")
    offer = an_accepted_offer(an_expert(handle="jeanne"))
    with transaction():
        triaging.record_reply(offer.ticket, clean(text="À Rennes.", channel="web", now=clock.now()), by=ASKER)
    assert ("replied", "jeanne") in told(offer.ticket, Kind.ASKER_REPLIED)
    assert ("replied", "desk") in told(offer.ticket, Kind.ASKER_REPLIED)


def test_a_reply_entered_by_the_desk_is_not_told_to_who_entered_it():
    manager = a_manager(handle="desk")
    ticket = a_triaged_ticket(manager)
    with transaction():
        triaging.record_reply(ticket, clean(text="À Rennes.", channel="web", now=clock.now()), by=manager)
    assert told(ticket, Kind.ASKER_REPLIED) == []


def test_a_detail_is_asked_of_who_left_an_address():
    manager = a_manager()
    ticket = a_question(author=LEA)
    with transaction():
        triaging.ask_clarification(ticket, by=manager, wording="Dans quelle commune ?")
    assert told(ticket, Kind.CLARIFICATION_ASKED) == [("detail_wanted", "asker")]


def test_people_who_left_are_told_nothing():
    offer = an_offer(an_expert())
    with transaction():
        offer.person.active = False
    assert told(offer.ticket, Kind.OFFERED) == []


def test_each_reader_of_an_event_has_one_letter_with_a_name_of_its_own():
    department = a_department()
    people = [an_approver(department=department) for _number in range(3)]
    event = last(a_submitted_draft().ticket, Kind.SUBMITTED)
    keys = [each.key for each in recipients_of(event)]
    assert sorted(keys) == sorted(f"{event.id}:to_approve:person-{person.id}" for person in people)

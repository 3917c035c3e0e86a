"""The desk's page of one question: what it shows, what each press does, and every bad turn."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from builders.triage import a_ticket, a_topic, a_triaged_ticket, an_escalated_ticket, events_of
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import Person
from helpdesk.db import db, transaction
from helpdesk.routing import offering
from helpdesk.routing.models import Offer, OfferState, Skill
from helpdesk.search.access import the_index
from helpdesk.search.following import rebuild
from helpdesk.tickets import closing, events, triaging
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind, Outcome, State
from people import a_department, a_person, sign_in

BUDGET = 27  # with what the rail counts


@pytest.fixture
def cm(app):
    return a_person(Role.COMMUNITY_MANAGER, name="Lison Marchais", locale="en")


@pytest.fixture
def colleague(app):
    return a_person(Role.COMMUNITY_MANAGER, name="Karim Belhomme", locale="en")


@pytest.fixture
def desk(client, cm):
    return sign_in(client, cm)


def an_expert(name="Soraya Benhaddou", **given):
    fields = {"title": "Déploiement de la fibre", "profile": "Fibre, rue, immeuble, calendrier.", **given}
    return a_person(Role.EXPERT, department=a_department(), name=name, **fields)


def _see(desk, ticket):
    return desk.get(f"/tickets/{ticket.ref}")


def _press(desk, ticket, action, **data):
    return desk.post(f"/tickets/{ticket.ref}/{action}", data=data)


def _again(ticket):
    """The ticket as it is stored now."""
    return db.session.get(Ticket, ticket.id, populate_existing=True)


TRIAGE = {"class_": "question", "priority": "P2", "sensitivity": "", "language": "fr"}


# --- what it shows ------------------------------------------------------------------------------------------------


def test_the_public_and_our_work_stand_apart(desk, cm):
    ticket = a_ticket("Quand la fibre arrive-t-elle rue des Genêts ?")
    page = _see(desk, ticket).text
    public = page[page.index("pane-public") : page.index("pane-internal")]
    assert "rue des Genêts" in public
    for ours in ("Triage", "Who could answer", "History", "<form"):
        assert ours not in public
    assert page.count("<h1") == 1


def test_suggested_experts_come_with_reasons_and_one_press_asks_them(desk, cm):
    expert = an_expert()
    topic = a_topic()
    db.session.add(Skill(person_id=expert.id, topic_id=topic.id, level=3))
    db.session.commit()
    rebuild(the_index())
    ticket = a_triaged_ticket(cm)
    page = _see(desk, ticket).text
    assert expert.name in page
    assert "<mark" in page
    assert "Answerable for the topic" in page
    reply = _press(desk, ticket, "offer", person=expert.handle, version=ticket.version)
    assert reply.status_code == 303
    assert _again(ticket).state is State.OFFERED
    assert _again(ticket).holder_id == expert.id


def test_without_an_index_anybody_can_still_be_asked(desk, cm):
    expert = an_expert()
    ticket = a_triaged_ticket(cm)
    page = _see(desk, ticket).text
    assert f'<option value="{expert.handle}">' in page
    assert "<optgroup" in page


def test_topics_suggested_from_the_text_are_chosen_in_the_form(desk, cm):
    topic = a_topic()
    topic.synonyms = ["déploiement", "fibre", "rue"]
    db.session.commit()
    rebuild(the_index())
    page = _see(desk, a_ticket("Le déploiement de la fibre dans ma rue, quand ?")).text
    assert f'<option selected value="{topic.id}">' in page
    assert "Topics are suggested from the text" in page


def test_words_from_outside_stay_words(desk):
    ticket = a_ticket("<script>alert(1)</script> <img src=x onerror=alert(2)> ⟦phone⟧ ‮abc 👩‍👩‍👧")
    page = _see(desk, ticket).text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_twenty_thousand_characters_are_shown_whole(desk):
    ticket = a_ticket("Pourquoi ? " * 1_800)
    assert _see(desk, ticket).text.count("Pourquoi ?") >= 1_800


def test_hidden_data_is_a_label_and_the_original_needs_a_reason(desk, cm):
    ticket = a_ticket("Rappelez-moi au 06 12 34 56 78 svp")
    page = _see(desk, ticket).text
    assert "06 12 34 56 78" not in page
    question = ticket.question.id
    refused = _press(desk, ticket, "original", question=question, reason="")
    assert refused.status_code == 422
    assert "06 12 34 56 78" not in refused.text
    shown = _press(desk, ticket, "original", question=question, reason="To call them back")
    assert "06 12 34 56 78" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert "06 12 34 56 78" not in _see(desk, ticket).text
    assert events_of(ticket)[-1].kind is Kind.ORIGINAL_READ
    assert "To call them back" in _see(desk, ticket).text


def test_the_original_of_another_question_is_not_reachable(desk, cm):
    ticket, other = a_ticket("Un"), an_escalated_ticket(a_person(Role.COMMUNITY_MANAGER), text="Secret")
    assert _press(desk, ticket, "original", question=other.question.id, reason="curious").status_code == 404
    assert _press(desk, ticket, "original", question="9" * 30, reason="curious").status_code == 404


def test_the_history_is_told_in_words(desk, cm, colleague):
    expert = an_expert()
    ticket = a_triaged_ticket(colleague, priority="P2")
    with transaction():
        offer = offering.offer(ticket, expert, by=colleague)
    with transaction():
        offering.accept(offer, by=expert, by_link=True)
    page = re.sub(r"\s+", " ", _see(desk, ticket).text)
    assert "<strong>Karim Belhomme</strong> triaged it: Question, priority P3 → P2" in page
    assert "<strong>Karim Belhomme</strong> asked Soraya Benhaddou to answer" in page
    assert "<strong>Soraya Benhaddou</strong> accepted to answer, from the letter" in page


def test_every_kind_of_event_has_words_and_a_sign(desk, app):
    from helpdesk.tickets.workflow import FACTS
    from helpdesk.web import timeline

    names = timeline.Names({}, {})
    with app.test_request_context(headers={"Accept-Language": "en"}):
        for kind in Kind:
            facts = dict.fromkeys(FACTS[kind][0], 1) | {"reason": "x", "class": "question", "verdict": "equal"}
            happened = Event(kind=kind, role="system", at=clock.now(), facts=facts)
            told = timeline.entry(happened, names)
            assert told.text, kind
            assert told.icon, kind
            assert timeline.change_in_words({"kind": str(kind), "by": "Ana"}).startswith("Ana "), kind


# --- what is pressed ----------------------------------------------------------------------------------------------


def test_triage_by_the_form(desk, cm):
    topic, second = a_topic(), a_topic("mobile.roaming")
    ticket = a_ticket()
    reply = _press(desk, ticket, "triage", **TRIAGE, topic=topic.id, topic_2=second.id, topic_3=topic.id, version=1)
    assert reply.status_code == 303
    now = _again(ticket)
    assert (now.class_, now.priority, now.language) == ("question", "P2", "fr")
    assert {row.topic_id for row in now.topic_rows} == {topic.id, second.id}
    assert "Triage is saved." in _see(desk, ticket).text


def test_what_is_missing_is_said_beside_the_field(desk):
    ticket = a_ticket()
    reply = _press(desk, ticket, "triage", **{**TRIAGE, "class_": ""}, version=1)
    assert reply.status_code == 422
    assert "Please choose." in reply.text
    assert 'id="triage-class_-error"' in reply.text
    assert '<option selected value="P2">' in reply.text  # what was chosen is kept


def test_two_people_at_once_the_second_hears_what_changed_and_keeps_what_was_typed(desk, cm, colleague):
    ticket = a_ticket()
    with transaction():
        triaging.triage(ticket, by=colleague, class_="complaint", priority="P3", topics=[])
    reply = _press(desk, ticket, "triage", **TRIAGE, version=1)
    assert reply.status_code == 409
    assert "Karim Belhomme triaged it" in reply.text
    assert '<option selected value="P2">' in reply.text
    assert 'name="version" value="2"' in reply.text
    assert _again(ticket).class_ == "complaint"


def test_a_stale_tab_closes_nothing_and_keeps_the_reason(desk, cm, colleague):
    ticket = a_triaged_ticket(cm)
    stale = ticket.version
    with transaction():
        triaging.triage(ticket, by=colleague, class_="emergency", priority="P1", topics=[])
    reply = _press(desk, ticket, "close", outcome="handed_off", reason="We called them back.", version=stale)
    assert reply.status_code == 409
    assert "We called them back." in reply.text
    assert _again(ticket).state is State.RECEIVED


def test_what_was_typed_is_kept_even_when_the_form_is_gone(desk, cm, colleague):
    ticket = a_triaged_ticket(colleague)
    stale = ticket.version
    with transaction():
        closing.close(ticket, by=colleague, outcome=Outcome.HANDED_OFF, reason="private")
    reply = _press(desk, ticket, "close", outcome="no_reply", reason="A long reason I typed.", version=stale)
    assert reply.status_code == 409
    assert "Karim Belhomme closed it" in reply.text
    assert "A long reason I typed." in reply.text


def test_a_double_click_on_offer_asks_once(desk, cm):
    expert = an_expert()
    ticket = a_triaged_ticket(cm)
    seen = ticket.version
    for _click in range(2):
        assert _press(desk, ticket, "offer", person=expert.handle, version=seen).status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Offer)) == 1
    assert [each.kind for each in events_of(ticket)].count(Kind.OFFERED) == 1


def test_a_double_click_on_close_is_one_close_and_no_alarm(desk, cm):
    ticket = a_triaged_ticket(cm)
    seen = ticket.version
    for _click in range(2):
        reply = _press(desk, ticket, "close", outcome="no_reply", reason="Thanks only.", version=seen)
        assert reply.status_code == 303
    assert [each.kind for each in events_of(ticket)].count(Kind.CLOSED) == 1


def test_the_same_press_later_is_no_double_click(desk, cm, monkeypatch):
    ticket = a_ticket()
    assert _press(desk, ticket, "triage", **TRIAGE, version=1).status_code == 303
    later = clock.now() + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert _press(desk, ticket, "triage", **{**TRIAGE, "priority": "P4"}, version=1).status_code == 409


def test_suggestions_arriving_meanwhile_disturb_nobody(desk, cm):
    from helpdesk.accounts.models import SYSTEM

    ticket = a_ticket()
    with transaction():
        events.append(ticket, Kind.SUGGESTED, by=SYSTEM, decision_id=1, mode="propose")
    assert _press(desk, ticket, "triage", **TRIAGE, version=1).status_code == 303


def test_an_absent_expert_is_refused_with_who_stands_in(desk, cm):
    from helpdesk.accounts.models import Absence

    delegate = an_expert("Maël Stand-In")
    expert = an_expert()
    now = clock.now()
    db.session.add(
        Absence(person_id=expert.id, starts_at=now, ends_at=now + timedelta(days=3), delegate_id=delegate.id)
    )
    db.session.commit()
    ticket = a_triaged_ticket(cm)
    reply = _press(desk, ticket, "offer", person=expert.handle, version=ticket.version)
    assert reply.status_code == 422
    assert "Maël Stand-In" in reply.text
    assert _again(ticket).state is State.RECEIVED


@pytest.mark.parametrize("handle", ["", "nobody", "adm-1", "x" * 400])
def test_only_somebody_on_the_list_can_be_asked(desk, cm, handle):
    a_person(Role.ADMINISTRATOR, handle="adm-1")
    ticket = a_triaged_ticket(cm)
    assert _press(desk, ticket, "offer", person=handle, version=ticket.version).status_code == 422
    assert _again(ticket).state is State.RECEIVED


def test_taking_an_accepted_question_back_needs_a_reason(desk, cm):
    expert = an_expert()
    ticket = a_triaged_ticket(cm)
    with transaction():
        offer = offering.offer(ticket, expert, by=cm)
    with transaction():
        offering.accept(offer, by=expert)
    refused = _press(desk, ticket, "withdraw", offer=offer.id, reason="", version=_again(ticket).version)
    assert refused.status_code == 422
    done = _press(desk, ticket, "withdraw", offer=offer.id, reason="Answered by phone.", version=ticket.version)
    assert done.status_code == 303
    assert db.session.get(Offer, offer.id).state is OfferState.WITHDRAWN
    assert _again(ticket).state is State.RECEIVED


def test_a_complaint_is_not_closed_without_a_reply_by_who_triaged_it(desk, cm, client, colleague):
    ticket = a_triaged_ticket(cm, class_="complaint")
    page = _see(desk, ticket).text
    assert 'value="no_reply"' not in page
    assert "by a second person" in page
    crafted = _press(desk, ticket, "close", outcome="no_reply", reason="x y", version=ticket.version)
    assert crafted.status_code == 422
    sign_in(client, colleague)
    assert 'value="no_reply"' in _see(client, ticket).text
    done = _press(client, ticket, "close", outcome="no_reply", reason="Nothing asked.", version=ticket.version)
    assert done.status_code == 303


def test_ask_back_enter_the_reply_and_read_it(desk, cm):
    ticket = a_triaged_ticket(cm)
    asked = _press(desk, ticket, "clarification", wording="Which box?\r\nWhat colour?", version=ticket.version)
    assert asked.status_code == 303
    page = _see(desk, ticket).text
    assert "Which box?\nWhat colour?" in page
    assert "Waiting for the asker" in page
    assert _press(desk, ticket, "reply", text="The white one", version=_again(ticket).version).status_code == 303
    page = _see(desk, ticket).text
    assert "The white one" in page[page.index("pane-public") : page.index("pane-internal")]
    assert "Waiting for the asker" not in page


def test_merge_by_reference(desk, cm):
    ticket, lead = a_ticket(), a_ticket("La même, posée avant.")
    assert _press(desk, ticket, "merge", into="R-1999-000001", version=1).status_code == 422
    assert _press(desk, ticket, "merge", into=ticket.ref, version=1).status_code == 422
    assert _press(desk, ticket, "merge", into=f" {lead.ref.lower()} ", version=1).status_code == 303
    assert lead.ref in _see(desk, ticket).text
    assert ticket.ref in _see(desk, lead).text


def test_escalate_and_give_back(desk, cm, client, colleague):
    ticket = a_ticket()
    reply = _press(desk, ticket, "escalate", circuit="security", reason="They threaten our people.", version=1)
    assert reply.status_code == 303
    assert _see(sign_in(client, colleague), ticket).status_code == 404
    sign_in(client, cm)
    assert "They threaten our people." in _see(client, ticket).text
    done = _press(client, ticket, "release-restricted", reason="A joke.", version=_again(ticket).version)
    assert done.status_code == 303
    assert _see(sign_in(client, colleague), ticket).status_code == 200


def test_reopen(desk, cm):
    ticket = a_triaged_ticket(cm)
    with transaction():
        closing.close(ticket, by=cm, outcome=Outcome.NO_REPLY, reason="thanks")
    page = _see(desk, ticket).text
    assert "Open it again" in page
    assert "/offer" not in page
    assert _press(desk, ticket, "reopen", reason="Wrote again", version=ticket.version).status_code == 303
    assert _again(ticket).state is State.RECEIVED


def test_take_and_let_go(desk, cm, client, colleague):
    ticket = a_ticket()
    assert _press(desk, ticket, "claim").status_code == 303
    page = _see(sign_in(client, colleague), ticket).text
    assert "Lison Marchais took this question a moment ago." in page
    assert _press(client, ticket, "claim").status_code == 409
    assert _press(client, ticket, "release").status_code == 403
    assert _press(sign_in(client, cm), ticket, "release").status_code == 303


# --- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.EXPERT, Role.APPROVER, Role.HEAD, Role.AMBASSADOR, Role.ADMINISTRATOR])
def test_for_others_the_question_does_not_exist(client, role):
    ticket = a_ticket()
    sign_in(client, a_person(role))
    assert _see(client, ticket).status_code == 404
    for action in ("triage", "offer", "close", "escalate", "claim", "original"):
        reply = _press(client, ticket, action, **TRIAGE, outcome="no_reply", reason="x", circuit="legal", question="1")
        assert reply.status_code == 404, action
    assert [each.kind for each in events_of(ticket)] == [Kind.RECEIVED]


def test_the_committee_reads_and_finds_no_button(client):
    ticket = a_ticket()
    sign_in(client, a_person(Role.COMMITTEE, locale="en"))
    page = _see(client, ticket)
    assert page.status_code == 200
    assert f'action="/tickets/{ticket.ref}/' not in page.text
    assert _press(client, ticket, "triage", **TRIAGE, version=1).status_code == 403


def test_a_head_sees_the_questions_of_her_department_and_may_ask(client, cm):
    department = a_department()
    head = a_person(Role.HEAD, department=department, locale="en")
    department.head_id = head.id
    db.session.commit()
    expert = an_expert()
    ticket = a_triaged_ticket(cm)
    sign_in(client, head)
    page = _see(client, ticket)
    assert page.status_code == 200
    assert f"/tickets/{ticket.ref}/triage" not in page.text
    assert f"/tickets/{ticket.ref}/close" not in page.text
    assert _press(client, ticket, "offer", person=expert.handle, version=ticket.version).status_code == 303


def test_an_expert_is_sent_to_their_own_page(client, cm):
    expert = an_expert()
    ticket = a_triaged_ticket(cm)
    with transaction():
        offer = offering.offer(ticket, expert, by=cm)
    reply = _see(sign_in(client, expert), ticket)
    assert reply.status_code == 302
    assert reply.location == f"/questions/{offer.id}"


def test_a_restricted_question_exists_for_the_named_only(client, cm, colleague):
    approver = a_person(Role.APPROVER, department=a_department("COM", answers=False))
    ticket = an_escalated_ticket(cm, "press")
    assert _see(sign_in(client, colleague), ticket).status_code == 404
    assert _see(sign_in(client, approver), ticket).status_code == 200
    assert _see(sign_in(client, cm), ticket).status_code == 200


def test_nobody_signed_in_is_asked_to_sign_in(client):
    assert _see(client, a_ticket()).status_code == 302


def test_an_unknown_reference_is_not_found(desk):
    assert desk.get("/tickets/R-2026-999999").status_code == 404


# --- quick --------------------------------------------------------------------------------------------------------


def test_few_queries(desk, cm):
    topic = a_topic()
    for number in range(6):
        expert = an_expert(f"Expert {number}")
        db.session.add(Skill(person_id=expert.id, topic_id=topic.id, level=1 + number % 3))
    db.session.commit()
    ticket = a_triaged_ticket(cm)
    with transaction():
        offer = offering.offer(ticket, db.session.scalar(select(Person).where(Person.name == "Expert 1")), by=cm)
    with transaction():
        offering.withdraw(offer, by=cm)
    rebuild(the_index())
    ref = ticket.ref
    db.session.remove()
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        page = desk.get(f"/tickets/{ref}")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert "Expert 1" in page.text
    assert len(statements) < BUDGET, f"{len(statements)}\n" + "\n".join(s.replace("\n", " ")[:200] for s in statements)


# --- what asks the same -------------------------------------------------------------------------------------------

R14 = "Ma box affiche le code R-14 et le voyant rouge clignote"


def test_an_open_question_that_asks_the_same_is_merged_with_one_press_and_parted_again(desk, cm):
    first, second = a_ticket(R14), a_ticket("Code R14 et voyant rouge qui clignote sur la box")
    rebuild(the_index())
    page = _see(desk, second).text
    panel = page[page.index('id="same"') :][:4000]
    assert "The same question?" in panel
    assert "Same code or product: R14" in panel
    assert "<mark>R-14</mark>" in panel
    assert f'name="into" value="{first.ref}"' in panel
    reply = _press(desk, second, "merge", into=first.ref, version=second.version)
    assert reply.status_code == 303
    assert _again(second).merged_into_id == first.id
    merged = _see(desk, second).text
    assert first.ref in merged
    assert "Take them apart again" in merged
    assert second.ref in _see(desk, first).text  # the other one lists what was merged into it
    assert _press(desk, second, "unmerge", version=_again(second).version).status_code == 303
    assert (_again(second).state, _again(second).merged_into_id) == (State.RECEIVED, None)
    assert "took the two questions apart again" in _see(desk, second).text


def test_what_only_looks_alike_says_why_and_is_merged_with_a_reason_only(desk, cm):
    first, second = a_ticket(R14), a_ticket("Ma box affiche le code R-21 et le voyant rouge clignote")
    rebuild(the_index())
    page = _see(desk, second).text
    panel = page[page.index('id="same"') :][:6000]
    assert "Other code or product: R21 / R14" in panel
    assert first.ref in panel
    assert "Merge into it" not in panel
    assert panel.index("Merge all the same") < panel.index(f'name="into" value="{first.ref}"')
    assert f'id="why-{first.ref}" name="reason"' in panel
    for reason in ("", "  "):
        reply = _press(desk, second, "merge", into=first.ref, reason=reason, version=second.version)
        assert reply.status_code == 422
        assert "Other code or product: R21 / R14. If you know better, say why and merge." in reply.text
        assert f'value="{first.ref}"' in reply.text[reply.text.index('id="merge"') :]
        assert 'id="merge-reason"' in reply.text
    assert _again(second).merged_into_id is None
    why = "Both lights mean the same cut."
    assert _press(desk, second, "merge", into=first.ref, reason=why, version=second.version).status_code == 303
    assert _again(second).merged_into_id == first.id
    assert why in _see(desk, second).text
    assert events_of(second)[-1].facts["vetoes"] == ["other_code"]


def test_a_reference_typed_by_hand_is_held_against_the_same_conflicts(desk, cm):
    first, second = a_ticket("Mon forfait en Suisse ?"), a_ticket("Mon forfait en Tunisie ?")
    page = _see(desk, second).text
    assert 'id="merge-reason"' not in page  # nobody is asked why two that ask the same are merged
    reply = _press(desk, second, "merge", into=first.ref, version=1)
    assert reply.status_code == 422
    assert "Other place: Tunisia / Switzerland" in reply.text
    assert _press(desk, second, "merge", into=first.ref, reason="Same offer.", version=1).status_code == 303


def test_a_question_in_a_restricted_circuit_is_never_shown_as_the_same(desk, cm, colleague):
    secret = an_escalated_ticket(colleague, text=R14)
    ticket = a_ticket(R14)
    rebuild(the_index())
    page = _see(desk, ticket).text
    assert secret.ref not in page
    assert 'id="same"' not in page

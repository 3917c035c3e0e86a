"""Which earlier questions and answers a new one is shown beside, and taking apart what was merged by mistake."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders.answers import an_official_answer, at, in_days
from builders.offers import a_question
from builders.organisation import a_topic
from builders.triage import an_escalated_ticket
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.db import transaction
from helpdesk.errors import NotAllowed, NotFound
from helpdesk.routing.duplicates import Sign
from helpdesk.routing.matching import suggestions_for, suggestions_for_text
from helpdesk.search.access import the_index
from helpdesk.search.following import follow
from helpdesk.tickets import closing, triaging, unmerging
from helpdesk.tickets.workflow import Kind, Outcome, State
from people import a_person

FAULT = "Ma box affiche le code R-14 et le voyant rouge clignote"
AGAIN = "code R14 voyant rouge depuis ce matin, que faire ?"


@pytest.fixture
def cm(app):
    return a_person(Role.COMMUNITY_MANAGER)


def open_alike(ticket):
    """What is said of open questions like `ticket`, once the index has read what was written."""
    follow(the_index())
    return {each.ticket_id: each for each in suggestions_for(ticket).similar_tickets if each.is_open}


def test_an_open_question_is_found_as_soon_as_the_index_has_read_it(cm):
    first, second = a_question(FAULT), a_question(AGAIN)
    found = open_alike(second)
    assert found[first.id].is_duplicate
    assert Sign.SAME_CODE in [reason.sign for reason in found[first.id].reasons]
    assert second.id not in found
    assert first.id in open_alike(second)
    assert [each.ticket_id for each in suggestions_for_text(AGAIN).similar_tickets if each.is_duplicate][:1]


def test_another_code_looks_alike_and_is_not_the_same(cm):
    first = a_question(FAULT)
    second = a_question("Ma box affiche le code R-21 et le voyant rouge clignote")
    found = open_alike(second)[first.id]
    assert not found.is_duplicate
    assert [(r.mine, r.theirs) for r in found.reasons if r.sign is Sign.OTHER_CODE] == [(("r21",), ("r14",))]


def test_the_same_in_another_language_is_found_by_its_topic(cm):
    a_topic("mobile.esim", label_fr="eSIM", label_en="eSIM", synonyms=["e-sim", "qr code", "carte virtuelle"])
    for n, word in enumerate(("facture", "fibre", "décodeur", "résiliation", "livraison", "roaming")):
        a_topic(f"other.{n}", label_fr=word, label_en=f"{word} in English", synonyms=[])
        for again in range(4):  # more that share words than are judged
            a_question(f"Ma question sur {word} est la suivante, pour la {again}e fois: the QR code of the {word}")
    first = a_question("Ma carte virtuelle a disparu de mon téléphone")
    found = open_alike(a_question("Where is the e-SIM, the QR code does nothing for me"))
    assert Sign.SAME_TOPIC in [reason.sign for reason in found[first.id].reasons]


def test_what_is_closed_merged_or_restricted_is_never_shown(cm):
    lead = a_question(FAULT)
    closed, merged = a_question(FAULT), a_question(FAULT)
    secret = an_escalated_ticket(cm, text=FAULT)
    follow(the_index())
    with transaction():
        triaging.triage(closed, by=cm, class_="question", priority="P3", topics=[])
    with transaction():
        closing.close(closed, by=cm, outcome=Outcome.HANDED_OFF, reason="x")
    with transaction():
        triaging.merge(merged, lead, by=cm)
    new = a_question(AGAIN)
    stale = {each.ticket_id for each in suggestions_for(new).similar_tickets}  # the index has not heard of it yet
    assert stale == {lead.id}
    assert open_alike(new).keys() == {lead.id}
    assert secret.id not in open_alike(new)


def test_a_question_taken_out_of_its_circuit_is_found_again(cm):
    secret = an_escalated_ticket(cm, text=FAULT)
    new = a_question(AGAIN)
    assert secret.id not in open_alike(new)
    with transaction():
        triaging.release_escalated(secret, by=cm, reason="x")
    assert secret.id in open_alike(new)


def test_an_official_answer_comes_with_its_likeness_and_what_it_is_about_instead(cm):
    fitting = an_official_answer(
        "Débranchez la box trente secondes : le code R-14 disparaît.",
        title="Box : code R-14, voyant rouge qui clignote",
    )
    other = an_official_answer(
        "Débranchez la box trente secondes : le code R-21 disparaît.",
        title="Box : code R-21, voyant rouge qui clignote",
    )
    english = an_official_answer("Unplug the box: code R-14 goes away.", title="Code R-14", language="en")
    follow(the_index())
    found = {each.answer_id: each for each in suggestions_for(a_question(FAULT, language="fr")).official_answers}
    assert found[fitting.id].usable
    assert 0 < found[fitting.id].similarity <= 1
    assert found[fitting.id].similarity > found[other.id].similarity
    assert found[other.id].why_not == "other_code"
    assert found[english.id].why_not == "other_language"


def test_an_answer_past_its_day_is_shown_and_not_usable(cm, monkeypatch):
    answer = an_official_answer("Débranchez la box : le code R-14 disparaît.", title="Code R-14", review_by=in_days(2))
    at(monkeypatch, clock.now() + timedelta(days=5))
    follow(the_index())
    found = suggestions_for(a_question(FAULT)).official_answers
    assert [(each.answer_id, each.why_not) for each in found] == [(answer.id, "expired")]


# --- merged by mistake --------------------------------------------------------------------------------------------


def test_a_merged_question_can_be_taken_apart_until_the_other_is_answered(cm):
    lead, child = a_question(FAULT), a_question(AGAIN)
    with transaction():
        triaging.merge(child, lead, by=cm)
    assert unmerging.can_be_unmerged(child)
    with transaction():
        unmerging.unmerge(child, by=cm, version=child.version)
    assert (child.state, child.outcome, child.merged_into, child.closed_at) == (State.RECEIVED, None, None, None)
    assert (child.events[-1].kind, child.events[-1].facts["reason"]) == (Kind.REOPENED, "unmerged")
    with pytest.raises(NotAllowed, match="not_merged"), transaction():
        unmerging.unmerge(child, by=cm)
    assert child.id in open_alike(lead)


def test_not_once_the_other_is_answered_nor_by_who_may_not(cm):
    lead, child = a_question(FAULT), a_question(AGAIN)
    with transaction():
        triaging.merge(child, lead, by=cm)
    with pytest.raises(NotFound), transaction():
        unmerging.unmerge(child, by=a_person(Role.EXPERT))
    with transaction():
        triaging.triage(lead, by=cm, class_="question", priority="P3", topics=[])
    with transaction():
        closing.close(lead, by=cm, outcome=Outcome.HANDED_OFF, reason="x")
    with pytest.raises(NotAllowed, match="lead_answered"), transaction():
        unmerging.unmerge(child, by=cm)

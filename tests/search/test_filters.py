"""The staff's search narrowed: by state, department, people, topic, channel, time; with words and without."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from builders.answers import an_approved_ticket, an_official_answer, at
from builders.offers import a_manager, a_question, an_accepted_offer, an_expert, an_offer
from builders.triage import a_ticket, a_topic, a_triaged_ticket
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.db import transaction
from helpdesk.errors import BadInput
from helpdesk.routing import offering
from helpdesk.routing.models import DeclineReason
from helpdesk.search import access, following
from helpdesk.search.completing import completions
from helpdesk.search.finding import find
from helpdesk.search.narrowing import sought
from people import a_channel, a_department, a_person
from workers import indexing

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(params=["index", "database"])
def indexed(request):
    """Bring the index up to now, or take it away: both must find the same."""

    def bring():
        if request.param == "index":
            following.follow(access.the_index())
        else:
            shutil.rmtree(access.the_index().location(), ignore_errors=True)

    return bring


def refs(person, words):
    found, cursor = [], None
    while True:
        page = find(person, words, limit=3, cursor=cursor)
        found += [item.ticket.ref if item.ticket else item.answer.code for item in page.items]
        if (cursor := page.next_cursor) is None:
            return sorted(found)


def test_by_state_in_both_languages_with_words_and_without(indexed):
    manager = a_manager()
    new, other = a_question("Le portail est bloqué"), a_question("La box est lente")
    offered = an_offer(an_expert(), ticket=a_question("Le portail clignote")).ticket
    indexed()
    assert refs(manager, "state:received") == refs(manager, "état:reçue") == sorted([new.ref, other.ref])
    assert refs(manager, "state:received portail") == refs(manager, "portail etat : recue") == [new.ref]
    assert refs(manager, "state:offered") == [offered.ref]
    assert refs(manager, "state:received state:offered portail") == sorted([new.ref, offered.ref])
    assert refs(manager, "-state:received kind:question") == [offered.ref]
    assert refs(manager, "state:open -portail") == [other.ref]
    assert refs(manager, "state:closed") == []


def test_by_department_topic_priority_class_and_language(indexed):
    manager, department = a_manager(), a_department("FIX")
    topic = a_topic("fibre.deploiement", department)
    triaged = a_triaged_ticket(manager, priority="P2", class_="complaint", language="fr", topics=[topic])
    plain = a_ticket("The router is broken and does not work")
    indexed()
    for words in (
        "department:fix", "département:Depart", "service:FIX", "topic:fibre", "thématique:fibre.deploiement",
        "priority:p2", "priorité:urgent", "class:complaint", "nature:plainte", "langue:français class:comp",
    ):  # fmt: skip
        assert refs(manager, words) == [triaged.ref], words
    assert refs(manager, "department:none") == refs(manager, "-department:fix") == [plain.ref]
    assert refs(manager, "-class:complaint") == [plain.ref]


def test_by_expert_and_channel(indexed):
    manager, expert = a_manager(), an_expert(handle="exp-ana", name="Ana Le Goff")
    asked = an_offer(expert, ticket=a_question("Question par courriel", channel=a_channel("mail", "email"))).ticket
    declined = an_offer(expert)
    with transaction():
        offering.decline(declined, by=expert, reason=DeclineReason.UNAVAILABLE)
    a_question("Encore une")
    indexed()
    for words in ("expert:ana", "expert:exp-ana", 'expert:"le goff"', "expert:goff", "personne:Ana"):
        assert refs(manager, words) == sorted([asked.ref, declined.ticket.ref]), words
    assert refs(expert, "expert:me") == refs(expert, "expert:moi") == sorted([asked.ref, declined.ticket.ref])
    assert refs(manager, "channel:mail") == refs(manager, "canal:email") == [asked.ref]


def test_by_day_where_the_organisation_is(indexed, monkeypatch):
    manager, now = a_manager(), clock.now()
    old = None
    at(monkeypatch, now - timedelta(days=40))
    old = a_question("Le vieux portail")
    at(monkeypatch, now)
    new = a_question("Le nouveau portail")
    indexed()
    day = (now - timedelta(days=40)).date().isoformat()
    assert refs(manager, "before:30d") == refs(manager, "avant:30j") == [old.ref]
    assert refs(manager, "after:30d") == refs(manager, "-before:30d") == [new.ref]
    assert refs(manager, f"date:{day[:7]} portail vieux") == [old.ref]
    assert refs(manager, "after:2020 before:2100 portail") == sorted([old.ref, new.ref])
    assert refs(manager, "after:7d before:7d") == []


def test_late_is_a_matter_of_the_present_moment(indexed, monkeypatch):
    manager, now = a_manager(), clock.now()
    offered = an_offer(an_expert(), ticket=a_question("Le portail")).ticket
    with transaction():
        offered.due_at = now + timedelta(hours=4)
    following.follow(access.the_index())
    indexed()
    assert refs(manager, "late:yes") == []
    assert refs(manager, "retard:non kind:question") == [offered.ref]
    at(monkeypatch, now + timedelta(days=60))
    assert refs(manager, "late:yes") == refs(manager, "en-retard:oui") == [offered.ref]


def test_official_answers_have_filters_too(indexed):
    manager = a_manager()
    answer = an_official_answer("Le bouton est en bas.", title="Résilier", department=a_department("TV"))
    ticket = a_question("Où est le bouton pour résilier ?")
    indexed()
    assert refs(manager, "résilier") == sorted([answer.code, ticket.ref])
    assert refs(manager, "résilier kind:answer") == refs(manager, "type:réponse") == [answer.code]
    assert refs(manager, "résilier type:question") == [ticket.ref]
    assert refs(manager, "department:tv state:in-force") == [answer.code]


def test_a_filter_shows_nobody_more_than_they_may_see(indexed):
    expert = an_expert()
    mine = an_accepted_offer(expert).ticket
    a_question("Une autre question")
    indexed()
    assert refs(expert, "kind:question") == refs(expert, "state:answering") == [mine.ref]
    assert refs(expert, "state:received") == []
    assert refs(a_person(Role.ADMINISTRATOR), "kind:question") == []


# --- freshness


def test_each_step_is_filtered_for_at_the_next_following():
    manager, expert = a_manager(), an_expert()
    following.follow(access.the_index())
    ticket = a_question("Le portail")

    def state():
        indexing.follow()
        return [name for name in ("received", "offered", "answering", "ready") if refs(manager, f"state:{name}")]

    assert state() == ["received"]
    offer = an_offer(expert, ticket=ticket)
    assert state() == ["offered"]
    with transaction():
        offering.decline(offer, by=expert, reason=DeclineReason.UNAVAILABLE)
    assert state() == ["received"]
    with transaction():
        offering.accept(offering.offer(ticket, an_expert(), by=manager), by=ticket.holder or expert)
    assert state() == ["answering"]
    an_approved_ticket()
    assert state() == ["answering", "ready"]


# --- what can't be understood


def test_an_unknown_value_says_what_is_possible_and_finds_nothing_else():
    manager = a_manager()
    a_question("Le portail")
    what = sought("portail état:bizarre", manager, clock.now())
    (problem,) = what.misunderstood
    assert (problem.code, problem.typed.value, what.words) == ("unknown_value", "bizarre", "portail")
    assert "reçue" in [value.french for value in problem.possible]
    with pytest.raises(BadInput) as refused:
        find(manager, "portail état:bizarre")
    assert refused.value.problems[0].code == "filter_unknown_value"


@pytest.mark.parametrize(
    ("text", "code"),
    [("state:", "missing_value"), ("before:soon", "bad_day"), ("after:", "bad_day"), ("-date:2026", "bad_day")],
)
def test_other_misunderstandings_are_named(text, code):
    assert [each.code for each in sought(text, a_manager(), clock.now()).misunderstood] == [code]


def test_an_unknown_filter_is_searched_as_words():
    manager = a_manager()
    ticket = a_question("Objet:facture du mois")
    following.follow(access.the_index())
    what = sought("objet:facture", manager, clock.now())
    assert [each.code for each in what.misunderstood] == ["unknown_filter"]
    assert refs(manager, "objet:facture") == [ticket.ref]


def test_a_sentence_with_a_colon_is_a_sentence():
    manager = a_manager()
    ticket = a_question("Sujet : facture du mois")
    following.follow(access.the_index())
    assert refs(manager, "Sujet : facture") == [ticket.ref]


# --- counting and completing


def test_counts_are_true_or_not_given():
    manager, expert = a_manager(), an_expert()
    for number in range(5):
        a_question(f"portail {number}")
    an_official_answer("Le portail.", title="Portail")
    following.follow(access.the_index())
    page = find(manager, "portail", limit=2)
    assert (page.counts.tickets, page.counts.answers) == (5, 1)
    assert find(manager, "portail", limit=2, cursor=page.next_cursor).counts == page.counts
    assert find(expert, "portail").counts is None


def offered(text, person, language="en", at=None):
    found = completions(text, len(text) if at is None else at, person=person, language=language, now=clock.now())
    return [each.text for each in found]


def test_the_box_offers_filters_then_values_then_references():
    manager = a_manager()
    ticket = a_question("Le portail")
    a_department("FIX")
    assert offered("sta", manager)[0] == "state:"
    assert offered("éta", manager, "fr")[0] == "état:"
    assert "-state:" in offered("-st", manager)
    assert offered("portail state:", manager)[:2] == ["state:received", "state:offered"]
    assert offered("état:rec", manager, "fr") == ["état:reçue"]
    assert offered("service:dep", manager) == ['service:"Department FIX"']
    assert offered(ticket.ref[:8], manager) == [ticket.ref]
    assert offered(str(int(ticket.ref[-6:])).rjust(2, "0"), manager) == [ticket.ref]
    assert offered("before:y", manager) == ["before:yesterday"]
    assert "state:received" in offered("rece", manager)
    assert len(offered("", manager)) == 10


def test_the_box_completes_where_the_caret_stands():
    (found, *_) = completions("sta portail", 3, person=a_manager(), language="en", now=clock.now())
    assert (found.text, found.start, found.end, found.is_whole) == ("state:", 0, 3, False)


def test_the_box_offers_no_reference_that_one_may_not_see():
    ticket = a_question("Le portail")
    assert offered(ticket.ref[:8], an_expert()) == []

"""The index follows the database: what changes is found, what goes is not, and a lost index is built anew."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import delete, func, insert, select

from builders.answers import an_approved_ticket, an_official_answer
from builders.offers import a_question, an_expert, an_offer
from builders.triage import a_topic
from helpdesk.accounts.access import Role
from helpdesk.answers.models import AnswerStatus
from helpdesk.db import db, transaction
from helpdesk.routing.models import Skill
from helpdesk.search import documents, following
from helpdesk.search.access import the_index
from helpdesk.search.index import IndexBusy, PersonDocument, PrecedentDocument, TicketDocument
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex
from helpdesk.tickets.events import reindex
from helpdesk.tickets.models import IndexChange, TicketNamed
from people import a_department, a_person
from workers import indexing

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def index(app):
    index = the_index()
    following.follow(index)
    return index


def touch(kind, row):
    with transaction():
        reindex(kind, row.id)


def found(index, text, language="fr"):
    return [hit.person_id for hit in index.people(Query.of(text, language)).hits]


def last_change():
    return db.session.scalar(select(func.max(IndexChange.id)))


def test_the_first_following_builds_the_index():
    expert = an_expert(title="Raccordement fibre")
    index = the_index()
    assert not index.is_usable()
    following.follow(index)
    assert found(index, "raccorder la fibre") == [expert.id]


def test_a_change_is_followed_and_the_watermark_moves(index):
    expert = an_expert(profile="Décodeur et télécommande")
    touch("person", expert)
    assert following.lag(index) == 1
    assert not following.knows_everybody(index)
    assert indexing.follow() == 1
    assert found(index, "ma télécommande") == [expert.id]
    assert index.watermark() == last_change()
    assert following.lag(index) == 0
    assert following.knows_everybody(index)
    assert indexing.follow() == 0


def test_what_a_transaction_took_back_is_not_followed(index):
    before = index.watermark()

    def change_half():
        with transaction():
            reindex("person", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_half()
    assert following.follow(index) == 0
    assert index.watermark() == before


def test_people_who_left_or_never_answered_are_not_suggested(index):
    expert = an_expert(profile="décodeur")
    manager = a_person(Role.COMMUNITY_MANAGER, profile="décodeur")
    touch("person", expert)
    touch("person", manager)
    following.follow(index)
    assert found(index, "décodeur") == [expert.id]
    with transaction():
        expert.active = False
        reindex("person", expert.id)
    following.follow(index)
    assert found(index, "décodeur") == []


def test_declared_topics_and_the_department_are_words_of_a_person(index):
    expert = an_expert(department=a_department("TV", answers=True))
    topic = a_topic("tv.decodeur")
    with transaction() as session:
        topic.synonyms = ["écran noir", "T-105"]
        session.add(Skill(person_id=expert.id, topic_id=topic.id, level=3))
        reindex("topic", topic.id)
        reindex("person", expert.id)
    following.follow(index)
    assert found(index, "erreur T105") == [expert.id]
    assert [hit.topic_id for hit in index.topics(Query.of("mon écran est noir", "fr")).hits] == [topic.id]
    with transaction():
        topic.active = False
        reindex("topic", topic.id)
    following.follow(index)
    assert index.topics(Query.of("mon écran est noir", "fr")).hits == ()


def test_an_official_answer_speaks_for_its_author_until_it_is_withdrawn(index):
    answer = an_official_answer("Relancez l’association avec la touche maison.", title="Erreur T-105")
    following.follow(index)
    hit = index.precedents(Query.of("erreur t105", "fr")).hits[0]
    assert (hit.source_id, hit.credits) == (answer.id, {answer.current.author_id: 1.0})
    with transaction():
        answer.status = AnswerStatus.WITHDRAWN
        reindex("answer", answer.id)
    following.follow(index)
    assert index.precedents(Query.of("erreur t105", "fr")).hits == ()
    assert index.find("T-105", frozenset({"answers"}), 5).hits[0].key == f"answer:{answer.id}"


def test_an_answered_question_becomes_a_precedent_and_history_of_its_author(index):
    expert = an_expert()
    ticket = an_approved_ticket("Il arrive en **juin**.", expert=expert)
    following.follow(index)
    text = ticket.question.text
    credited = [hit.credits for hit in index.precedents(Query.of(text, "fr")).hits]
    assert credited[0] == {expert.id: 1.0}
    hits = {hit.person_id: hit.history for hit in index.people(Query.of(text, "fr")).hits}
    assert hits[expert.id] > 0


def test_a_restricted_ticket_is_found_by_those_named_only_and_teaches_nothing(index):
    expert = an_expert()
    ticket = an_approved_ticket("Il arrive en **juin**.", expert=expert)
    named = a_person(Role.APPROVER)
    with transaction() as session:
        ticket.restricted = True
        session.add(TicketNamed(ticket_id=ticket.id, person_id=named.id))
        reindex("ticket", ticket.id)
    following.follow(index)
    by_id = {document.key: document for document in documents.every_document()}
    assert by_id[f"ticket:{ticket.id}"].readers == {f"person:{named.id}"}
    assert by_id[f"person:{expert.id}"].history == ""
    questions = [d.question for d in by_id.values() if isinstance(d, PrecedentDocument)]
    assert not any(ticket.question.text in question for question in questions)
    assert index.find(ticket.ref, frozenset({"unrestricted"}), 5).hits == ()


def test_an_expert_may_find_a_ticket_from_the_offer_on(index):
    expert = an_expert()
    ticket = a_question("Le portail ne s’ouvre plus")
    following.follow(index)
    keys = frozenset({f"person:{expert.id}"})
    assert index.find("portail", keys, 5).hits == ()
    an_offer(expert, ticket=ticket)
    following.follow(index)
    assert [hit.key for hit in index.find("portail", keys, 5).hits] == [f"ticket:{ticket.id}"]


def test_a_lost_or_foreign_index_is_built_anew(index):
    ticket = a_question("Le portail ne s’ouvre plus")
    following.follow(index)
    shutil.rmtree(index.location())
    following.follow(WhooshIndex(index.location()))
    assert [hit.key for hit in index.find("portail", frozenset({"unrestricted"}), 5).hits] == [f"ticket:{ticket.id}"]
    with transaction() as session:
        session.execute(delete(IndexChange))
    following.follow(index)
    assert index.watermark() == 0


def test_batches_follow_one_another(index, monkeypatch):
    monkeypatch.setattr(following, "BATCH", 3)
    tickets = [a_question(f"portail numero{n}") for n in range(7)]
    assert following.follow(index) >= 7
    assert len(index.find("portail", frozenset({"unrestricted"}), 20).hits) == len(tickets)


def test_following_and_rebuilding_agree(index):
    expert = an_expert(profile="fibre et décodeur")
    touch("person", expert)
    an_approved_ticket("Il arrive en juin.", expert=expert)
    answer = an_official_answer("Relancez l’association.", title="Erreur T-105")
    other = an_expert()
    for person in (other, answer.current.author):
        touch("person", person)
    an_offer(other, ticket=a_question("Le portail ne s’ouvre plus"))
    following.follow(index)
    query = Query.of("la fibre arrive-t-elle, erreur T-105", "fr")
    followed = index.people(query), index.precedents(query)
    following.rebuild(index)
    assert (index.people(query), index.precedents(query)) == followed


def test_every_document_is_read_in_batches(monkeypatch):
    for number in range(5):
        a_question(f"portail numero{number}")
    an_expert()
    monkeypatch.setattr(documents, "BATCH", 2)
    kinds = [type(document) for document in documents.every_document()]
    assert (kinds.count(TicketDocument), kinds.count(PersonDocument)) == (5, 1)


def test_a_slower_transaction_with_a_lower_number_is_not_overtaken(index, monkeypatch):
    """PostgreSQL numbers changes before they are committed: number 11 must wait for number 10."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time")
    before = index.watermark()
    expert = an_expert(profile="décodeur")
    with db.engine.connect() as slow:
        slow.execute(insert(IndexChange).values(kind="person", entity_id=expert.id))
        touch("person", expert)
        monkeypatch.setattr(following, "PATIENCE", 0.1)
        with pytest.raises(IndexBusy):
            following.follow(index)
        assert index.watermark() == before
        slow.commit()
    assert following.follow(index) == 2
    assert index.watermark() == before + 2

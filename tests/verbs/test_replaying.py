"""Asking past questions again: against who answered, with nothing of the future, and changing nothing by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from builders.answers import at
from builders.decisions import an_answered_question
from builders.offers import an_expert
from builders.organisation import an_administrator
from builders.triage import a_topic
from helpdesk.accounts.models import SYSTEM, AuditEntry
from helpdesk.accounts.organisation import change_setting, setting
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed
from helpdesk.outbox import OutboxRow
from helpdesk.routing import matching, past, replaying, training
from helpdesk.routing.changes import Changes, UnknownChange
from helpdesk.routing.evidence import WEIGHTS, Part
from helpdesk.routing.models import Decision, ReplayState, Skill
from helpdesk.routing.replayed import Changed, Effect, Judged, Replayed, Said, compared
from helpdesk.routing.replaying import TookTooLong, decided_tickets, replay
from helpdesk.routing.replays import apply_replay, ask_for_replay, changed_topic, replay_with
from helpdesk.routing.synonym_changes import changed_groups
from helpdesk.routing.synonyms import draft_of, groups, in_force, put_group, remove_group
from helpdesk.search import following
from helpdesk.search.access import the_index
from helpdesk.search.equivalents import Group
from helpdesk.search.query import Query
from helpdesk.search.text import analyse
from helpdesk.tickets.events import reindex
from helpdesk.tickets.models import Event
from people import a_department
from workers.carrying import carry_out

pytestmark = pytest.mark.usefixtures("app")

START = datetime(2026, 9, 1, 9, tzinfo=UTC)
ZORGLUB = "Zorglub clignotant, bride cassée"  # no word of it stands in any other question


@pytest.fixture
def tv():
    return an_expert(handle="tv", profile="Décodeur, télécommande, image figée", department=a_department("BOX"))


@pytest.fixture
def bills():
    return an_expert(handle="bills", profile="Facture, prélèvement, remboursement", department=a_department("FAC"))


@pytest.fixture
def history(tv, bills, monkeypatch):
    """Six questions a day apart; of the same odd words, those that nobody's profile knows, two each."""
    with transaction():
        for person in (tv, bills):
            reindex("person", person.id)
    following.follow(the_index())
    asked = [
        ("Le décodeur affiche une image figée", tv),
        ("Le montant de ma facture et le prélèvement", bills),
        (ZORGLUB, bills),
        ("La télécommande du décodeur ne répond plus", tv),
        (f"{ZORGLUB} encore", bills),
        ("Remboursement de la facture en double", bills),
    ]
    tickets = [
        an_answered_question(text, expert, START + timedelta(days=day), monkeypatch)
        for day, (text, expert) in enumerate(asked)
    ]
    at(monkeypatch, START + timedelta(days=30))
    return tickets


def said_of(ticket, found):
    return next(each for each in found if each.ticket_id == ticket.id)


def judged(changes=Changes(), last=50, **options):  # noqa: B008  a change that changes nothing
    """What is said of each ticket, before it is counted."""
    with pytest.MonkeyPatch.context() as patch:
        kept = []
        patch.setattr(replaying, "compared", lambda each, **_: kept.extend(each))
        replay(changes, last, **options)
        return kept


def test_past_tickets_are_judged_by_who_wrote_what_was_published(history, tv, bills):
    found = decided_tickets(50)
    assert [each.ticket_id for each in found] == [ticket.id for ticket in history]
    assert [each.answered_by for each in found] == [tv.id, bills.id, bills.id, tv.id, bills.id, bills.id]
    assert [each.ticket_id for each in decided_tickets(2)] == [ticket.id for ticket in history[-2:]]


def test_nothing_of_the_future_and_nothing_of_its_own_answer_counts(history, bills):
    """The first question of odd words is known to nobody at its time, although the index holds its answer today."""
    assert matching.suggestions_for_text(ZORGLUB).experts[0].person_id == bills.id
    found = judged()
    assert said_of(history[2], found).before == Said((), 0.0)
    assert said_of(history[4], found).before.first == bills.id  # by the earlier one, which was answered by then


def test_a_precedent_counts_from_its_approval_on_and_never_for_its_own_ticket(history):
    known, query = past.Precedents(the_index()), Query.of(ZORGLUB, "fr")

    def told(instant, ticket):
        return [hit.source_id for hit in known.before(query, instant, ticket.id).hits]

    answered = START + timedelta(days=2, minutes=30)
    assert told(answered, history[4]) == []
    assert len(told(answered + timedelta(seconds=1), history[4])) == 1
    assert told(answered + timedelta(seconds=1), history[2]) == []
    assert len(told(START + timedelta(days=9), history[0])) >= 2


def test_what_people_had_answered_is_as_it_was(history, tv, bills):
    before = past.candidates(START + timedelta(days=3))
    assert (before[tv.id].answered, before[bills.id].answered) == (1, 2)


def test_other_weights_change_who_is_first_and_are_compared(history, bills):
    nothing = replay(Changes(), 50)
    assert nothing.before == nothing.after
    assert (nothing.n, nothing.changed) == (6, ())
    assert nothing.before.first >= 4
    silent = replay(Changes(weights={str(part): 0.0 for part in WEIGHTS}), 50)
    assert silent.before == nothing.before
    assert (silent.after.first, silent.after.among_three) == (0, 0)
    assert silent.counts == {"better": 0, "worse": nothing.before.first, "other": silent.counts["other"]}
    assert Changed(history[1].id, bills.id, bills.id, None, Effect.WORSE) in silent.changed


def test_the_words_of_a_topic_can_be_tried(history, tv, monkeypatch):
    topic = a_topic("box.other", tv.department)
    with transaction() as session:
        session.add(Skill(person_id=tv.id, topic_id=topic.id, level=3))
    changes = changed_topic(topic, synonyms=["zorglub", "bride cassée"])
    found = judged(changes)
    assert said_of(history[2], found).before == Said((), 0.0)
    assert said_of(history[2], found).after.first == tv.id
    assert topic.synonyms != ["zorglub", "bride cassée"]


def test_other_synonyms_are_tried_for_the_changed_side_alone(history, bills):
    """The words of a group act when a question is asked: neither the index nor the groups in force are touched."""
    with transaction():
        row = put_group(None, draft_of(["zorglub", "gribouille"], []), by=SYSTEM)[0]
    generation = the_index().generation()
    changes = changed_groups(
        [(row, draft_of(["zorglub", "facture"], [])), (None, draft_of(["manette", "joystick"], []))]
    )
    found = judged(changes)
    assert said_of(history[2], found).before == Said((), 0.0)
    assert said_of(history[2], found).after.first == bills.id
    assert said_of(history[0], found).after == said_of(history[0], found).before
    assert [list(each.french) for each in groups()] == [["zorglub", "gribouille"]]
    assert the_index().generation() == generation
    assert [added.term for added in in_force().added(analyse("zorglub", "fr"), "fr")] == ["gribouill"]


def test_the_same_words_are_no_change(history):
    with transaction():
        row = put_group(None, draft_of(["zorglub", "facture"], []), by=SYSTEM)[0]
    assert not changed_groups([(row, draft_of(["zorglub", " facture "], []))])


def test_questions_can_be_read_otherwise(history, bills):
    """The seam for other words: how a text becomes a query is an argument."""
    found = judged(reading=lambda _subject, text, language: Query.of(text.replace("Zorglub", "Facture"), language))
    assert said_of(history[2], found).before == Said((), 0.0)
    assert said_of(history[2], found).after.first == bills.id


def test_those_who_are_asked_no_more_are_left_out(history, tv):
    with transaction():
        tv.active = False
    found = replay(Changes(), 50)
    assert (found.n, found.gone) == (4, 2)


def test_it_gives_up_when_the_time_is_over(history):
    with pytest.raises(TookTooLong):
        replay(Changes(), 50, seconds=-1)


def test_without_decided_tickets_there_is_nothing(tv):
    following.follow(the_index())
    found = replay(Changes(weights={"history": 1.0}), 50)
    assert (found.n, found.since, found.changed) == (0, None, ())


def test_what_was_taught_is_taught_by_the_past_alone(history, tv, bills, monkeypatch):
    monkeypatch.setattr(training, "FEWEST", 2)
    assert training.taught_before(START + timedelta(days=1)) is None
    model = training.taught_before(START + timedelta(days=3))
    assert (model.learned, model.experts) == (3, (tv.id, bills.id))
    taught = []
    monkeypatch.setattr(replaying, "the_model", lambda index: model)
    monkeypatch.setattr(replaying, "taught_before", lambda instant: taught.append(instant))
    replay(Changes(), 50)
    assert taught == [START]


# --- figures --------------------------------------------------------------------------------------------------------


def one(number, answered, before, after, *, plain=True):
    return Judged(number, answered, Said(before, 0.99), Said(after, 0.99), plain)


def test_the_figures_are_a_count_by_hand():
    rows = [
        one(1, 7, (7, 8), (8, 7)),
        one(2, 7, (8, 9), (7, 8)),
        one(3, 7, (8, 9), (9, 8)),
        one(4, 7, (8, 7), (8, 7)),
    ]
    found = compared(rows, gone=2, since="then", budgets=(0.03, 0.05), weights_before={})
    assert (found.before.first, found.before.among_three) == (1, 2)
    assert (found.after.first, found.after.among_three) == (1, 3)
    assert found.counts == {"better": 1, "worse": 1, "other": 1}
    assert [each.effect for each in found.changed] == [Effect.WORSE, Effect.BETTER, Effect.OTHER]
    assert found.may_be_chance
    assert Replayed.from_document(found.as_document()) == found


def test_automatic_counts_only_plain_questions_after_the_first_hundred():
    rows = [one(number, 7, (7,), (7,), plain=number % 2 == 0) for number in range(200)]
    found = compared(rows, gone=0, since=None, budgets=(0.03, 0.03), weights_before={})
    assert (found.before.judged, found.before.asked, found.before.wrong) == (100, 50, 0)


def test_many_better_ones_are_no_chance():
    rows = [one(number, 7, (8,), (7,)) for number in range(6)]
    assert not compared(rows, gone=0, since=None, budgets=(0.03, 0.03), weights_before={}).may_be_chance


# --- asked by an administrator ----------------------------------------------------------------------------------------


@pytest.fixture
def administrator():
    return an_administrator()


def asked(changes, by, last=100):
    """A replay, worked out by the worker."""
    with transaction():
        row = ask_for_replay(changes, last, by=by)
    job = db.session.scalars(select(OutboxRow.id).where(OutboxRow.job == "workers.replaying.run")).all()[-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db.session, "expunge_all", lambda: None)
        assert carry_out(job)
    return replay_with(row.id)


def everything_decided():
    return [
        setting("matcher_weights"),
        setting("wrong_route_budget"),
        *db.session.execute(select(Decision.id, Decision.right, Decision.suggestions)).all(),
        *db.session.execute(select(Event.id)).all(),
    ]


def test_a_worker_finds_out_and_nothing_changes_until_it_is_confirmed(history, administrator):
    before = everything_decided()
    row = asked(Changes(weights={"history": 0.0}, budget=0.05), administrator)
    assert (row.state, row.done, row.result["n"]) == (ReplayState.DONE, 6, 6)
    assert everything_decided() == before
    with transaction():
        apply_replay(row, by=administrator)
    assert (setting("matcher_weights"), setting("wrong_route_budget")) == ({"history": 0.0}, 0.05)
    names = [entry.facts["name"] for entry in db.session.scalars(select(AuditEntry)) if "name" in entry.facts]
    assert names[-2:] == ["matcher_weights", "wrong_route_budget"]
    assert row.applied_by_id == administrator.id
    with pytest.raises(Conflict), transaction():
        apply_replay(row, by=administrator)


def test_the_weights_in_force_are_those_of_the_setting(history, bills):
    assert matching.suggestions_for_text(ZORGLUB).experts[0].person_id == bills.id
    with transaction():
        change_setting("matcher_weights", {str(part): 0.0 for part in WEIGHTS}, by=an_administrator())
    assert matching.suggestions_for_text(ZORGLUB).experts == ()


def test_a_result_that_rests_on_another_configuration_is_not_applied(history, administrator):
    row = asked(Changes(weights={"history": 0.0}), administrator)
    with transaction():
        change_setting("matcher_weights", {"codes": 3.0}, by=administrator)
    with pytest.raises(Conflict), transaction():
        apply_replay(row, by=administrator)
    assert setting("matcher_weights") == {"codes": 3.0}


def test_a_topic_is_changed_when_it_is_confirmed(history, tv, administrator):
    topic = a_topic("box.other", tv.department)
    row = asked(changed_topic(topic, synonyms=["zorglub"]), administrator)
    with transaction():
        apply_replay(row, by=administrator)
    assert topic.synonyms == ["zorglub"]


def test_synonyms_hold_when_it_is_confirmed(history, administrator):
    with transaction():
        row = put_group(None, draft_of(["zorglub", "gribouille"], []), by=SYSTEM)[0]
    drafts = [(row, draft_of(["zorglub", "facture"], ["invoice"])), (None, draft_of(["box", "routeur"], [], True))]
    kept = asked(changed_groups(drafts), administrator)
    assert kept.result["counts"]["better"] == 1
    assert [list(each.french) for each in groups()] == [["zorglub", "gribouille"]]
    with transaction():
        apply_replay(kept, by=administrator)
    assert [(each.french, each.english, each.one_way) for each in groups()] == [
        (["box", "routeur"], [], True),
        (["zorglub", "facture"], ["invoice"], False),
    ]
    assert in_force().added(analyse("zorglub", "fr"), "fr")


def test_a_group_can_be_tried_without_and_taken_out(history, administrator):
    with transaction():
        row = put_group(None, draft_of(["zorglub", "facture"], []), by=SYSTEM)[0]
    kept = asked(changed_groups([(row, Group())]), administrator)
    assert kept.result["counts"]["worse"] == 1
    assert len(groups()) == 1
    with transaction():
        apply_replay(kept, by=administrator)
    assert groups() == []


@pytest.mark.parametrize("meanwhile", ["changed", "removed", "taken"])
def test_synonyms_that_are_not_as_they_were_are_not_touched(history, administrator, meanwhile):
    with transaction():
        row = put_group(None, draft_of(["zorglub", "gribouille"], []), by=SYSTEM)[0]
    kept = asked(changed_groups([(row, draft_of(["zorglub", "facture"], []))]), administrator)
    with transaction():
        if meanwhile == "changed":
            put_group(row, draft_of(["zorglub", "bride"], []), by=SYSTEM)
        elif meanwhile == "removed":
            remove_group(row, by=SYSTEM)
        else:
            put_group(None, draft_of(["facture", "note"], []), by=SYSTEM)
    before = [list(each.french) for each in groups()]
    with pytest.raises(Conflict), transaction():
        apply_replay(kept, by=administrator)
    assert [list(each.french) for each in groups()] == before


def test_words_that_cannot_be_taken_are_not_tried(history, administrator):
    with transaction():
        put_group(None, draft_of(["zorglub", "gribouille"], []), by=SYSTEM)
    for draft in (draft_of(["alone"], []), draft_of(["zorglub", "facture"], [])):
        with pytest.raises(BadInput), transaction():
            ask_for_replay(changed_groups([(None, draft)]), 100, by=administrator)


def test_back_to_its_own_weight_leaves_no_choice_behind(history, administrator):
    for weight, kept in ((0.0, {"history": 0.0}), (WEIGHTS[Part.HISTORY], {})):
        row = asked(Changes(weights={"history": weight}), administrator)
        with transaction():
            apply_replay(row, by=administrator)
        assert setting("matcher_weights") == kept


def test_without_an_index_it_says_so(administrator, tv):
    row = asked(Changes(weights={"history": 0.0}), administrator)
    assert (row.state, row.problem) in ((ReplayState.FAILED, "index"), (ReplayState.DONE, ""))


def test_what_cannot_be_asked(administrator, tv):
    with pytest.raises(BadInput), transaction():
        ask_for_replay(Changes(), 100, by=administrator)
    with pytest.raises(BadInput), transaction():
        ask_for_replay(Changes(budget=0.05), 0, by=administrator)
    with pytest.raises(NotAllowed), transaction():
        ask_for_replay(Changes(budget=0.05), 100, by=tv)


@pytest.mark.parametrize("wrong", ["nonsense=1", "history", "history=", "history=x", "history=-1", "history=nan",
                                   "history=21", "budget=0", "budget=0.5", "silence=1"])  # fmt: skip
def test_a_wrong_assignment_is_explained(wrong):
    with pytest.raises(UnknownChange, match=r"history|budget"):
        Changes.of([wrong])


def test_assignments_become_changes():
    changes = Changes.of(["history=1.5", "codes=0", "budget=0.05"])
    assert changes == Changes({"history": 1.5, "codes": 0.0}, 0.05)
    assert Changes.from_document(changes.as_document()).as_document() == changes.as_document()

"""All the words anywhere in the conversation: in whichever message, and only for those who may read that message."""

from __future__ import annotations

import random

import pytest

from builders.answers import a_head
from builders.conversations import a_conversation
from builders.offers import a_manager
from builders.triage import a_triaged_ticket, an_escalated_ticket
from helpdesk.accounts.access import Role
from helpdesk.db import transaction
from helpdesk.search import access, following, reading_keys
from helpdesk.search.conversations import PartKind
from helpdesk.search.finding import find
from helpdesk.tickets import closing
from helpdesk.tickets.workflow import Outcome
from people import a_department, a_person

pytestmark = pytest.mark.usefixtures("app")


def indexed():
    following.follow(access.the_index())


def refs(results):
    return [item.ticket.ref for item in results.items if item.ticket]


def marked(results, ref):
    """The parts shown of a ticket, and the words marked in each."""
    result = next(item for item in results.items if item.ticket and item.ticket.ref == ref)
    return [(each.kind, [piece.text for piece in each.pieces if piece.found]) for each in result.extracts]


def some_words(dice, texts):
    """A few words, each from another message, as they stand there."""
    chosen = dice.sample(texts, dice.randint(2, min(6, len(texts))))
    return " ".join(word for text in chosen for word in dice.sample([w for w in text.split() if w[0] != '"'], 1))


def test_words_from_any_messages_find_every_conversation():
    dice = random.Random(20261123)
    told = [a_conversation(dice, number) for number in range(6)]
    indexed()
    missed = []
    for conversation in told:
        for turn in range(40):
            words = some_words(dice, [*conversation.open, *conversation.notes, conversation.ticket.ref, "@marée"])
            found, cursor = [], None
            while True:
                page = find(conversation.manager, words, limit=10, cursor=cursor)
                found += refs(page)
                if (cursor := page.next_cursor) is None:
                    break
            if conversation.ticket.ref not in found:
                missed.append((turn, words))
    assert missed == [], missed


def test_each_message_is_found_by_its_own_word_and_shown_as_what_it_is():
    conversation = a_conversation(random.Random(7))
    indexed()
    for mark, kind in {
        "question": PartKind.QUESTION,
        "subject": PartKind.QUESTION,
        "reply": PartKind.REPLY,
        "clarification": PartKind.CLARIFICATION,
        "draft": PartKind.DRAFT,
        "title": PartKind.DRAFT,
        "sources": PartKind.DRAFT,
        "declined": PartKind.NOTE,
        "returned": PartKind.NOTE,
    }.items():
        word = f"zz{mark}1"
        found = find(conversation.manager, word)
        assert refs(found) == [conversation.ticket.ref], mark
        assert marked(found, conversation.ticket.ref) == [(kind, [word])], mark


def test_words_of_three_messages_are_shown_in_three_extracts():
    conversation = a_conversation(random.Random(8))
    indexed()
    found = find(conversation.manager, "zzreply1 zzquestion1 zzreturned1")
    assert marked(found, conversation.ticket.ref) == [
        (PartKind.QUESTION, ["zzquestion1"]),
        (PartKind.REPLY, ["zzreply1"]),
        (PartKind.NOTE, ["zzreturned1"]),
    ]


def test_notes_are_found_by_the_desk_only():
    """The expert and the approver see the ticket, its drafts too, but not what is noted inside."""
    conversation = a_conversation(random.Random(9))
    with transaction():
        conversation.ticket.department = a_department()
    head, stranger = a_head(a_department()), a_head(a_department("OTHER"))
    indexed()
    ref = conversation.ticket.ref
    for person, seen, noted in (
        (conversation.manager, True, True),
        (a_manager(), True, True),
        (a_person(Role.COMMITTEE), True, True),
        (head, True, True),
        (conversation.expert, True, False),
        (conversation.refuser, True, False),
        (stranger, False, False),
        (a_person(Role.ADMINISTRATOR), False, False),
    ):
        assert (ref in refs(find(person, "zzdraft1"))) is seen, person.handle
        for words in ("zzdeclined1", "zzreturned1", "zzdraft1 zzreturned1", "zzretur*", '"zzreturned1"'):
            found = find(person, words)
            assert (ref in refs(found)) is noted, (person.handle, words)
            assert noted or not found.items


def test_leaving_a_word_out_tells_nothing_of_what_is_hidden():
    conversation = a_conversation(random.Random(10))
    indexed()
    assert refs(find(conversation.expert, "zzquestion1 -zzreturned1")) == [conversation.ticket.ref]
    assert refs(find(conversation.expert, "zzquestion1 -zzdraft1")) == []
    assert refs(find(conversation.manager, "zzquestion1 -zzreturned1")) == []


def test_who_asked_is_found_by_those_who_may_see_it():
    conversation = a_conversation(random.Random(11))
    indexed()
    ref = conversation.ticket.ref
    for words in ("@marée_1", "maree", "Maëlle oedipe", "maelle zzdraft1"):
        assert refs(find(conversation.manager, words)) == [ref]
        assert refs(find(conversation.expert, words)) == []
        assert refs(find(a_person(Role.COMMITTEE), words)) == []
    found = find(conversation.manager, "maelle")
    assert marked(found, ref) == [(PartKind.QUESTION, []), (PartKind.ASKER, ["Maëlle"])]


def test_what_is_hidden_is_in_no_extract():
    conversation = a_conversation(random.Random(12))
    indexed()
    found = find(conversation.expert, "zzquestion1 zzdraft1")
    shown = " ".join(piece.text for item in found.items for each in item.extracts for piece in each.pieces)
    for hidden in ("zzreturned1", "zzdeclined1", "Maëlle"):
        assert hidden not in shown


def test_an_index_that_is_too_generous_shows_nothing_either(monkeypatch):
    """The rows are fetched through the person, and so are the parts."""
    conversation = a_conversation(random.Random(13))
    monkeypatch.setattr(reading_keys, "on_notes", reading_keys.on_ticket)
    indexed()
    monkeypatch.undo()
    assert refs(find(conversation.expert, "zzreturned1")) == []
    assert refs(find(conversation.expert, "zzquestion1")) == [conversation.ticket.ref]


def test_the_notes_of_a_restricted_ticket_are_for_those_named():
    manager = a_manager()
    ticket = an_escalated_ticket(manager)
    indexed()
    assert refs(find(manager, "formal notice")) == [ticket.ref]
    assert refs(find(a_manager(), "formal notice")) == []


def test_why_a_ticket_was_closed_is_found_at_the_next_following():
    manager = a_manager()
    ticket = a_triaged_ticket(manager)
    indexed()
    with transaction():
        closing.close(ticket, by=manager, outcome=Outcome.NO_REPLY, reason="Rappelé par zztéléphone hier.")
    indexed()
    assert refs(find(manager, "zztelephone")) == [ticket.ref]


def test_no_phrase_reaches_over_two_messages():
    conversation = a_conversation(random.Random(15))
    indexed()
    last, first = conversation.open[0].split()[-1], conversation.open[3].split()[0]
    found = find(conversation.manager, f'"{last} {first}" zzquestion1')
    for item in found.items:
        assert any(f"{last} {first}" in text for text in conversation.open), item

"""Drafts, what is being typed, and the conditions of submitting."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from builders.offers import a_draft, an_accepted_offer, an_expert, an_offer, kinds
from helpdesk import clock
from helpdesk.answers import writing
from helpdesk.answers.models import Draft, Scratch
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound
from helpdesk.tickets.workflow import State
from people import a_channel


@pytest.fixture
def expert(app):
    return an_expert(handle="ada")


@pytest.fixture
def offer(expert):
    return an_accepted_offer(expert)


def _codes(error):
    return [(problem.field, problem.code) for problem in error.value.problems]


def _submit(draft, by):
    with transaction():
        return writing.submit(draft.ticket, draft.revision, by=by)


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_each_change_is_another_revision_and_the_old_ones_stay(offer):
    first = a_draft(offer, "Un.")
    second = a_draft(offer, "Deux.")
    assert (first.revision, second.revision) == (1, 2)
    assert first.body == "Un."
    assert [each.revision for each in writing.drafts_of(offer.ticket)] == [2, 1]
    assert offer.ticket.events[-1].facts == {
        "draft_id": second.id, "revision": 2, "digest": second.digest,
    }  # fmt: skip


def test_the_same_text_again_is_the_same_revision(offer):
    drafts = {a_draft(offer).id for _click in range(3)}
    assert len(drafts) == 1
    assert kinds(offer.ticket).count("drafted") == 1


@pytest.mark.parametrize(
    "change",
    [{"short": "x"}, {"sources": "y"}, {"title": "t"}, {"review_by": date(2031, 1, 1)}, {"own_knowledge": True}],
)
def test_whatever_an_approver_decides_upon_makes_another_revision(offer, change):
    a_draft(offer)
    assert a_draft(offer, **change).revision == 2


def test_twenty_thousand_characters_are_kept_and_one_more_is_refused(offer):
    longest = "é" * 19_999 + "🙂"
    assert a_draft(offer, longest).body == longest
    with pytest.raises(BadInput) as error:
        a_draft(offer, longest + "!")
    assert _codes(error) == [("body", "too_long")]


@pytest.mark.parametrize(("body", "code"), [("a\x00b", "nul"), ("a\ud83d", "half_character")])
def test_what_no_database_keeps_is_refused(offer, body, code):
    with pytest.raises(BadInput) as error:
        a_draft(offer, body)
    assert _codes(error) == [("body", code)]


def test_nobody_writes_before_they_accepted(expert):
    pending = an_offer(expert)
    with pytest.raises(NotAllowed):
        a_draft(pending)
    with pytest.raises(NotFound), transaction():
        writing.save_draft(pending.ticket, by=an_expert(), body="x")


def test_saving_from_a_stale_page_changes_nothing(offer, expert):
    seen = offer.ticket.version
    a_draft(offer, "Un.")
    with pytest.raises(Conflict) as error, transaction():
        writing.save_draft(offer.ticket, by=expert, body="Deux.", version=seen)
    assert error.value.what_changed["kind"] == "drafted"
    assert [each.body for each in writing.drafts_of(offer.ticket)] == ["Un."]


def test_the_review_date_is_half_a_year_away_unless_said(offer):
    assert a_draft(offer).review_by == writing.default_review_date()
    assert a_draft(offer, review_by=date(2031, 5, 1)).review_by == date(2031, 5, 1)


def test_months_end_where_they_end():
    assert writing.months_after(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert writing.months_after(date(2026, 3, 15), 6) == date(2026, 9, 15)
    assert writing.months_after(date(2026, 12, 1), 12) == date(2027, 12, 1)


# --- submit -----------------------------------------------------------------------------------------------------------


def test_submitting_three_times_is_one_event(offer, expert):
    draft = a_draft(offer)
    assert {_submit(draft, expert).id for _click in range(3)} == {draft.id}
    assert offer.ticket.state is State.VALIDATING
    assert kinds(offer.ticket).count("submitted") == 1
    assert offer.ticket.events[-1].facts["digest"] == draft.digest


def test_saving_again_what_was_submitted_is_not_a_conflict(offer, expert):
    draft = a_draft(offer)
    _submit(draft, expert)
    assert a_draft(offer).id == draft.id
    with pytest.raises(Conflict):
        a_draft(offer, "Autre chose.")


def test_only_the_last_revision_can_be_submitted(offer, expert):
    first = a_draft(offer, "Un.")
    a_draft(offer, "Deux.")
    with pytest.raises(Conflict):
        _submit(first, expert)
    with pytest.raises(NotFound), transaction():
        writing.submit(offer.ticket, 7, by=expert)


def test_everything_missing_is_said_at_once(offer, expert):
    yesterday = writing.today() - timedelta(days=1)
    draft = a_draft(offer, " \n ", sources="", own_knowledge=False, review_by=yesterday)
    with pytest.raises(BadInput) as error:
        _submit(draft, expert)
    assert _codes(error) == [
        ("body", "missing"), ("sources", "sources_or_own_knowledge"), ("review_by", "review_date_past"),
    ]  # fmt: skip
    assert offer.ticket.state is State.ANSWERING


def test_ones_own_knowledge_is_a_source(offer, expert):
    draft = a_draft(offer, sources="", own_knowledge=True)
    assert _submit(draft, expert)
    assert draft.own_knowledge


def test_personal_data_in_the_answer_is_shown_and_refused(offer, expert):
    draft = a_draft(offer, "Appelez Jean au 06 12 34 56 78 ou jean@exemple.fr.", short="Voir 06 12 34 56 78")
    with pytest.raises(BadInput) as error:
        _submit(draft, expert)
    assert _codes(error) == [("body", "personal_data"), ("short", "personal_data")]
    assert error.value.problems[0].params["found"] == "06 12 34 56 78 · jean@exemple.fr"


def test_an_answer_too_long_for_its_channel_needs_a_short_variant(expert):
    channel = a_channel("mastodon", "mastodon")
    offer = an_accepted_offer(expert, channel=channel)
    draft = a_draft(offer, "Bonjour. " * 80)
    with pytest.raises(BadInput) as error:
        _submit(draft, expert)
    assert _codes(error) == [("body", "too_long_for_channel"), ("short", "missing_for_channel")]
    assert _submit(a_draft(offer, "Bonjour. " * 80, short="Bonjour, en juin."), expert)


# --- scratch ----------------------------------------------------------------------------------------------------------


def _type(offer, body, **options):
    options.setdefault("based_on_revision", 0)
    with transaction():
        return writing.keep_scratch(offer.ticket, by=offer.person, fields={"body": body}, **options)


def test_typing_is_kept_without_an_event_and_forgotten_when_saved(offer, expert):
    version = offer.ticket.version
    _type(offer, "La fib", page="a")
    _type(offer, "La fibre", page="a")
    assert writing.scratch_of(offer.ticket, expert).fields["body"] == "La fibre"
    assert offer.ticket.version == version
    a_draft(offer)
    assert writing.scratch_of(offer.ticket, expert) is None


def test_two_open_pages_never_overwrite_each_other(offer, expert):
    _type(offer, "Page A", page="a")
    with pytest.raises(Conflict) as error:
        _type(offer, "Page B", page="b")
    assert error.value.what_changed == "typed_elsewhere"
    assert writing.scratch_of(offer.ticket, expert).fields["body"] == "Page A"


def test_a_page_opened_with_what_was_typed_goes_on_with_it(offer, expert):
    seen = _type(offer, "Page A", page="a").saved_at.isoformat()
    _type(offer, "Page A, suite", page="b", seen=seen)
    with pytest.raises(Conflict):
        _type(offer, "Page A, autre suite", page="a", seen="")
    assert writing.scratch_of(offer.ticket, expert).fields["body"] == "Page A, suite"


def test_typing_upon_an_old_revision_is_not_kept(offer):
    a_draft(offer)
    with pytest.raises(Conflict) as error:
        _type(offer, "vieux", page="a", based_on_revision=0)
    assert error.value.what_changed == "newer_revision"
    assert db.session.query(Scratch).count() == 0


def test_a_scratch_has_an_end(offer):
    with pytest.raises(BadInput):
        _type(offer, "x" * 200_001)
    assert db.session.query(Scratch).count() == db.session.query(Draft).count() == 0


def test_each_person_has_their_own_scratch(offer, expert):
    _type(offer, "Ada", page="a")
    bob = an_expert(handle="bob")
    with pytest.raises(NotFound), transaction():
        writing.keep_scratch(offer.ticket, by=bob, fields={"body": "Bob"}, based_on_revision=0)
    assert clock.now() >= writing.scratch_of(offer.ticket, expert).saved_at

"""The expert's page by the link of a letter: no password, one offer, and nothing changes by looking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from builders.offers import a_draft, a_link, a_manager, an_accepted_offer, an_expert, an_offer, kinds
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import SignedLink
from helpdesk.answers import writing
from helpdesk.answers.models import Draft
from helpdesk.db import Base, db, transaction
from helpdesk.routing import offering
from helpdesk.routing.models import OfferState
from helpdesk.tickets.workflow import State
from people import a_person, sign_in


@pytest.fixture
def expert(app):
    return an_expert(handle="ada", name="Ada Lebrun")


def _everything():
    """How many rows each table has, and where each ticket stands: what a look must leave as it was."""
    return {
        table.name: db.session.execute(select(func.count()).select_from(table)).scalar()
        for table in Base.metadata.sorted_tables
    }


def _text(offer, body="En juin.", **fields):
    return {
        "version": offer.ticket.version, "revision": 0, "page": "one", "seen": "", "body": body, "short": "",
        "title": "Fibre", "sources": "Plan", "language": "fr",
        "review_by": writing.default_review_date().isoformat(), **fields,
    }  # fmt: skip


def test_a_mail_scanner_that_opens_the_link_changes_nothing(client, expert):
    offer = an_offer(expert)
    link, version, before = a_link(offer), offer.ticket.version, None
    before = _everything()
    for _time in range(3):
        assert client.get(f"/answer/{link}").status_code == 200
        assert client.head(f"/answer/{link}").status_code == 200
    for action in ("accept", "decline", "redirect", "save", "submit", "autosave", "preview"):
        assert client.get(f"/answer/{link}/{action}").status_code == 405, action
    assert _everything() == before
    assert (offer.ticket.version, offer.state) == (version, OfferState.OFFERED)


def test_the_whole_way_without_a_password(client, expert):
    offer = an_offer(expert, text="Quand la fibre arrive-t-elle ?")
    link = a_link(offer)
    page = client.get(f"/answer/{link}")
    assert "Quand la fibre arrive-t-elle ?" in page.text
    assert "Ada Lebrun" in page.text
    for _click in range(3):
        assert client.post(f"/answer/{link}/accept", data={"version": 2}).status_code == 303
    data = _text(offer)
    for _click in range(3):
        assert client.post(f"/answer/{link}/submit", data=data).status_code == 303
    assert offer.ticket.state is State.VALIDATING
    assert kinds(offer.ticket) == ["received", "offered", "accepted", "drafted", "submitted"]
    assert offer.ticket.events[2].facts["by_link"] is True
    assert offer.ticket.events[2].actor_id == expert.id


def test_the_link_signs_nobody_in_and_opens_nothing_else(client, expert):
    offer, other = an_accepted_offer(expert), an_offer(expert)
    link = a_link(offer)
    assert client.get(f"/answer/{link}").status_code == 200
    assert client.post(f"/answer/{link}/save", data=_text(offer)).status_code == 303
    for path in ("/questions", f"/questions/{offer.id}", f"/questions/{other.id}", "/questions/me", "/account/"):
        assert client.get(path).status_code == 302, path
    page = client.get(f"/answer/{link}").text
    assert f"/questions/{other.id}" not in page
    assert other.ticket.ref not in page


def test_the_original_needs_somebody_signed_in(client, expert):
    offer = an_accepted_offer(expert, text="Mon numéro : 06 12 34 56 78")
    link = a_link(offer)
    page = client.get(f"/answer/{link}").text
    assert "06 12 34 56 78" not in page
    assert "/original" not in page
    assert client.post(f"/answer/{link}/original").status_code == 404


def test_a_link_is_good_for_its_own_offer_only(client, expert):
    bob = an_expert(handle="bob")
    mine, theirs = an_offer(expert), an_offer(bob)
    link = a_link(mine)
    client.post(f"/answer/{link}/accept")
    assert (mine.state, theirs.state) == (OfferState.ACCEPTED, OfferState.OFFERED)


def test_two_experts_one_after_the_other(client, expert):
    manager = a_manager()
    bob = an_expert(handle="bob")
    first = an_offer(expert, by=manager)
    first_link = a_link(first)
    second = an_offer(bob, by=manager, ticket=first.ticket)
    second_link = a_link(second)
    refused = client.post(f"/answer/{first_link}/accept")
    assert refused.status_code == 410
    assert "confiée à quelqu’un d’autre" in refused.text
    assert client.post(f"/answer/{second_link}/accept").status_code == 303
    assert first.ticket.holder is bob


def test_a_link_ends_when_the_offer_does_and_says_what_happened(client, expert):
    offer = an_offer(expert, text="Une question précise")
    link = a_link(offer)
    declined = client.post(f"/answer/{link}/decline", data={"reason": "overloaded"})
    assert declined.status_code == 303
    page = client.get(f"/answer/{link}")
    assert page.status_code == 410
    assert "Merci, c’est réglé" in page.text
    assert "Une question précise" not in page.text
    assert client.post(f"/answer/{link}/accept").status_code == 410
    assert kinds(offer.ticket) == ["received", "offered", "declined"]


def test_a_link_that_is_too_old_points_to_the_door(client, expert, monkeypatch):
    offer = an_offer(expert)
    link = a_link(offer)
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    page = client.get(f"/answer/{link}")
    assert page.status_code == 410
    assert f"/questions/{offer.id}" in page.text
    assert client.post(f"/answer/{link}/accept").status_code == 410
    assert offer.state is OfferState.OFFERED


@pytest.mark.parametrize("secret", ["x", "x" * 43, "%00", "é" * 20])
def test_a_made_up_link_is_nothing(client, expert, secret):
    an_offer(expert)
    assert client.get(f"/answer/{secret}").status_code == 404
    assert client.post(f"/answer/{secret}/accept").status_code == 404


def test_somebody_who_left_is_not_let_in_by_an_old_letter(client, expert):
    offer = an_offer(expert)
    link = a_link(offer)
    with transaction():
        expert.active = False
    assert client.get(f"/answer/{link}").status_code == 410
    assert client.post(f"/answer/{link}/accept").status_code == 410
    assert offer.state is OfferState.OFFERED


def test_somebody_else_signed_in_acts_as_the_one_the_letter_was_for(client, expert):
    offer = an_offer(expert)
    link = a_link(offer)
    sign_in(client, a_person(Role.COMMUNITY_MANAGER))
    page = client.get(f"/answer/{link}")
    assert page.status_code == 200
    assert "Ada Lebrun" in page.text
    client.post(f"/answer/{link}/accept")
    assert offer.ticket.events[-1].actor_id == expert.id


def test_the_person_signed_in_is_taken_to_their_own_page(client, expert):
    offer = an_offer(expert)
    link = a_link(offer)
    sign_in(client, expert)
    page = client.get(f"/answer/{link}")
    assert (page.status_code, page.headers["Location"]) == (302, f"/questions/{offer.id}")


def test_what_is_sensitive_is_saved_by_link_and_handed_over_after_signing_in(client, expert):
    offer = an_accepted_offer(expert)
    with transaction():
        offer.ticket.sensitivity = "legal"
    link = a_link(offer)
    page = client.get(f"/answer/{link}").text
    assert f'formaction="/answer/{link}/submit"' not in page
    assert client.post(f"/answer/{link}/submit", data=_text(offer)).status_code == 303
    assert offer.ticket.state is State.ANSWERING
    assert db.session.query(Draft).count() == 1
    browser = sign_in(client, expert)
    data = _text(offer, version=offer.ticket.version, revision=1)
    assert browser.post(f"/questions/{offer.id}/submit", data=data).status_code == 303
    assert offer.ticket.state is State.VALIDATING


def test_a_stale_page_is_told_what_changed_and_keeps_its_text(client, expert):
    offer = an_accepted_offer(expert)
    link, data = a_link(offer), _text(offer, "Ma longue réponse.")
    a_draft(offer, "Autre texte.")
    page = client.post(f"/answer/{link}/save", data=data)
    assert page.status_code == 409
    assert "Ma longue réponse." in page.text
    assert [draft.body for draft in writing.drafts_of(offer.ticket)] == ["Autre texte."]


def test_typing_is_kept_and_previewed_by_link(client, expert):
    offer = an_accepted_offer(expert)
    link = a_link(offer)
    assert client.post(f"/answer/{link}/autosave", data=_text(offer, "La fib")).status_code == 200
    assert "La fib" in client.get(f"/answer/{link}").text
    assert client.post(f"/answer/{link}/preview", data={"body": "*a*"}).json["html"] == "<p><em>a</em></p>"


def test_the_secret_is_nowhere_in_the_database(client, expert):
    link = a_link(an_offer(expert))
    assert db.session.scalar(select(SignedLink.digest)) != link
    assert offering.offer_of_link(link) is not None

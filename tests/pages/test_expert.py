"""The expert's pages, for somebody signed in."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from builders.offers import a_draft, a_manager, a_question, an_accepted_offer, an_expert, an_offer, kinds
from helpdesk import clock
from helpdesk.accounts.absences import declare_absence
from helpdesk.accounts.access import Role
from helpdesk.answers import writing
from helpdesk.answers.approving import return_draft
from helpdesk.answers.models import Draft
from helpdesk.db import db, transaction
from helpdesk.routing import offering
from helpdesk.routing.models import Decision, OfferState
from helpdesk.tickets.workflow import State
from people import a_department, a_person, sign_in

ARABIC = "متى تصل الألياف البصرية إلى حيّنا؟"


@pytest.fixture
def expert(app):
    return an_expert(handle="ada", name="Ada Lebrun")


@pytest.fixture
def browser(client, expert):
    return sign_in(client, expert)


def _text(offer, body="La fibre arrive en **juin**.", **fields):
    last = writing.latest_draft(offer.ticket)
    return {
        "version": offer.ticket.version, "revision": last.revision if last else 0, "page": "one", "seen": "",
        "body": body, "short": "", "title": "Fibre", "sources": "Plan", "language": "fr",
        "review_by": writing.default_review_date().isoformat(), **fields,
    }  # fmt: skip


def _hidden(page, name):
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text).group(1)


# --- my questions -----------------------------------------------------------------------------------------------------


def test_my_questions_are_told_apart_by_what_there_is_to_do(browser, expert):
    an_offer(expert, text="Question à accepter ?")
    an_accepted_offer(expert, text="Question en cours ?")
    handed = an_accepted_offer(expert, text="Question remise ?")
    draft = a_draft(handed)
    with transaction():
        writing.submit(handed.ticket, draft.revision, by=expert)
    page = browser.get("/questions")
    assert page.status_code == 200
    places = [page.text.index(words) for words in ("Question à accepter", "Question en cours", "Question remise")]
    assert places == sorted(places)


def test_an_empty_place_says_what_will_come(browser):
    page = browser.get("/questions")
    assert "Rien ne vous attend" in page.text


def test_what_is_not_mine_does_not_exist(browser, client):
    other = an_offer(an_expert(handle="bob"))
    assert browser.get(f"/questions/{other.id}").status_code == 404
    for action in ("accept", "decline", "redirect", "save", "submit", "autosave", "original"):
        assert browser.post(f"/questions/{other.id}/{action}").status_code == 404, action
    assert browser.post(f"/questions/preview?offer_id={other.id}").status_code == 404
    assert browser.get("/questions/999999").status_code == 404
    assert other.state is OfferState.OFFERED


@pytest.mark.parametrize("role", [Role.COMMUNITY_MANAGER, Role.ADMINISTRATOR, Role.APPROVER, Role.COMMITTEE])
def test_other_roles_have_no_such_place(app, role):
    offer = an_offer(an_expert())
    browser = sign_in(app.test_client(), a_person(role))
    for path in ("/questions", "/questions/me", f"/questions/{offer.id}"):
        assert browser.get(path).status_code == 404, path


def test_nobody_signed_in_is_asked_to_sign_in(client, expert):
    assert client.get("/questions").status_code == 302


# --- yes or no --------------------------------------------------------------------------------------------------------


def test_the_question_is_shown_with_why_and_three_buttons(browser, expert):
    manager = a_manager(name="Camille Roux")
    offer = an_offer(expert, by=manager, text="Allô ? Mon numéro est le 06 12 34 56 78, et la fibre ?")
    page = browser.get(f"/questions/{offer.id}")
    assert page.status_code == 200
    assert "06 12 34 56 78" not in page.text
    assert "Camille Roux" in page.text
    for action in ("accept", "decline", "redirect"):
        assert f'action="/questions/{offer.id}/{action}"' in page.text


def test_the_reasons_show_the_askers_own_words(browser, expert):
    ticket = a_question("Le voyant optique clignote en rouge")
    reasons = [{"kind": "words", "words": ["voyant optique"], "spans": [[3, 17]]}]
    with transaction() as session:
        session.add(
            Decision(
                ticket_id=ticket.id, made_at=clock.now(), engine="test", mode="propose",
                suggestions={"experts": [{"person": expert.id, "reasons": reasons}]},
            )
        )  # fmt: skip
    offer = an_offer(expert, ticket=ticket)
    assert '<mark dir="auto">voyant optique</mark>' in browser.get(f"/questions/{offer.id}").text


def test_who_named_me_and_what_they_said(browser, expert):
    bob = an_expert(handle="bob", name="Bob Martin")
    first = an_offer(bob)
    with transaction():
        offering.redirect(first, by=bob, instead=expert, note="C’est ton réseau.")
    offer = writing.db.session.query(type(first)).filter_by(person_id=expert.id).one()
    page = browser.get(f"/questions/{offer.id}").text
    assert "Bob Martin" in page
    assert "C’est ton réseau." in page


def test_accepting_three_times_is_one_event(browser, expert):
    offer = an_offer(expert)
    version = offer.ticket.version
    for _click in range(3):
        page = browser.post(f"/questions/{offer.id}/accept", data={"version": version})
        assert page.status_code == 303
    assert kinds(offer.ticket).count("accepted") == 1
    assert 'name="body"' in browser.get(f"/questions/{offer.id}").text


def test_declining_takes_one_press_and_says_who_instead(browser, expert):
    bob = an_expert(handle="bob")
    offer = an_offer(expert)
    page = browser.post(
        f"/questions/{offer.id}/decline",
        data={"version": offer.ticket.version, "reason": "out_of_scope", "instead": "bob", "note": "Voir Bob"},
    )
    assert page.status_code == 303
    assert (offer.state, offer.instead, offer.note) == (OfferState.DECLINED, bob, "Voir Bob")
    assert browser.get(f"/questions/{offer.id}").status_code == 200


@pytest.mark.parametrize("data", [{}, {"reason": "boredom"}, {"reason": "overloaded", "instead": "nobody-here"}])
def test_a_refusal_without_sense_is_said_beside_its_field(browser, expert, data):
    offer = an_offer(expert)
    page = browser.post(f"/questions/{offer.id}/decline", data={"note": "Mes mots", **data})
    assert page.status_code == 422
    assert "Mes mots" in page.text
    assert offer.state is OfferState.OFFERED


def test_passing_on_to_a_colleague_asks_them_at_once(browser, expert):
    bob = an_expert(handle="bob")
    offer = an_offer(expert)
    assert browser.post(f"/questions/{offer.id}/redirect", data={"instead": "bob"}).status_code == 303
    assert offer.ticket.holder is bob


def test_passing_on_to_a_department_is_a_proposal(browser, expert):
    department = a_department("MOB")
    offer = an_offer(expert)
    page = browser.post(f"/questions/{offer.id}/redirect", data={"instead": "department:MOB"})
    assert page.status_code == 303
    assert offer.ticket.state is State.RECEIVED
    assert offer.ticket.events[-1].facts["department_id"] == department.id


def test_an_absent_colleague_is_refused_with_who_stands_in(browser, expert):
    bob, eve = an_expert(handle="bob"), an_expert(handle="eve", name="Ève Petit")
    now = clock.now()
    with transaction():
        declare_absence(bob, now - timedelta(days=1), now + timedelta(days=2), by=bob, delegate=eve)
    offer = an_offer(expert)
    page = browser.post(f"/questions/{offer.id}/redirect", data={"instead": "bob"})
    assert page.status_code == 422
    assert "Ève Petit" in page.text


def test_accepting_what_was_given_to_somebody_else_says_so(browser, expert):
    manager = a_manager(name="Camille Roux")
    offer = an_offer(expert, by=manager)
    version = offer.ticket.version
    an_offer(an_expert(handle="bob"), by=manager, ticket=offer.ticket)
    page = browser.post(f"/questions/{offer.id}/accept", data={"version": version})
    assert page.status_code == 409
    assert "Camille Roux" in page.text
    assert kinds(offer.ticket).count("accepted") == 0


def test_a_stale_tab_cannot_decline_what_was_accepted(browser, expert):
    offer = an_accepted_offer(expert)
    page = browser.post(f"/questions/{offer.id}/decline", data={"reason": "overloaded"})
    assert page.status_code == 409
    assert offer.state is OfferState.ACCEPTED


# --- the original -----------------------------------------------------------------------------------------------------


def test_the_original_is_for_the_holder_and_every_reading_is_kept(browser, expert):
    words = "Rappelez-moi au 06 12 34 56 78."
    pending = an_offer(expert, text=words)
    assert browser.post(f"/questions/{pending.id}/original").status_code == 403
    offer = an_accepted_offer(expert, text=words)
    assert "06 12 34 56 78" not in browser.get(f"/questions/{offer.id}").text
    page = browser.post(f"/questions/{offer.id}/original")
    assert "06 12 34 56 78" in page.text
    assert kinds(offer.ticket)[-1] == "original_read"
    assert kinds(pending.ticket)[-1] == "offered"


def test_a_page_opened_before_the_original_was_read_can_still_save(browser, expert):
    offer = an_accepted_offer(expert, text="Rappelez-moi au 06 12 34 56 78.")
    data = _text(offer)
    browser.post(f"/questions/{offer.id}/original")
    assert browser.post(f"/questions/{offer.id}/save", data=data).status_code == 303


# --- writing ----------------------------------------------------------------------------------------------------------


def test_saving_and_handing_over_in_one_press(browser, expert):
    offer = an_accepted_offer(expert)
    data = _text(offer)
    for _click in range(3):
        assert browser.post(f"/questions/{offer.id}/submit", data=data).status_code == 303
    assert offer.ticket.state is State.VALIDATING
    assert kinds(offer.ticket).count("submitted") == kinds(offer.ticket).count("drafted") == 1


def test_what_is_refused_is_saved_all_the_same_and_says_everything(browser, expert):
    offer = an_accepted_offer(expert)
    data = _text(offer, "Appelez le 06 12 34 56 78.", sources="", review_by="2020-01-01")
    page = browser.post(f"/questions/{offer.id}/submit", data=data)
    assert page.status_code == 422
    assert "06 12 34 56 78" in page.text
    for field in ("body", "sources", "review_by"):
        assert f'href="#{field}"' in page.text, field
    assert writing.latest_draft(offer.ticket).body == "Appelez le 06 12 34 56 78."
    again = {**_text(offer, "Appelez-nous."), "version": _hidden(page, "version")}
    assert browser.post(f"/questions/{offer.id}/submit", data=again).status_code == 303


def test_a_second_tab_is_told_what_changed_and_keeps_its_text(browser, expert):
    offer = an_accepted_offer(expert)
    first, second = _text(offer, "Onglet un."), _text(offer, "Onglet deux.")
    assert browser.post(f"/questions/{offer.id}/save", data=first).status_code == 303
    page = browser.post(f"/questions/{offer.id}/save", data=second)
    assert page.status_code == 409
    assert "Onglet deux." in page.text
    assert "Ada Lebrun" in page.text
    assert [draft.body for draft in writing.drafts_of(offer.ticket)] == ["Onglet un."]
    knowingly = {**second, "version": _hidden(page, "version"), "revision": _hidden(page, "revision")}
    assert browser.post(f"/questions/{offer.id}/save", data=knowingly).status_code == 303
    assert [draft.body for draft in writing.drafts_of(offer.ticket)] == ["Onglet deux.", "Onglet un."]


def test_text_written_for_a_question_that_was_taken_back_is_not_lost(browser, expert):
    offer = an_accepted_offer(expert)
    data = _text(offer, "Une longue réponse.")
    with transaction():
        offering.withdraw(offer, by=a_manager(name="Camille Roux"), reason="Déjà répondu")
    page = browser.post(f"/questions/{offer.id}/submit", data=data)
    assert page.status_code == 409
    assert "Une longue réponse." in page.text
    assert "Camille Roux" in page.text
    assert db.session.query(Draft).count() == 0


def test_a_returned_text_shows_the_comment_on_top(browser, expert):
    offer = an_accepted_offer(expert)
    approver = a_person(Role.APPROVER, department=expert.department, name="Paul Garnier")
    draft = a_draft(offer)
    with transaction():
        writing.submit(offer.ticket, draft.revision, by=expert)
    with transaction():
        return_draft(offer.ticket, draft.revision, by=approver, comment="Précisez la <b>date</b>.")
    page = browser.get(f"/questions/{offer.id}").text
    assert page.index("Paul Garnier") < page.index('name="body"')
    assert "Précisez la &lt;b&gt;date&lt;/b&gt;." in page
    assert "Revenue avec un commentaire" in browser.get("/questions").text


def test_saved_versions_and_what_changed_between_them(browser, expert):
    offer = an_accepted_offer(expert)
    a_draft(offer, "La fibre arrive en juin.")
    a_draft(offer, "La fibre arrive en juillet.")
    page = browser.get(f"/questions/{offer.id}?compare=2").text
    assert re.search(r"<del>.*juin.*</del>", page, re.DOTALL)
    assert re.search(r"<ins>.*juillet.*</ins>", page, re.DOTALL)


@pytest.mark.parametrize("text", ["é" * 19_999 + "🙂", ARABIC, "<script>alert(1)</script>\n\n<img src=x onerror=y>"])
def test_any_text_comes_back_as_it_was_and_does_no_harm(browser, expert, text):
    offer = an_accepted_offer(expert)
    assert browser.post(f"/questions/{offer.id}/save", data=_text(offer, text)).status_code == 303
    assert writing.latest_draft(offer.ticket).body == text
    page = browser.get(f"/questions/{offer.id}").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    shown = browser.post(f"/questions/preview?offer_id={offer.id}", data={"body": text}).json
    assert "<script" not in shown["html"]
    assert "<img" not in shown["html"]


def test_one_character_too_many_is_refused_and_kept_on_the_page(browser, expert):
    offer = an_accepted_offer(expert)
    page = browser.post(f"/questions/{offer.id}/save", data=_text(offer, "x" * 20_001))
    assert page.status_code == 422
    assert "x" * 20_001 in page.text
    assert db.session.query(Draft).count() == 0


def test_the_preview_counts_as_channels_do_and_changes_nothing(browser, expert):
    offer = an_accepted_offer(expert)
    version = offer.ticket.version
    shown = browser.post(f"/questions/preview?offer_id={offer.id}", data={"body": "**a**", "short": "b"}).json
    assert shown["html"] == "<p><strong>a</strong></p>"
    assert [line["count"] for line in shown["lengths"]] == [1, 1]
    assert (offer.ticket.version, db.session.query(Draft).count()) == (version, 0)


# --- autosave ---------------------------------------------------------------------------------------------------------


def test_what_is_typed_comes_back(browser, expert):
    offer = an_accepted_offer(expert)
    answer = browser.post(f"/questions/{offer.id}/autosave", data=_text(offer, "La fib", own_knowledge="y"))
    assert answer.status_code == 200
    assert "saved_at" in answer.json
    page = browser.get(f"/questions/{offer.id}").text
    assert "La fib</textarea>" in page.replace("\r", "").replace("\n", "")
    assert db.session.query(Draft).count() == 0


def test_two_tabs_never_overwrite_each_other(browser, expert):
    offer = an_accepted_offer(expert)
    assert browser.post(f"/questions/{offer.id}/autosave", data=_text(offer, "un", page="a")).status_code == 200
    refused = browser.post(f"/questions/{offer.id}/autosave", data=_text(offer, "deux", page="b"))
    assert refused.status_code == 409
    assert refused.json["message"]
    assert writing.scratch_of(offer.ticket, expert).fields["body"] == "un"
    reopened = browser.get(f"/questions/{offer.id}")
    data = _text(offer, "un, puis deux", page="c", seen=_hidden(reopened, "seen"))
    assert browser.post(f"/questions/{offer.id}/autosave", data=data).status_code == 200


def test_typing_upon_an_older_version_is_refused(browser, expert):
    offer = an_accepted_offer(expert)
    data = _text(offer, "vieux")
    a_draft(offer)
    refused = browser.post(f"/questions/{offer.id}/autosave", data=data)
    assert refused.status_code == 409


def test_autosave_after_the_question_left_keeps_quiet_and_says_so(browser, expert):
    offer = an_accepted_offer(expert)
    data = _text(offer)
    with transaction():
        offering.withdraw(offer, by=a_manager(), reason="fini")
    assert browser.post(f"/questions/{offer.id}/autosave", data=data).status_code == 409


# --- my profile -------------------------------------------------------------------------------------------------------


def test_an_absence_is_declared_in_one_press_and_ended_in_one(browser, expert):
    eve = an_expert(handle="eve", name="Ève Petit")
    page = browser.post("/questions/me/absences", data={"quick": "today", "delegate": "eve"})
    assert page.status_code == 303
    absence = expert.absence_at(clock.now())
    assert absence.delegate is eve
    assert "Ève Petit" in browser.get("/questions/me").text
    for _click in range(2):
        assert browser.post(f"/questions/me/absences/{absence.id}/end").status_code == 303
    assert expert.absence_at(clock.now()) is None


def test_days_are_whole_days_where_the_organisation_is(browser, expert):
    data = {"first_day": "2030-03-30", "last_day": "2030-03-31", "delegate": ""}
    assert browser.post("/questions/me/absences", data=data).status_code == 303
    (absence,) = expert.absences
    assert absence.starts_at.isoformat() == "2030-03-29T23:00:00+00:00"
    assert absence.ends_at.isoformat() == "2030-03-31T22:00:00+00:00"  # summer time began that night


@pytest.mark.parametrize(
    "data", [{}, {"first_day": "2030-02-30", "last_day": "x"}, {"first_day": "2030-03-02", "last_day": "2030-02-01"}]
)
def test_impossible_days_are_said_beside_their_field(browser, expert, data):
    page = browser.post("/questions/me/absences", data=data)
    assert page.status_code == 422
    assert expert.absences == []


def test_nobody_ends_somebody_elses_absence(browser, expert):
    bob = an_expert(handle="bob")
    now = clock.now()
    with transaction():
        absence = declare_absence(bob, now, now + timedelta(days=1), by=bob)
    assert browser.post(f"/questions/me/absences/{absence.id}/end").status_code == 404
    assert bob.absence_at(clock.now()) is not None

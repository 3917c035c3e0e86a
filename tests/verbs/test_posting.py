"""Posting: only what was approved, unaltered, in force, where it was asked; and what was posted is compared."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text

from builders.answers import (
    a_submitted_draft,
    an_approved_ticket,
    an_approver,
    an_official_answer,
    at,
    in_days,
)
from builders.offers import a_manager, a_question, an_expert, kinds
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import SYSTEM
from helpdesk.accounts.organisation import change_setting
from helpdesk.answers.approving import approve, eligible_approvers, return_draft, submitted_draft
from helpdesk.answers.models import AnswerVersion, OfficialAnswer
from helpdesk.answers.reusing import reuse, usable
from helpdesk.answers.withdrawing import withdraw_answer
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, Conflict, NotAllowed, NotFound
from helpdesk.publishing.guard import NotApproved
from helpdesk.publishing.models import Publication, PublicationState, Verdict
from helpdesk.publishing.permalinks import problem_of
from helpdesk.publishing.posting import publish, publishable, send_back, text_for
from helpdesk.routing.models import Offer, OfferState
from helpdesk.tickets.models import Event, Ticket
from helpdesk.tickets.workflow import Kind, State
from people import a_channel, a_department, a_person

pytestmark = pytest.mark.usefixtures("app")

POST = "https://forum.example.org/t/fibre/42/3"


def a_forum() -> object:
    return a_channel("discourse", "discourse", account="https://forum.example.org")


def last_event(ticket: Ticket) -> Event:
    return db.session.scalar(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.sequence.desc()).limit(1))


def behind_the_back(sql: str, **values: object) -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text(sql), values)
    db.session.expire_all()


def refusal_of(ticket: Ticket, **given: object) -> str:
    """The code with which publishing is refused; nothing was posted."""
    with pytest.raises(NotAllowed) as refused, transaction():
        publish(ticket, by=a_manager_once(), **given)
    assert db.session.query(Publication).count() == 0
    return refused.value.code


def a_manager_once():
    from helpdesk.accounts.models import Person

    return db.session.scalar(select(Person).where(Person.handle == "the-manager")) or a_manager(handle="the-manager")


# --- posting ----------------------------------------------------------------------------------------------------------


def test_on_the_form_the_answer_appears_on_the_askers_own_page():
    manager, ticket = a_manager(), an_approved_ticket()
    with transaction():
        publication = publish(ticket, by=manager, version=ticket.version)
    assert ticket.state is State.ANSWERED
    assert ticket.holder is None
    assert (publication.mode, publication.url, publication.verdict) == ("own_page", None, Verdict.EQUAL)
    assert publication.state is PublicationState.POSTED
    event = last_event(ticket)
    assert event.facts["version_id"] == publication.version_id
    assert event.facts["digest"] == publication.approved_digest == publication.posted_digest
    assert db.session.query(Offer).one().state is OfferState.DONE


def test_in_public_the_permalink_is_needed_and_kept():
    manager, ticket = a_manager(), an_approved_ticket(channel=a_forum())
    with pytest.raises(BadInput) as refused, transaction():
        publish(ticket, by=manager)
    assert refused.value.problems[0].code == "missing_permalink"
    with transaction():
        publication = publish(ticket, by=manager, url=f" {POST}?utm_source=x ")
    assert publication.url == f"{POST}?utm_source=x"
    assert publication.link == POST
    assert (publication.mode, publication.verdict, publication.posted_digest) == ("manual", Verdict.UNSEEN, None)


@pytest.mark.parametrize(
    ("posted", "verdict"),
    [
        ("La fibre arrive en juin.", Verdict.EQUAL),
        ("La  fibre\narrive en *juin*.", Verdict.FORM),
        ("La fibre arrive en juillet.", Verdict.DIFFERENT),
    ],
)
def test_what_was_posted_is_compared_with_what_was_approved(posted, verdict):
    manager, ticket = a_manager(), an_approved_ticket("La fibre arrive en **juin**.", channel=a_forum())
    with transaction():
        publication = publish(ticket, by=manager, url=POST, posted_text=posted)
    assert publication.verdict is verdict
    assert publication.posted_text == posted
    assert last_event(ticket).facts["verdict"] == verdict
    if verdict is Verdict.DIFFERENT:
        assert {"kind": "added", "text": "juillet"} in publication.differences


def test_the_signature_stands_under_the_text_and_may_be_left_out():
    with transaction():
        change_setting("signature", "— L’équipe Océliane", by=SYSTEM)
    manager, ticket = a_manager(), an_approved_ticket("Oui, en juin.", channel=a_forum())
    assert text_for(ticket, ticket.channel).text == "Oui, en juin.\n\n— L’équipe Océliane"
    with transaction():
        publication = publish(ticket, by=manager, url=POST, posted_text="Oui, en juin.")
    assert publication.verdict is Verdict.EQUAL


def test_the_variant_that_fits_is_used_and_nothing_is_cut():
    x = a_channel("x", "x")
    ticket = an_approved_ticket("Une longue réponse. " * 30, short="En juin.", channel=x)
    variant = text_for(ticket, x)
    assert (variant.which, variant.text, variant.length.limit) == ("short", "En juin.", 280)
    with pytest.raises(BadInput), transaction():
        publish(ticket, by=a_manager(), url="https://x.com/a/status/1", variant="body")
    with transaction():
        assert publish(ticket, by=a_manager_once(), url="https://x.com/a/status/1").variant == "short"


def test_a_second_click_posts_once_and_somebody_else_hears_of_it():
    manager, other, ticket = a_manager(), a_manager(), an_approved_ticket(channel=a_forum())
    seen = ticket.version
    for _click in range(2):
        with transaction():
            publish(ticket, by=manager, url=POST, version=seen)
    assert db.session.query(Publication).count() == 1
    assert kinds(ticket).count("published") == 1
    with pytest.raises(Conflict) as conflict, transaction():
        publish(ticket, by=other, url=POST, version=seen)
    assert conflict.value.what_changed["kind"] == "published"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://elsewhere.example.com/1", "other_site"),
        ("https://forum.example.org.evil.example/1", "other_site"),
        ("javascript:alert(1)", "bad_link"),
        ("forum.example.org/t/1", "bad_link"),
        ("https://user:secret@forum.example.org/t/1", "bad_link"),
        ("https://forum.example.org/" + "é" * 1_900, "bad_link"),
    ],
)
def test_a_link_to_something_else_is_refused(url, code):
    manager, ticket = a_manager(), an_approved_ticket(channel=a_forum())
    with pytest.raises(BadInput) as refused, transaction():
        publish(ticket, by=manager, url=url)
    assert refused.value.problems[0].code == code
    assert ticket.state is State.READY


def test_a_link_stands_for_one_post_only():
    manager, first = a_manager(), an_approved_ticket(channel=a_forum())
    second = an_approved_ticket(channel=a_forum())
    with transaction():
        publish(first, by=manager, url=POST)
    with pytest.raises(BadInput) as refused, transaction():
        publish(second, by=manager, url=f"{POST}/?utm_campaign=y")
    problem = refused.value.problems[0]
    assert (problem.code, problem.params) == ("already_posted", {"ref": first.ref})


@pytest.mark.parametrize(
    ("url", "given", "problem"),
    [
        ("https://twitter.com/a/status/1", {"kind": "x"}, None),
        ("https://mobile.x.com/a/status/1", {"kind": "x"}, None),
        ("https://facebook.com/a/1", {"kind": "x"}, "other_site"),
        ("https://social.example/@a/1", {"kind": "mastodon", "account": "@us@social.example"}, None),
        ("https://other.example/@a/1", {"kind": "mastodon", "account": "@us@social.example"}, "other_site"),
        ("https://other.example/@a/1", {"kind": "mastodon", "question_urls": ["https://other.example/@b/0"]}, None),
        ("https://anything.example/1", {"kind": "manual", "account": "une page"}, None),
        ("https://notx.com/1", {"kind": "x"}, "other_site"),
    ],
)
def test_the_right_site(url, given, problem):
    assert problem_of(url, **given) == problem


def test_only_where_it_was_asked_and_only_on_an_open_channel():
    manager, ticket = a_manager(), an_approved_ticket(channel=a_forum())
    other = a_channel("x", "x")
    with pytest.raises(BadInput) as refused, transaction():
        publish(ticket, by=manager, channel=other, url="https://x.com/a/status/1")
    assert refused.value.problems[0].code == "not_asked_there"
    with transaction():
        ticket.channel.active = False
    with pytest.raises(BadInput) as refused, transaction():
        publish(ticket, by=manager, url=POST)
    assert refused.value.problems[0].code == "unknown_channel"


@pytest.mark.parametrize("role", [Role.EXPERT, Role.APPROVER, Role.HEAD, Role.COMMITTEE, Role.ADMINISTRATOR])
def test_only_a_community_manager_posts(role):
    ticket = an_approved_ticket()
    with pytest.raises((NotAllowed, NotFound)), transaction():
        publish(ticket, by=a_person(role, department=a_department()))
    assert db.session.query(Publication).count() == 0


def test_what_is_not_approved_is_not_posted():
    manager = a_manager()
    for ticket in (a_question(), a_submitted_draft().ticket):
        with pytest.raises(Conflict), transaction():
            publish(ticket, by=manager)
        assert publishable(ticket, now=clock.now()).refusal == "not_ready"


# --- what may no longer be posted -------------------------------------------------------------------------------------


def test_a_text_that_expires_while_it_waits_goes_back_to_validation(monkeypatch):
    """Scenario 4: approved on 31 March at 18:00 in Paris, and somebody clicks after midnight there."""
    at(monkeypatch, datetime(2026, 3, 31, 16, 0, tzinfo=UTC))
    approver = an_approver()
    manager, ticket = a_manager(), an_approved_ticket(by=approver, review_by=date(2026, 3, 31))
    at(monkeypatch, datetime(2026, 3, 31, 21, 59, tzinfo=UTC))
    assert publishable(ticket, now=clock.now()).refusal is None
    at(monkeypatch, datetime(2026, 3, 31, 22, 0, tzinfo=UTC))  # 1 April, 00:00 in Paris
    with pytest.raises(NotAllowed) as refused, transaction():
        publish(ticket, by=manager, version=ticket.version)
    assert refused.value.code == "publish_expired"
    assert ticket.state is State.VALIDATING
    event = last_event(ticket)
    assert (event.kind, event.facts["reason"], event.actor_id) == (Kind.REVERTED, "expired", manager.id)
    draft = submitted_draft(ticket)
    with pytest.raises(BadInput), transaction():
        approve(ticket, draft.revision, by=approver)
    with transaction():
        return_draft(ticket, draft.revision, by=approver, comment="La date a passé.")
    assert ticket.holder_id == draft.author_id


def test_an_answer_reused_and_expired_since_goes_back_with_its_text(monkeypatch):
    """Scenario 4 with oa-018: the text of the official answer is what the approvers find."""
    at(monkeypatch, datetime(2026, 3, 31, 16, 0, tzinfo=UTC))
    author = an_expert()
    answer = an_official_answer("PRINTEMPS26.", author=author, review_by=date(2026, 3, 31))
    manager, ticket = a_manager(), a_question()
    with transaction():
        reuse(ticket, answer, by=manager)
    at(monkeypatch, datetime(2026, 4, 1, 7, 0, tzinfo=UTC))
    with pytest.raises(NotAllowed), transaction():
        publish(ticket, by=manager)
    draft = submitted_draft(ticket)
    assert ticket.state is State.VALIDATING
    assert draft.body == "PRINTEMPS26."
    assert draft.author_id == author.id
    assert last_event(ticket).facts["draft_id"] == draft.id
    assert author not in eligible_approvers(ticket)
    assert eligible_approvers(ticket)
    with transaction():
        return_draft(ticket, draft.revision, by=eligible_approvers(ticket)[0], comment="Offre terminée.")
    assert ticket.state is State.ANSWERING


def test_sending_back_by_hand_is_for_what_may_not_be_posted(monkeypatch):
    manager, ticket = a_manager(), an_approved_ticket(review_by=in_days(1))
    with pytest.raises(Conflict), transaction():
        send_back(ticket, by=manager)
    at(monkeypatch, clock.now().replace(year=clock.now().year + 1))
    with transaction():
        send_back(ticket, by=manager)
    assert ticket.state is State.VALIDATING


def test_a_withdrawn_answer_is_not_posted_even_if_the_row_says_otherwise():
    ticket, approver = an_approved_ticket(), an_approver()
    answer = db.session.query(OfficialAnswer).one()
    with transaction():
        withdraw_answer(answer, by=approver, reason="Montant faux.")
    behind_the_back("UPDATE official_answer SET status = 'in_force', withdrawn_at = NULL")
    assert refusal_of(ticket) == "publish_withdrawn"
    assert ticket.state is State.VALIDATING


ALTERATIONS = {
    "answer_version": ["title", "body", "html", "plain", "short", "sources", "text_sha256", "hash"],
    "official_answer": ["kind:edl", "visibility:internal", "language:en"],
}


@pytest.mark.parametrize(
    ("table", "change"), [(table, change) for table, changes in ALTERATIONS.items() for change in changes]
)
def test_a_text_altered_after_approval_is_not_posted(table, change):
    ticket = an_approved_ticket()
    column, _colon, value = change.partition(":")
    behind_the_back(f"UPDATE {table} SET {column} = :value", value=value or "autre")
    assert refusal_of(ticket) == "publish_altered"
    assert ticket.state is State.VALIDATING
    assert last_event(ticket).facts["reason"] == "altered"


def test_a_forged_seal_does_not_match_the_one_in_the_log():
    from helpdesk.answers.ledger import text_sha256, version_hash

    ticket = an_approved_ticket()
    version = db.session.query(AnswerVersion).one()
    version_id, short = version.id, version.short
    behind_the_back(
        "UPDATE answer_version SET body = 'Faux.', plain = 'Faux.', html = '<p>Faux.</p>', text_sha256 = :digest",
        digest=text_sha256("Faux.", short),
    )
    version = db.session.get(AnswerVersion, version_id)
    forged = version_hash(version, version.official_answer)
    behind_the_back("UPDATE answer_version SET hash = :hash", hash=forged)
    assert refusal_of(ticket) == "publish_altered"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE event SET facts = REPLACE(CAST(facts AS TEXT), 'digest', 'digesu') WHERE kind = 'approved'",
        "UPDATE event SET actor_id = NULL WHERE kind = 'approved'",
        "DELETE FROM event WHERE kind = 'approved'",
        "UPDATE event SET hash = '0' WHERE sequence = 2",
        "UPDATE ticket SET last_hash = '0'",
    ],
)
def test_a_broken_log_posts_nothing(sql):
    if db.engine.dialect.name == "postgresql":
        sql = sql.replace("REPLACE(CAST(facts AS TEXT), 'digest', 'digesu')", "'{}'")
    ticket = an_approved_ticket()
    behind_the_back(sql)
    assert refusal_of(ticket) == "publish_log_broken"


def test_a_ticket_made_ready_by_hand_has_nothing_to_post():
    ticket = a_submitted_draft().ticket
    behind_the_back("UPDATE ticket SET state = 'ready', queue = 'publish'")
    assert refusal_of(ticket) == "publish_log_broken"


def test_an_approval_by_an_author_that_slipped_in_is_not_posted():
    """Were the rule broken elsewhere, the desk would still refuse."""
    ticket = an_approved_ticket()
    approver = db.session.query(AnswerVersion).one().approver_ids[0]
    behind_the_back("UPDATE draft SET author_id = :person", person=approver)
    assert refusal_of(ticket) == "publish_approved_by_author"


def test_a_newer_version_of_a_reused_answer_takes_the_place_of_the_older():
    answer = an_official_answer("Ancien.", code="oa-x")
    manager, ticket = a_manager(), a_question()
    with transaction():
        reuse(ticket, answer, by=manager)
    an_official_answer("Nouveau.", code="oa-x", department=answer.department)
    with pytest.raises(NotAllowed) as refused, transaction():
        publish(ticket, by=manager)
    assert refused.value.code == "publish_superseded"


# --- reuse ------------------------------------------------------------------------------------------------------------


def test_reuse_disturbs_nobody_and_needs_no_second_approval():
    answer = an_official_answer()
    manager, ticket = a_manager(), a_question()
    with transaction():
        reuse(ticket, answer, by=manager, version=ticket.version)
    assert ticket.state is State.READY
    assert answer.uses == 1
    assert kinds(ticket) == ["received", "reused"]
    with transaction():
        publication = publish(ticket, by=manager)
    assert publication.version_id == answer.current.id
    assert ticket.state is State.ANSWERED
    assert db.session.query(Offer).count() == 0


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"review_by": date(2020, 1, 1)}, "expired"),
        ({"withdrawn": True}, "withdrawn"),
        ({"kind": "edl", "visibility": "internal"}, "internal"),
        ({"kind": "edl"}, "internal"),
        ({"visibility": "internal"}, "internal"),
        ({"kind": "holding", "variables": ["zone"]}, "holding_needs_variables"),
        ({"kind": "holding"}, "holding_needs_variables"),
        ({"language": "en"}, "other_language"),
        ({"body": "Très long. " * 60}, "too_long"),
        ({"body": "Très long. " * 60, "short": "Court."}, None),
        ({"review_by": None}, None),
        ({}, None),
    ],
)
def test_what_may_be_reused(fields, code):
    answer = an_official_answer(**fields)
    mastodon = a_channel("mastodon", "mastodon", account="@us@social.example")
    today = clock.now().date()
    assert usable(answer, today=today, language="fr", channel=mastodon) == code
    ticket = a_question(channel=mastodon)
    with transaction():
        ticket.language = "fr"
    if code is None:
        with transaction():
            reuse(ticket, answer, by=a_manager_once())
        return
    manager = a_manager()
    with pytest.raises(NotAllowed) as refused, transaction():
        reuse(ticket, answer, by=manager)
    assert refused.value.code == f"answer_{code}"
    assert ticket.state is State.RECEIVED


def test_the_last_day_still_counts_where_the_organisation_is():
    answer = an_official_answer(review_by=date(2026, 3, 31))
    assert usable(answer, today=date(2026, 3, 31), language=None, channel=None) is None
    assert usable(answer, today=date(2026, 4, 1), language=None, channel=None) == "expired"


def test_an_altered_official_answer_is_not_reused():
    answer, manager, ticket = an_official_answer(), a_manager(), a_question()
    behind_the_back("UPDATE answer_version SET plain = 'autre'")
    with pytest.raises(NotAllowed) as refused, transaction():
        reuse(ticket, answer, by=manager)
    assert refused.value.code == "answer_altered"


# --- withdrawing ------------------------------------------------------------------------------------------------------


def test_withdrawing_needs_a_reason_and_the_right():
    answer, approver = an_official_answer(), an_approver(department=a_department("MOB"))
    for person in (a_manager(), an_expert()):
        with pytest.raises(NotAllowed), transaction():
            withdraw_answer(answer, by=person, reason="Faux.")
    with pytest.raises(BadInput), transaction():
        withdraw_answer(answer, by=approver, reason="  ")
    with transaction():
        withdraw_answer(answer, by=approver, reason="Montant faux.")
    assert usable(answer, today=clock.now().date(), language=None, channel=None) == "withdrawn"


# --- the last door ----------------------------------------------------------------------------------------------------


def a_publication(ticket: Ticket, version: AnswerVersion) -> Publication:
    return Publication(
        ticket_id=ticket.id, question_id=ticket.question.id, channel_id=ticket.channel_id, version_id=version.id,
        variant="body", mode="own_page", state=PublicationState.POSTED, approved_digest="0" * 64, posted_at=clock.now(),
        verdict=Verdict.EQUAL,
    )  # fmt: skip


def test_no_code_at_all_records_as_posted_what_the_log_does_not_approve():
    answer, ticket = an_official_answer(), a_question()
    with pytest.raises(NotApproved), transaction() as session:
        session.add(a_publication(ticket, answer.current))
    assert db.session.query(Publication).count() == 0


def test_no_code_at_all_records_as_posted_what_was_altered():
    ticket = an_approved_ticket()
    behind_the_back("UPDATE answer_version SET html = 'autre'")
    version = db.session.query(AnswerVersion).one()
    with pytest.raises(NotApproved), transaction() as session:
        session.add(a_publication(ticket, version))


def test_no_code_at_all_posts_for_a_ticket_whose_text_went_back(monkeypatch):
    manager, ticket = a_manager(), an_approved_ticket(review_by=in_days(1))
    at(monkeypatch, clock.now().replace(year=clock.now().year + 1))
    with transaction():
        send_back(ticket, by=manager)
    version = db.session.query(AnswerVersion).one()
    with pytest.raises(NotApproved), transaction() as session:
        session.add(a_publication(ticket, version))


def test_a_publication_is_never_changed():
    manager, ticket = a_manager(), an_approved_ticket()
    with transaction():
        publication = publish(ticket, by=manager)
    with pytest.raises(ValueError, match="never changed"), transaction():
        publication.posted_text = "autre"

"""Taking questions in: once each, masked, sealed, and whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, inspect, select

from helpdesk import clock, outbox
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import ASKER, SYSTEM, Person
from helpdesk.consequences import LATER
from helpdesk.db import Base, db, transaction
from helpdesk.errors import BadInput, NotAllowed
from helpdesk.intake.askers import pseudonym
from helpdesk.intake.cleaning import Submission, clean
from helpdesk.intake.excerpts import excerpt
from helpdesk.intake.receiving import Received, paste, receive
from helpdesk.intake.references import next_reference
from helpdesk.intake.status_links import status_token, ticket_of_status_token
from helpdesk.outbox import Lane, OutboxRow
from helpdesk.tickets.events import event_hash, fold
from helpdesk.tickets.models import Asker, AskerIdentity, Event, IndexChange, Question, QueueCount, Ticket
from helpdesk.tickets.workflow import Kind, Queue, State
from people import a_channel, a_person

SECRETS = (
    "06 12 34 56 78",
    "jeanne@exemple.fr",
    "FR76 3000 6000 0112 3456 7890 189",
    "4242 4242 4242 4242",
    "AB-123456",
)
PERSONAL = (
    f"Bonjour, rappelez-moi au {SECRETS[0]} ou écrivez à {SECRETS[1]}. Mon IBAN est {SECRETS[2]}, ma carte "
    f"{SECRETS[3]} et mon numéro client {SECRETS[4]}. Merci !"
)
LINK = "https://social.example/@jeanne/1234"


def a_submission(text: str = "Quand la fibre arrive-t-elle chez nous ?", **fields: Any) -> Submission:
    return clean(**({"text": text, "channel": "web", "now": clock.now()} | fields))


def received(submission: Submission, by: Any = ASKER, origin: str = "form") -> Received:
    with transaction():
        return receive(submission, by=by, origin=origin)


def count(model: type[Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture(autouse=True)
def web(app: Flask) -> None:
    a_channel()


def test_a_question_opens_a_ticket_with_its_event_and_consequences(app: Flask) -> None:
    taken = received(a_submission())
    ticket, question = taken.ticket, taken.question
    assert taken.is_new
    assert ticket.ref == taken.ref == f"R-{clock.now().year}-000001"
    assert (ticket.state, ticket.queue, ticket.version) == (State.RECEIVED, Queue.TRIAGE, 1)
    assert (ticket.priority, ticket.class_, ticket.language) == ("P3", None, "fr")
    assert question.text == question.original.text == "Quand la fibre arrive-t-elle chez nous ?"
    [happened] = ticket.events
    assert happened.kind is Kind.RECEIVED
    assert happened.role == "asker"
    assert happened.facts["question_id"] == question.id
    assert happened.facts["digest"] == question.digest
    jobs = db.session.scalars(select(OutboxRow)).all()
    assert [(row.lane, row.job) for row in jobs] == [(Lane.ROUTING, "workers.routing.suggest")], "nobody to write to"
    assert all(row.payload == {"event_id": happened.id} for row in jobs)
    [change] = db.session.scalars(select(IndexChange)).all()
    assert (change.kind, change.entity_id) == ("ticket", ticket.id)


def test_who_left_an_address_or_a_name_is_followed_by_a_letter_job_too(app: Flask) -> None:
    received(a_submission(author={"email": "a@example.org"}))
    jobs = db.session.scalars(select(OutboxRow)).all()
    assert [(row.lane, row.job) for row in jobs] == list(LATER[Kind.RECEIVED])


def test_what_follows_from_questions_loaded_in_bulk_waits_in_a_lane_of_its_own(app: Flask) -> None:
    received(a_submission(author={"email": "a@example.org"}), by=SYSTEM, origin="load")
    jobs = db.session.scalars(select(OutboxRow)).all()
    assert [(row.lane, row.job) for row in jobs] == [(Lane.BULK, job) for _lane, job in LATER[Kind.RECEIVED]]


def test_the_first_event_is_sealed_and_counted_like_every_other(app: Flask) -> None:
    first, second = received(a_submission()).ticket, received(a_submission("Et la télé ?")).ticket
    for ticket in (first, second):
        assert fold(ticket.events) is ticket.state
        assert ticket.last_hash == ticket.events[0].hash == event_hash(ticket.events[0])
        assert (ticket.counted_queue, ticket.counted_department_id) == (Queue.TRIAGE, 0)
    assert db.session.get_one(QueueCount, (Queue.TRIAGE, 0)).count == 2


def test_every_column_of_a_new_ticket_has_its_default(app: Flask) -> None:
    ticket = received(a_submission()).ticket
    needed = [column.key for column in inspect(Ticket).columns if not column.nullable]
    assert [name for name in needed if getattr(ticket, {"class": "class_"}.get(name, name)) is None] == []


def test_the_same_message_twice_is_one_ticket(app: Flask) -> None:
    first = received(a_submission(external_id="m-1"))
    again = received(a_submission("something else entirely", external_id="m-1"))
    assert not again.is_new
    assert (again.ref, again.question_id) == (first.ref, first.question_id)
    assert count(Ticket) == count(Question) == count(Event) == 1
    assert received(a_submission(external_id="m-2")).is_new
    assert received(a_submission(channel=a_channel("forum", "discourse").code, external_id="m-1")).is_new


def test_two_at_once_are_one_ticket(app: Flask) -> None:
    """Both wait at the same line, then write: one opens the ticket, the other is given it."""
    both, results, faults = threading.Barrier(2), [], []

    def send() -> None:
        try:
            with app.app_context():
                submission = a_submission(external_id="race")
                both.wait(10)
                with transaction():
                    results.append(receive(submission, by=ASKER, origin="api"))
                db.session.remove()
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            faults.append(error)

    for _round in range(5):
        results.clear()
        with transaction() as session:
            for question in session.scalars(select(Question)):
                question.external_id = None
        threads = [threading.Thread(target=send) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert faults == []
        assert sorted(result.is_new for result in results) == [False, True]
        assert len({result.ref for result in results}) == 1
    assert count(Ticket) == 5
    assert sorted(db.session.scalars(select(Ticket.ref))) == [f"R-{clock.now().year}-{n:06d}" for n in range(1, 6)]


def after_a_slower_one(app: Flask, slower: Callable[[], Received], quicker: Callable[[], Received]) -> list[Any]:
    """What each came to when the second begins while the first has written and not yet committed."""
    written, results, blocked = threading.Event(), [], []

    def second() -> None:
        with app.app_context():
            written.wait(10)
            try:
                with transaction():
                    results.append(quicker())
            except BadInput as refusal:
                results.append(refusal.problems[0])
            db.session.remove()

    other = threading.Thread(target=second)
    other.start()
    with transaction():
        results.append(slower())
        written.set()
        other.join(0.3)
        blocked.append(other.is_alive())
    other.join(30)
    assert blocked == [True], "the second must wait: what it looks up may change until the first has committed"
    return results


def test_who_comes_second_waits_and_is_given_the_ticket_of_the_first(app: Flask) -> None:
    def take_in() -> Received:
        return receive(a_submission(external_id="race"), by=ASKER, origin="api")

    first, second = after_a_slower_one(app, take_in, take_in)
    assert (second.ref, second.is_new) == (first.ref, False)
    assert count(Ticket) == count(Event) == 1
    assert count(OutboxRow) == 1
    with transaction():
        assert next_reference(clock.now()).endswith("-000002"), "no number is lost"


def test_personal_data_is_nowhere_but_in_the_original(app: Flask) -> None:
    taken = received(a_submission(PERSONAL, subject=f"Rappel au {SECRETS[0]}"))
    assert taken.ticket.personal_data
    assert taken.question.original.text == PERSONAL
    elsewhere = []
    for table in Base.metadata.sorted_tables:
        if table.name != "question_original":
            elsewhere += [str(row) for row in db.session.execute(table.select())]
    assert [secret for secret in SECRETS if any(secret in row for row in elsewhere)] == []
    assert taken.question.subject == "Rappel au ⟦phone⟧"
    assert "⟦email⟧" in taken.question.text


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦🇫🇷 ça marche ? 🙏🏽",
        "متى تصل الألياف إلى قريتنا؟ \u202eabc\u202c",
        "<script>alert(1)</script> & 'quotes' \"; DROP TABLE ticket; --",
        "a" * 20_000,
        "é" * 20_000,
        "ligne\r\nligne\n\n\ttabulation\u00a0",
    ],
)
def test_any_text_is_kept_verbatim(app: Flask, text: str) -> None:
    taken = received(a_submission(text))
    db.session.expire_all()
    assert taken.question.original.text == text
    assert len(taken.ticket.excerpt) <= 300


def test_the_excerpt_is_one_short_line_that_cuts_no_word_and_no_mark() -> None:
    assert excerpt("un\n deux   trois") == "un deux trois"
    assert excerpt("mot " * 100) == ("mot " * 40).strip() + "…"
    assert excerpt("corps", "objet") == "objet · corps"
    for before in range(140, 165):
        cut = excerpt("x" * before + "⟦phone⟧" + "y" * 50)
        assert cut.count("⟦") == cut.count("⟧")
        assert len(cut) <= 161
    assert excerpt("👩‍👩‍👧‍👦" * 100) == "👩‍👩‍👧‍👦" * 22 + "…"


def test_the_asker_is_a_pseudonym_and_the_identity_stands_apart(app: Flask) -> None:
    author = {"handle": "@Jeanne", "email": "Jeanne@exemple.fr"}
    first = received(a_submission(author=author))
    second = received(a_submission("Et la télé ?", author={"handle": "jeanne", "name": "Jeanne"}))
    assert first.question.asker_id == second.question.asker_id
    assert count(Asker) == 1
    [identity] = db.session.scalars(select(AskerIdentity)).all()
    assert (identity.handle, identity.name, identity.email) == ("jeanne", "Jeanne", "Jeanne@exemple.fr")
    asker = first.question.asker
    assert "jeanne" not in asker.pseudonym.lower()
    assert len(asker.pseudonym) == 64
    assert received(a_submission("Sans nom")).question.asker_id is None


def test_pseudonyms_tell_accounts_and_channels_apart() -> None:
    same = pseudonym("mastodon", "@Bob", None)
    assert pseudonym("mastodon", "bob", "b@example.org") == same
    assert len({same, pseudonym("x", "bob", None), pseudonym("x", "bobby", None), pseudonym("x", None, "bob")}) == 4
    assert pseudonym("web", None, None) is None


def test_the_asker_is_written_to_in_the_language_of_the_form(app: Flask) -> None:
    with transaction():
        submission = a_submission("???", author={"email": "a@example.org"})
        taken = receive(submission, by=ASKER, origin="form", asker_language="en")
    assert taken.question.asker.language == "en"


def test_who_was_erased_and_writes_again_gives_their_data_again(app: Flask) -> None:
    asker = received(a_submission(author={"email": "a@example.org"})).question.asker
    with transaction():
        asker.identity, asker.erased_at = None, clock.now()
    received(a_submission("Encore", author={"email": "A@example.org"}))
    db.session.expire_all()
    assert asker.identity.email == "A@example.org"
    assert asker.erased_at is None


def test_the_time_of_the_post_is_kept_apart_from_the_time_of_arrival(app: Flask) -> None:
    taken = received(a_submission(posted_at="2024-02-03T10:00:00+01:00"))
    assert taken.question.posted_at == datetime(2024, 2, 3, 9, tzinfo=UTC)
    assert taken.question.received_at == taken.ticket.opened_at > taken.question.posted_at


@pytest.mark.parametrize("state", [{"active": False}, {"accepts": False}])
def test_a_closed_or_unknown_channel_takes_nothing(app: Flask, state: dict[str, bool]) -> None:
    a_channel("shut", **state)
    for channel in ("shut", "nowhere"):
        with pytest.raises(BadInput) as refusal:
            received(a_submission(channel=channel))
        assert refusal.value.problems[0].code == "unknown_channel"
    assert count(Ticket) == 0


def test_an_expert_may_neither_paste_nor_take_in(app: Flask) -> None:
    expert = a_person(Role.EXPERT)
    with pytest.raises(NotAllowed):
        received(a_submission(), by=expert, origin="api")
    with pytest.raises(NotAllowed), transaction():
        paste(a_submission(url=LINK), by=expert)
    assert count(Ticket) == 0


def test_a_pasted_post_says_who_pasted_it(app: Flask) -> None:
    manager = a_person(Role.COMMUNITY_MANAGER)
    with transaction():
        taken = paste(a_submission(url=LINK), by=manager)
    assert taken.question.entered_by_id == manager.id
    assert taken.question.pasted_link == taken.question.link
    [happened] = taken.ticket.events
    assert (happened.actor_id, happened.role, happened.facts["origin"]) == (manager.id, "cm", "paste")


def test_the_same_link_pasted_again_points_to_the_ticket(app: Flask) -> None:
    manager = a_person(Role.COMMUNITY_MANAGER)
    first = received(a_submission(url=LINK), by=SYSTEM, origin="api")
    with pytest.raises(BadInput) as refusal, transaction():
        paste(a_submission("other words", url=LINK.replace("social", "www.social") + "?utm_source=x"), by=manager)
    [problem] = refusal.value.problems
    assert (problem.field, problem.code, problem.params) == ("url", "already_received", {"ref": first.ref})
    assert count(Ticket) == 1


def test_the_pointer_does_not_name_a_ticket_one_may_not_see(app: Flask) -> None:
    manager = a_person(Role.COMMUNITY_MANAGER)
    first = received(a_submission(url=LINK), by=SYSTEM, origin="api")
    with transaction():
        first.ticket.restricted = True
    with pytest.raises(BadInput) as refusal, transaction():
        paste(a_submission(url=LINK), by=manager)
    assert refusal.value.problems[0].code == "already_received_elsewhere"
    assert not refusal.value.problems[0].params


def test_who_pastes_the_same_link_second_waits_and_is_pointed_to_the_first(app: Flask) -> None:
    name = a_person(Role.COMMUNITY_MANAGER).id

    def paste_it() -> Received:
        return paste(a_submission(url=LINK), by=db.session.get_one(Person, name))

    first, problem = after_a_slower_one(app, paste_it, paste_it)
    assert (problem.code, problem.params) == ("already_received", {"ref": first.ref})
    assert count(Ticket) == 1


def test_a_status_link_leads_to_its_ticket_and_cannot_be_made_up(app: Flask) -> None:
    ticket, other = received(a_submission()).ticket, received(a_submission("Autre")).ticket
    token = status_token(ticket, "k" * 40)
    assert ticket_of_status_token(token, "k" * 40) is ticket
    assert ticket.public_id in token
    assert ticket.ref not in token
    forged = [
        status_token(ticket, "j" * 40),
        ticket.public_id,
        ticket.public_id + status_token(other, "k" * 40)[16:],
        token[:-1],
        token + "a",
        "",
        "é" * 38,
        "\ud800" * 38,
    ]
    assert [ticket_of_status_token(text, "k" * 40) for text in forged] == [None] * len(forged)


def test_one_question_costs_few_statements(app: Flask) -> None:
    received(a_submission(external_id="warm"))
    submission, seen = a_submission("Une autre", external_id="cold"), []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        received(submission, origin="api")
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    assert len(seen) <= 13, "\n".join(seen)


def test_a_question_is_taken_in_while_redis_is_away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_redis", outbox.Redis.from_url("unix:///nowhere/redis.sock"))
    assert received(a_submission()).is_new
    assert count(OutboxRow) == 1

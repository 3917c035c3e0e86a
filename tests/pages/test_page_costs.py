"""What the pages that use the matcher ask of the database, and how much they list, whatever there is: the demo, and an
organisation of thousands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event, insert, select

from builders.triage import a_ticket, a_topic
from conftest import Browser
from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import person_with
from helpdesk.accounts.models import Department, Person, PersonRole
from helpdesk.answers.models import OfficialAnswer
from helpdesk.db import db
from helpdesk.routing.models import Offer, OfferState, Topic
from helpdesk.search.access import the_index
from helpdesk.search.following import rebuild
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import State
from helpdesk.web.pages.triage.listed import MOST_LISTED
from people import a_person, sign_in

EXPERTS, DEPARTMENTS, TOPICS_EACH = 4000, 100, 4
# State of the newest ticket shown -> most statements. Those that can be asked ask the matcher.
TICKETS = {
    State.RECEIVED: 29,
    State.OFFERED: 30,
    State.ANSWERING: 15,
    State.VALIDATING: 15,
    State.READY: 15,
    State.ANSWERED: 15,
    State.CLOSED: 14,
}
PLACES = {
    "/inbox": 12,
    "/search": 6,
    "/search?q=box+fibre": 18,
    "/search?q=box+state:received": 8,
    "/search/completions?q=depart": 7,
    "/paste": 7,
    "/answers": 8,
    "/answers?q=fibre": 11,
    "/department?code=all": 23,
}
ANSWER, ASKED, ANSWERING = 17, 29, 32


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.append(" ".join(statement.split()))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def opened(browser: Browser, path: str, most: int) -> str:
    """The page, asked again once what is kept between requests is there, with at most so many statements."""
    browser.get(path)
    with statements() as asked:
        page = browser.get(path)
    assert page.status_code == 200, path
    assert len(asked) <= most, f"{path}: {len(asked)}\n" + "\n".join(each[:160] for each in asked)
    return page.text


@pytest.fixture
def demo(demo_app):
    with demo_app.app_context():
        rebuild(the_index())
        yield demo_app
        db.session.remove()


def browser_of(app, handle: str) -> Browser:
    return sign_in(Browser(app, app.response_class), person_with(handle))


def test_pages_of_the_demo_ask_little_of_the_database(demo):
    desk = browser_of(demo, "cm-1")
    for state, most in TICKETS.items():
        ref = db.session.scalar(select(Ticket.ref).where(Ticket.state == state).order_by(Ticket.id.desc()).limit(1))
        opened(desk, f"/tickets/{ref}", most)
    for path, most in PLACES.items():
        opened(desk, path, most)
    opened(desk, f"/answers/{db.session.scalar(select(OfficialAnswer.code).limit(1))}", ANSWER)


@pytest.mark.parametrize(("state", "most"), [(OfferState.OFFERED, ASKED), (OfferState.ACCEPTED, ANSWERING)])
def test_an_experts_page_asks_little_of_the_database(demo, state, most):
    offer = db.session.scalars(select(Offer).where(Offer.state == state).order_by(Offer.id.desc()).limit(1)).one()
    opened(browser_of(demo, offer.person.handle), f"/questions/{offer.id}", most)


# --- thousands ----------------------------------------------------------------------------------------------------


@pytest.fixture
def thousands(app):
    """An organisation whose people and topics nobody could list."""
    now = clock.now()
    db.session.execute(
        insert(Department), [{"code": f"D{n}", "name": f"Department {n}", "answers": True} for n in range(DEPARTMENTS)]
    )
    ids = db.session.scalars(select(Department.id).order_by(Department.id)).all()
    people = [
        {
            "handle": f"expert-{n}",
            "name": f"Expert {n}",
            "title": "Réseau fixe" if n % 400 else "Câble sous-marin",
            "department_id": ids[n % DEPARTMENTS],
            "languages": ["fr"],
            "created_at": now,
            "directory_key": f"expert {n} " + ("reseau fixe" if n % 400 else "cable sous-marin"),
        }
        for n in range(EXPERTS)
    ]
    db.session.execute(insert(Person), people)
    handles = select(Person.id).where(Person.handle.startswith("expert-"))
    roles = [{"person_id": person_id, "role": Role.EXPERT} for person_id in db.session.scalars(handles)]
    db.session.execute(insert(PersonRole), roles)
    labels = [
        {"code": f"t{n}", "label_fr": f"Sujet {n}", "label_en": f"Subject {n}", "synonyms": [], "department_id": each}
        for n, each in enumerate(ids * TOPICS_EACH)
    ]
    db.session.execute(insert(Topic), labels)
    db.session.commit()
    return app


def test_a_large_organisation_is_narrowed_down_by_words(client, thousands):
    ticket, topic = a_ticket("Le câble est-il réparé ?"), a_topic("câble.mer")
    rebuild(the_index())
    desk = sign_in(client, a_person(Role.COMMUNITY_MANAGER, locale="en"))
    page = opened(desk, f"/tickets/{ticket.ref}", TICKETS[State.RECEIVED])
    assert 'name="who"' in page
    assert 'name="person"' not in page.replace('type="hidden" name="person"', "")
    assert page.count("<option") < 3 * MOST_LISTED

    found = desk.get(f"/tickets/{ticket.ref}?who=SOUS-marin+câble").text
    assert found.count("Câble sous-marin</option>") == EXPERTS // 400
    assert "These are only the first" in desk.get(f"/tickets/{ticket.ref}?who=reseau").text
    assert "Nobody who can be asked is called so" in desk.get(f"/tickets/{ticket.ref}?who=zzz").text
    by_words = desk.get(f"/tickets/{ticket.ref}?about=cable").text
    assert f'value="{topic.id}">Câble mer (en)' in by_words


def test_whoever_is_not_listed_can_be_asked_and_chosen_topics_stay(client, thousands):
    ticket = a_ticket("Le câble est-il réparé ?")
    rebuild(the_index())
    desk = sign_in(client, a_person(Role.COMMUNITY_MANAGER, locale="en"))
    last = db.session.scalars(select(Topic).order_by(Topic.id.desc()).limit(1)).one()
    chosen = {"class_": "question", "priority": "P3", "topic": last.id, "sensitivity": "", "language": "fr"}
    assert desk.post(f"/tickets/{ticket.ref}/triage", data=chosen).status_code == 303
    assert f'<option selected value="{last.id}">' in desk.get(f"/tickets/{ticket.ref}").text
    assert desk.post(f"/tickets/{ticket.ref}/offer", data={"person": "expert-3999"}).status_code == 303
    offer = db.session.scalars(select(Offer)).one()
    assert offer.person.handle == "expert-3999"
    assert desk.post(f"/tickets/{ticket.ref}/offer", data={"person": "nobody"}).status_code == 422


def test_an_expert_of_a_large_organisation_names_a_colleague_or_a_department(client, thousands):
    ticket = a_ticket("Le câble est-il réparé ?")
    desk = sign_in(client, a_person(Role.COMMUNITY_MANAGER, locale="en"))
    assert desk.post(f"/tickets/{ticket.ref}/offer", data={"person": "expert-7"}).status_code == 303
    offer = db.session.scalars(select(Offer)).one()
    page = opened(sign_in(client, offer.person), f"/questions/{offer.id}", ASKED)
    assert 'value="expert-107"' in page  # of the same department
    assert 'value="expert-8"' not in page
    assert 'value="department:D8"' in page
    assert page.count("<option") < 3 * MOST_LISTED

"""The administrator's pages about equivalent words."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest
import yaml
from sqlalchemy import select

from builders.administering import a_browser_of, error_at, seen
from builders.offers import an_expert
from builders.organisation import actions, an_administrator
from helpdesk.accounts.models import SYSTEM
from helpdesk.accounts.organisation import setting
from helpdesk.db import db, transaction
from helpdesk.routing.models import Replay, ReplayState
from helpdesk.routing.replayed import compared
from helpdesk.routing.synonyms import draft_of, groups, put_group
from helpdesk.routing.weights import weights_of
from helpdesk.search import following
from helpdesk.search.access import the_index
from helpdesk.tickets.events import reindex
from pages.examination import faults
from people import a_department

NEW = "/admin/new/synonyms"


@pytest.fixture
def browser(client):
    return a_browser_of(client, an_administrator())


@pytest.fixture
def experts(app):
    found = [
        an_expert(handle="net", name="Nadia Routeur", profile="Panne de routeur", department=a_department("NET")),
        an_expert(handle="bills", name="Bill Facture", profile="Facture, box", department=a_department("FAC")),
    ]
    with transaction():
        for person in found:
            reindex("person", person.id)
    following.follow(the_index())
    return found


def put(french, english=()):
    with transaction():
        return put_group(None, draft_of(french, english), by=SYSTEM)[0]


def test_words_are_added_changed_and_removed(browser):
    added = browser.post(NEW, data={"french": "box\r\nrouteur", "english": "router"})
    assert added.status_code == 303
    [row] = groups()
    address = f"/admin/synonyms/{row.id}"
    assert "routeur" in browser.get("/admin/synonyms").text
    data = {"french": "box\nlivebox", "english": "", "one_way": "y", "seen": seen(browser.get(address))}
    assert browser.post(address, data=data).status_code == 303
    db.session.expire_all()
    assert (row.french, row.english, row.one_way) == (["box", "livebox"], [], True)
    assert browser.post(f"{address}/remove").status_code == 303
    assert groups() == []
    assert actions("synonyms") == ["synonyms_added", "synonyms_changed", "synonyms_removed"]
    assert browser.get(address).status_code == 404
    assert "Equivalent words removed" in browser.get("/admin/log").text


def test_a_mistake_is_told_and_what_was_typed_is_kept(browser):
    put(["box", "routeur"])
    answer = browser.post(NEW, data={"french": "Box\ndécodeur", "english": "the"})
    assert answer.status_code == 422
    assert "belongs to another group already: box, routeur" in error_at(answer, "french")
    assert "says nothing by itself" in error_at(answer, "english")
    assert "décodeur" in answer.text
    assert len(groups()) == 1


def test_a_question_is_tried_and_nothing_is_kept(browser, experts):
    data = {"french": "box\nrouteur", "question": "Ma box clignote", "try": "1"}
    answer = browser.post(NEW, data=data)
    text = unescape(answer.text)
    assert answer.status_code == 200
    assert "It changes what is suggested for this question." in text
    before, after = text.split("With this change")
    assert "Bill Facture" in before
    assert "Nadia Routeur" not in before
    assert after.index("Bill Facture") < after.index("Nadia Routeur")  # the exact word wins
    assert "New" in after
    assert groups() == []
    assert actions("synonyms") == []


def test_a_change_of_no_effect_says_so(browser, experts):
    row = put(["box", "routeur"])
    data = {"french": "box\nrouteur", "question": "Ma box clignote", "try": "1"}
    answer = browser.post(f"/admin/synonyms/{row.id}", data=data)
    assert "It changes nothing for this question." in answer.text
    answer = browser.post(f"/admin/synonyms/{row.id}", data={**data, "french": ""})
    assert "It changes what is suggested for this question." in answer.text  # as if it were removed


def test_without_a_question_or_an_index_there_is_nothing_to_see(browser, app):
    answer = browser.post(NEW, data={"french": "box\nrouteur", "try": "1"})
    assert (answer.status_code, bool(error_at(answer, "question"))) == (422, True)
    answer = browser.post(NEW, data={"french": "box\nrouteur", "try": "1", "question": "Ma box"})
    assert "There is no index to ask just now." in answer.text


def test_two_at_once_on_a_group(browser):
    row = put(["box", "routeur"])
    address = f"/admin/synonyms/{row.id}"
    page = browser.get(address)
    with transaction():
        put_group(row, draft_of(["box", "livebox"], []), by=SYSTEM)
    answer = browser.post(address, data={"french": "box\nmodem", "seen": seen(page)})
    assert answer.status_code == 409
    assert "livebox" in answer.text
    again = browser.post(address, data={"french": "box\nmodem", "seen": seen(answer)})
    assert again.status_code == 303


def test_all_groups_as_a_file(browser):
    put(["box", "routeur"], ["router"])
    answer = browser.get("/admin/synonyms.yaml")
    assert yaml.safe_load(answer.text) == {
        "schema": "demo-synonyms/1",
        "groups": [{"fr": ["box", "routeur"], "en": ["router"]}],
    }


# --- on past questions ------------------------------------------------------------------------------------------------


def test_a_new_group_is_tried_on_past_questions_from_its_page(browser):
    answer = browser.post(NEW, data={"french": "box\nrouteur", "english": "", "last": "500", "replay": "1"})
    (row,) = db.session.scalars(select(Replay)).all()
    assert (answer.status_code, answer.location) == (303, f"/admin/replays/{row.id}")
    assert (row.last, groups()) == (500, [])
    assert "New synonyms: box = routeur" in browser.get(answer.location).text


def test_a_changed_group_is_tried_and_holds_once_confirmed(browser):
    group = put(["box", "routeur"], ["router"])
    address = f"/admin/synonyms/{group.id}"
    page = browser.get(address)
    assert 'name="replay"' in page.text
    data = {"french": "box\nmodem", "english": "router", "one_way": "y", "seen": seen(page), "replay": "1"}
    answer = browser.post(address, data=data)
    assert answer.status_code == 303
    assert group.french == ["box", "routeur"]
    (row,) = db.session.scalars(select(Replay)).all()
    with transaction():
        weights = {str(part): weight for part, weight in weights_of(setting("matcher_weights")).items()}
        found = compared([], gone=0, since=None, budgets=(0.03, 0.03), weights_before=weights)
        found = replace(found, n=1)
        row.state, row.result = ReplayState.DONE, found.as_document()
    page = browser.get(answer.location).text
    assert "Synonyms of “box”: + modem, − routeur, From the first only" in unescape(page)
    assert "Nothing has changed yet." in page
    assert faults(page, "en") == []
    assert browser.post(f"{answer.location}/apply").status_code == 303
    db.session.expire_all()
    assert (group.french, group.english, group.one_way) == (["box", "modem"], ["router"], True)
    assert "let it hold" in browser.get(answer.location).text


def test_a_group_is_tried_without_whatever_was_typed(browser):
    group = put(["box", "routeur"])
    address = f"/admin/synonyms/{group.id}"
    assert 'value="without"' in browser.get(address).text
    assert 'value="without"' not in browser.get(NEW).text
    answer = browser.post(address, data={"french": "box\nlivebox", "english": "", "replay": "without"})
    assert answer.status_code == 303
    assert "Without the synonyms: box = routeur" in browser.get(answer.location).text
    assert group.french == ["box", "routeur"]


def test_what_cannot_be_tried_on_past_questions_says_why(browser):
    group = put(["box", "routeur"])
    address = f"/admin/synonyms/{group.id}"
    same = {"french": "box\nrouteur", "english": "", "seen": seen(browser.get(address)), "replay": "1"}
    answer = browser.post(address, data=same)
    assert (answer.status_code, "Change something first" in answer.text) == (422, True)
    answer = browser.post(NEW, data={"french": "routeur\nmodem", "english": "", "replay": "1"})
    assert (answer.status_code, bool(error_at(answer, "french"))) == (422, True)
    assert db.session.scalars(select(Replay)).all() == []

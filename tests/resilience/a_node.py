"""One node of several: its own data folder and process, the database of all. Run by test_two_nodes.

Reads one JSON list a line, [what, argument], and prints one JSON value a line: see NODE. The settings are those of the
environment.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from helpdesk import create_app
from helpdesk.accounts.directory import person_with
from helpdesk.db import db
from helpdesk.routing.matching import suggestions_for_text
from helpdesk.search import following
from helpdesk.search.access import the_index
from helpdesk.search.query import Query


def followed(_: str) -> int:
    """Bring the index of this node up to the last change. Returns that."""
    following.follow(the_index())
    return the_index().watermark()


def answers(text: str) -> dict[str, Any]:
    """All that the index and the matcher say of a question, with their scores."""
    index, query = the_index(), Query.of(text, "fr")
    people, precedents = index.people(query), index.precedents(query)
    return {
        "people": sorted([hit.person_id, hit.declared, hit.history] for hit in people.hits),
        "ideals": [people.ideal_declared, people.ideal_history, precedents.ideal],
        "topics": sorted([hit.topic_id, hit.score] for hit in index.topics(query).hits),
        "precedents": sorted([hit.score, str(hit.kind), hit.source_id] for hit in precedents.hits),
        "suggested": [[expert.person_id, expert.score] for expert in suggestions_for_text(text, "fr", index).experts],
    }


def readiness(browser: FlaskClient) -> str:
    """What the probe says of the index."""
    found: str = browser.get("/health/ready").get_json()["parts"]["index"]
    return found


def page(browser: FlaskClient, handle: str, path: str) -> list[Any]:
    """Status and text of a page for somebody."""
    reader = person_with(handle)
    assert reader is not None
    with browser.session_transaction() as session:
        session["_user_id"], session["_fresh"] = reader.get_id(), True
    answer = browser.get(path)
    return [answer.status_code, answer.get_data(as_text=True)]


def main() -> None:
    app: Flask = create_app(Settings.load())
    browser = app.test_client()
    node: dict[str, Callable[..., Any]] = {
        "follow": followed,
        "ask": answers,
        "ready": lambda _: readiness(browser),
        "page": lambda argument: page(browser, *argument),
    }
    for line in sys.stdin:
        what, argument = json.loads(line)
        with app.app_context():
            print(json.dumps(node[what](argument)), flush=True)
            db.session.rollback()


if __name__ == "__main__":
    main()

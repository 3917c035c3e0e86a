"""Every page that a role can reach in the demo, looked at one by one: its markup, its words, its cost."""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from helpdesk.accounts.models import Person
from helpdesk.db import db
from pages.examination import faults, kind_of, links
from people import sign_in

WHO = (None, "cm-1", "exp-box-03", "exp-fix-02", "head-box", "exp-jur-02", "adm-1")
STATEMENTS = 30  # of SQL, at most, for one page
OF_A_KIND = 2  # how many pages of one kind are opened
MOST = 400


class Statements:
    """Counts the SQL of an application while it is open."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.said: list[str] = []

    def __enter__(self) -> Statements:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        self.said.append(statement)


@pytest.mark.parametrize("handle", WHO)
def test_every_page_is_sound(demo_app: Flask, handle: str | None) -> None:
    client = demo_app.test_client()
    with demo_app.app_context():
        engine = db.engine
        if handle:
            sign_in(client, db.session.scalars(select(Person).where(Person.handle == handle)).one())
    wrong, seen = crawl(client, engine, "/account/home" if handle else "/")
    assert not wrong, "\n".join(wrong)
    assert len(seen) >= (4 if handle is None else 6), seen


def crawl(client: FlaskClient, engine: Engine, start: str) -> tuple[list[str], Counter[str]]:
    """Open pages from `start` on, in French, then each again in English. Returns what is wrong, and the kinds seen."""
    waiting, known, kinds, wrong = [start, "/"], {start, "/"}, Counter[str](), []
    while waiting and len(known) < MOST:
        address = waiting.pop(0)
        if kinds[kind_of(address)] >= OF_A_KIND:
            continue
        kinds[kind_of(address)] += 1
        for locale in ("fr", "en"):
            client.set_cookie("language", locale)
            with Statements(engine) as statements:
                answer = client.get(address, follow_redirects=True)
            if answer.mimetype != "text/html":
                break
            if answer.status_code != 200:
                wrong.append(f"{address}: {answer.status_code}")
            wrong += [f"{address} ({locale}): {fault}" for fault in faults(answer.text, locale)]
            if len(statements.said) > STATEMENTS:
                wrong.append(f"{address}: {len(statements.said)} statements")
        for link in links(answer.text, "http://localhost" + address) if answer.mimetype == "text/html" else ():
            if link not in known:
                known.add(link)
                waiting.append(link)
    return wrong, kinds

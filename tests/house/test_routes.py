"""Every page for every role: what a role may not see does not exist, looking changes nothing, and nothing breaks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.routing import Rule

from builders.whole import Whole, a_whole_organisation
from helpdesk.accounts.access import Can, Role, roles_ever_allowed
from helpdesk.accounts.models import Person
from helpdesk.db import Base, db
from helpdesk.tickets import seeing
from people import a_person, sign_in

ANONYMOUS = "anonymous"
HUGE = 2**63

# What each place demands: the blueprint's right, or an endpoint's own.
PLACES: dict[str, Can] = {
    "triage": Can.SEE_TICKET,
    "triage.inbox": Can.TRIAGE,
    "pasting": Can.PASTE_QUESTION,
    "publication": Can.PUBLISH,
    "expert": Can.ACCEPT,
    "approval": Can.APPROVE,
    "department": Can.SEE_DEPARTMENT,
    "library": Can.SEE_OFFICIAL_ANSWERS,
    "search": Can.SEE_TICKET,
    "admin": Can.ADMINISTER,
}
# Pages for who holds their address, and those that anybody may open.
PUBLIC = {
    "public", "health.live", "health.ready", "health.metrics", "static", "assets", "openapi", "account.sign_in",
    "account.choose_password", "account.first_administrator", "answer_link", "preferences", "week",
    "triage.counts",  # asked by every page's script: answers nothing to who has no inbox
}  # fmt: skip
SIGNED_IN = {"account.home", "account.profile"}
API = {"api"}
NASTY = (
    "?cursor=x", "?cursor=%00", "?cursor=%FF", f"?cursor={HUGE}", "?q=%00", "?q=%F0%9F%98%80", "?q=%22", "?q=*",
    "?q=" + "a" * 300, "?queue=nope", "?code=nope", "?department=nope", "?topic=%F0%9F%98%80", "?late=x&mine=y",
    "?limit=-1&limit=x", "?status=nope&language=xx", "?next=//elsewhere.example", f"?offer_id={HUGE}",
    "?role=nope", "?kind=nope&state=nope", "?person=%00&action=%00&object=%00", "?from=x&to=y", "?reason=%00",
    "?stage=%00&weeks=x", f"?weeks={HUGE}", "?outcome=%00", "?week=%00",
)  # fmt: skip


@pytest.fixture
def whole(app) -> Whole:
    return a_whole_organisation()


def key_of(endpoint: str, known: Any) -> str | None:
    """The entry of a table for an endpoint: its own, or its blueprint's."""
    return next((name for name in (endpoint, endpoint.partition(".")[0]) if name in known), None)


def is_no_page(address: str) -> bool:
    """What is no address at all, for anybody: a NUL, and a number that no row can have."""
    return "%00" in address or any(str(number) in address for number in (2**31, HUGE))


def get_rules(app: Any) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]


def post_rules(app: Any) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]


def values_of(whole: Whole) -> dict[str, list[Any]]:
    """What may stand in the address: what exists, what does not, and what should never have been typed."""
    strange = ["R-2026-999999", "nope", "é🧑‍🚒", "%00", "..", "a" * 300]
    return {
        "ref": [ticket.ref for ticket in whole.tickets.values()] + strange,
        "offer_id": [offer.id for offer in whole.offers] + [0, 999_999, 2**31, HUGE],
        "row_id": [1, 999_999],
        "letter_id": [1, 999_999],
        "absence_id": [1, 999_999],
        "token_id": [1, 999_999],
        "secret": [*whole.secrets.values(), "nope", "é"],
        "token": ["nope", "é", "a" * 200],
        "handle": ["expert-01", *strange],
        "code": ["FIX", "web", "forum", "fibre.deploiement", "oa-001", *strange],
        "sheet": ["kept", "nope", "%00"],
        "version": ["nope"],
        "filename": ["css/app.css", "../config.py", "nope"],
    }


def addresses(rule: Rule, values: dict[str, list[Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The addresses of a route: each value of each variable once."""
    names = sorted(rule.arguments)
    most = max((len(values[name]) for name in names), default=1)
    for place in range(most):
        chosen = {name: values[name][place % len(values[name])] for name in names}
        built = rule.rule
        for name in names:
            built = re.sub(rf"<(?:[^:<>]+:)?{name}>", str(chosen[name]).replace("\\", ""), built)
        yield built, chosen


def everything_stored() -> dict[str, str]:
    """A digest of all rows of each table: not only how many, also what they hold."""
    db.session.rollback()
    found = {}
    for table in Base.metadata.sorted_tables:
        rows = sorted(repr(tuple(row)) for row in db.session.execute(select(table)))
        found[table.name] = f"{len(rows)} {hashlib.sha256(chr(10).join(rows).encode()).hexdigest()}"
    db.session.rollback()
    return found


def test_every_route_is_of_a_known_place(app):
    places = {**PLACES, **dict.fromkeys(PUBLIC | SIGNED_IN | API | {"account.sign_out"})}
    assert [rule.endpoint for rule in app.url_map.iter_rules() if key_of(rule.endpoint, places) is None] == []


@pytest.mark.parametrize("role", [ANONYMOUS, *Role], ids=str)
def test_looking_is_allowed_as_the_table_says_and_changes_nothing(app, client, whole, role):
    person = None if role is ANONYMOUS else whole.people[role]
    if person is not None:
        sign_in(client, person)
    before, values, wrong = everything_stored(), values_of(whole), []
    for rule in get_rules(app):
        for address, chosen in addresses(rule, values):
            status = client.get(address).status_code
            expected = {404} if is_no_page(address) else statuses(rule.endpoint, person, chosen, whole)
            if status not in expected:
                wrong.append(f"{rule.endpoint} {address}: {status}, not {sorted(expected)}")
    assert wrong == []
    assert everything_stored() == before


def statuses(endpoint: str, person: Person | None, chosen: dict[str, Any], whole: Whole) -> set[int]:
    """What the access table lets a page answer with."""
    if key_of(endpoint, API):
        return {401}  # a session is no token
    if endpoint == "health.ready":
        return {200, 503}
    if endpoint == "triage.counts":
        return {401} if person is None else {200, 204, 404}
    if key_of(endpoint, PUBLIC):
        return {200, 302, 404, 410} if endpoint == "account.sign_in" or chosen else {200}
    if person is None:
        return {302}
    if endpoint in SIGNED_IN:
        return {200, 302}
    place = key_of(endpoint, PLACES)
    assert place is not None
    if person.roles.isdisjoint(roles_ever_allowed(PLACES[place])):
        return {404}
    return of_this(endpoint, person, chosen, whole)


def of_this(endpoint: str, person: Person, chosen: dict[str, Any], whole: Whole) -> set[int]:
    """What a page about one thing may answer to somebody whose role lets them into the place."""
    if "ref" in chosen:
        ticket = next((each for each in whole.tickets.values() if each.ref == chosen["ref"]), None)
        can = Can.PUBLISH if endpoint.startswith("publication.") else Can.SEE_TICKET
        if ticket is None or not seeing.may(person, can, db.session.merge(ticket)):
            return {404}
        # What may be seen but no longer (or not yet) approved has its page elsewhere.
        return {200, 302, 404} if endpoint == "approval.ticket" else {200, 302}
    if "offer_id" in chosen:
        theirs = {offer.id for offer in whole.offers if offer.person_id == person.id}
        return {200} if chosen["offer_id"] in theirs else {404}
    return {200, 302, 404} if chosen else {200}


@pytest.mark.parametrize("role", [Role.COMMUNITY_MANAGER, Role.EXPERT, Role.HEAD, Role.ADMINISTRATOR], ids=str)
def test_nothing_typed_in_an_address_breaks_a_page(app, client, whole, role):
    sign_in(client, whole.people[role])
    broken = []
    for rule in get_rules(app):
        if rule.arguments or key_of(rule.endpoint, API) or rule.endpoint == "health.ready":
            continue
        for query in NASTY:
            status = client.get(rule.rule + query).status_code
            if status >= 500:
                broken.append(f"{rule.rule}{query}: {status}")
    assert broken == []


def test_a_change_without_its_token_is_refused(app, client, whole, monkeypatch):
    """Signed in as somebody who has every role, so that nothing but the token stands in the way."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    sign_in(client, a_person(*Role, handle="everybody"))
    before, values, wrong = everything_stored(), values_of(whole), []
    for rule in post_rules(app):
        expected = {401} if key_of(rule.endpoint, API) else {400}
        if rule.endpoint in ("public.reply", "public.judged"):
            expected = {404}  # no such question, whoever asks
        for address, _chosen in addresses(rule, values):
            response = client.post(address, data={"text": "Quand ?", "decision": "approve", "reason": "because"})
            if response.status_code not in ({404} if is_no_page(address) else expected):
                wrong.append(f"{address}: {response.status_code}")
    assert wrong == []
    assert everything_stored() == before


@pytest.mark.parametrize("role", [ANONYMOUS, *Role], ids=str)
def test_nobody_changes_anything_in_a_place_that_is_not_theirs(app, client, whole, role):
    person = None if role is ANONYMOUS else whole.people[role]
    if person is not None:
        sign_in(client, person)
    before, values, wrong = everything_stored(), values_of(whole), []
    for rule in post_rules(app):
        place = key_of(rule.endpoint, PLACES)
        if place is None or key_of(rule.endpoint, PUBLIC) or rule.endpoint == "triage.counts":
            continue
        if person is not None and not person.roles.isdisjoint(roles_ever_allowed(PLACES[place])):
            continue
        for address, _chosen in addresses(rule, values):
            status = client.post(address, data={}).status_code
            if status != (302 if person is None and not is_no_page(address) else 404):
                wrong.append(f"{address}: {status}")
    assert wrong == []
    assert everything_stored() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_other_methods_are_not_possible(app, client, whole, method):
    sign_in(client, whole.people[Role.ADMINISTRATOR])
    for path in ("/", "/inbox", "/admin", "/account/", "/questions"):
        assert client.open(path, method=method).status_code == 405

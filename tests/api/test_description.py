"""The description of the API against its code: the same paths, and answers as described whatever is sent."""

from __future__ import annotations

import contextvars
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from builders.api import Program, a_token
from builders.whole import a_whole_organisation
from helpdesk.accounts.access import Role
from helpdesk.db import db
from helpdesk.search import access, following
from people import a_person

PATHS = {
    "/questions": "post",
    "/tickets": "get",
    "/tickets/{ref}": "get",
    "/tickets/{ref}/suggestions": "get",
    "/tickets/{ref}/triage": "post",
    "/tickets/{ref}/merge": "post",
    "/tickets/{ref}/unmerge": "post",
    "/tickets/{ref}/offers": "post",
    "/offers/{offer_id}/accept": "post",
    "/offers/{offer_id}/decline": "post",
    "/tickets/{ref}/drafts": "post",
    "/tickets/{ref}/submission": "post",
    "/tickets/{ref}/approval": "post",
    "/tickets/{ref}/publications": "post",
    "/official-answers": "get",
    "/official-answers/{code}": "get",
    "/official-answers/{code}/versions": "get",
    "/match": "post",
    "/me": "get",
    "/people": "get",
    "/departments": "get",
    "/topics": "get",
    "/channels": "get",
    "/reports/sla": "get",
}
EXAMPLES = 30  # for each operation and kind of data
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    allow_header_conformance,
]


@pytest.fixture(scope="session")
def description(migrated) -> dict[str, Any]:
    document: dict[str, Any] = migrated.test_client().get("/api/v1/openapi.json").get_json()
    return document


def test_every_call_of_the_contract_is_described_and_nothing_else(description):
    described = {path.removeprefix("/api/v1"): sorted(item) for path, item in description["paths"].items()}
    assert described == {path: [method] for path, method in PATHS.items()}


def test_the_description_is_of_this_version_and_public(description, client):
    assert description["openapi"] == "3.1.0"
    assert description["info"]["title"] == "Relais"
    assert client.get("/api/v1/openapi.json").mimetype == "application/json"


def test_every_call_says_what_it_needs_and_how_it_refuses(description):
    for path, item in description["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], path
            assert operation["security"] == [{"token": []}]
            assert {"400", "401", "403", "404", "422"} <= set(operation["responses"])
            for status, response in operation["responses"].items():
                wanted = "application/json" if status.startswith("2") else "application/problem+json"
                assert list(response["content"]) == [wanted], (path, method, status)
            if method == "post":
                assert {"413", "415"} <= set(operation["responses"])
                names = {parameter["name"] for parameter in operation.get("parameters", [])}
                assert ("Idempotency-Key" in names) == (not path.endswith("/match"))


def isolated(app: Any) -> Any:
    """The application as a server runs it: each request in a context of its own."""

    def answer(environ: Any, start_response: Any) -> Any:
        return contextvars.Context().run(lambda: list(app(environ, start_response)))

    return answer


@pytest.fixture
def examined(app):
    """The schema of the running application, who asks, and what exists in it."""
    whole = a_whole_organisation()
    everybody = a_person(Role.COMMUNITY_MANAGER, Role.EXPERT, Role.APPROVER, handle="everybody")
    known = {
        "ref": [ticket.ref for ticket in whole.tickets.values()],
        "offer_id": [offer.id for offer in whole.offers],
        "code": ["oa-001"],
    }
    secret = a_token(everybody)
    following.rebuild(access.the_index())
    db.session.rollback()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", isolated(app))
    return schema, {"Authorization": f"Bearer {secret}"}, known


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_whatever_is_sent_is_answered_as_described(examined, mode):
    schema, headers, known = examined
    for path, method in PATHS.items():
        examine(schema[f"/api/v1{path}"][method.upper()], headers, known, mode)


def examine(operation, headers, known, mode):
    """Send what the description allows, or what it does not, and hold each answer against it."""
    checks = list(CHECKS)
    if mode is GenerationMode.NEGATIVE and operation.method.upper() == "POST":
        checks.append(negative_data_rejection)  # what a query holds beside the filters is nobody's, and is ignored

    @given(case=operation.as_strategy(generation_mode=mode), place=st.integers(0, 10))
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case, place):
        parameters = case.path_parameters or {}
        if place < 8 and mode is GenerationMode.POSITIVE:  # mostly of something that exists
            for name in parameters:
                parameters[name] = known[name][place % len(known[name])]
        response = case.call(headers=headers)
        case.validate_response(response, checks=checks)

    send()


def test_no_call_is_answered_without_its_token(app):
    stranger = Program(app, None)
    for path, method in PATHS.items():
        place = path.replace("{ref}", "R-2026-000001").replace("{offer_id}", "1").replace("{code}", "oa-001")
        assert stranger.send(method.upper(), place).status_code == 401

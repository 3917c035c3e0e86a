"""The workflow as a graph, and the table of who may do what: nothing unreachable, nothing unused, nothing forgotten."""

from __future__ import annotations

import ast
import itertools

import pytest

from helpdesk.accounts.access import TABLE, Can, Relation, Role, role_allowing, roles_ever_allowed
from helpdesk.consequences import AT_ONCE, LATER, REINDEX
from helpdesk.tickets.events import QUIET, follower
from helpdesk.tickets.workflow import (
    EVERY,
    FACTS,
    MOVES,
    OPEN,
    Kind,
    NotPossible,
    Outcome,
    Queue,
    State,
    next_state,
    queue_of,
)
from house.source import MODULES

# A kind that only a later part writes: erasing an asker comes with the retention rules; a failed post with connectors.
NOT_WRITTEN_YET = {Kind.ERASED, Kind.PUBLICATION_FAILED}
# Rights whose verb comes with a later part, kept so that the table stays the domain's.
NOT_ASKED_YET = {Can.BREAK_GLASS, Can.ERASE_ASKER}


def reachable(state: State) -> set[State]:
    """Every state a ticket can come to from `state`."""
    found: set[State] = set()
    edge = {state}
    while edge:
        found |= edge
        edge = {next_state(here, kind) for here in edge for kind in Kind if here in MOVES[kind][0]} - found
    return found


def test_every_state_is_reached_from_the_first_event():
    assert reachable(next_state(None, Kind.RECEIVED)) == EVERY


@pytest.mark.parametrize("state", State)
def test_there_is_a_way_to_the_end_from_everywhere(state: State):
    assert State.CLOSED in reachable(state)


@pytest.mark.parametrize("state", State)
def test_an_open_ticket_can_still_become_an_answered_one(state: State):
    assert State.ANSWERED in reachable(state)


def test_a_closed_ticket_only_moves_by_being_opened_again():
    leaving = {kind for kind in Kind if State.CLOSED in MOVES[kind][0] and MOVES[kind][1] not in (None, State.CLOSED)}
    assert leaving == {Kind.REOPENED}


def test_nothing_is_answered_that_was_not_ready_and_nothing_ready_that_was_not_approved():
    assert {kind for kind in Kind if MOVES[kind][1] is State.ANSWERED} == {Kind.PUBLISHED}
    assert MOVES[Kind.PUBLISHED][0] == {State.READY}
    assert {kind for kind in Kind if MOVES[kind][1] is State.READY} == {Kind.APPROVED, Kind.REUSED}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_move_and_its_facts(kind: Kind):
    allowed, target = MOVES[kind]
    assert allowed <= EVERY
    assert allowed or kind is Kind.RECEIVED
    assert target is None or target in EVERY
    required, permitted = FACTS[kind]
    assert required
    assert not required & permitted


def test_the_tables_speak_of_known_kinds_only():
    for table in (MOVES, FACTS, LATER, AT_ONCE):
        assert set(table) <= set(Kind)
    assert set(REINDEX) <= set(Kind)
    assert set(QUIET) <= set(Kind)


@pytest.mark.parametrize(("state", "kind"), list(itertools.product(State, Kind)))
def test_a_move_is_made_or_refused(state: State, kind: Kind):
    if state in MOVES[kind][0]:
        assert next_state(state, kind) is (MOVES[kind][1] or state)
    else:
        with pytest.raises(NotPossible):
            next_state(state, kind)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.RECEIVED])
def test_a_log_begins_with_received(kind: Kind):
    with pytest.raises(NotPossible):
        next_state(None, kind)


def test_every_state_has_a_working_list_and_every_list_a_state():
    found = {queue_of(state, triaged=triaged) for state in State for triaged in (False, True)}
    assert found == set(Queue)
    assert EVERY - {State.ANSWERED, State.CLOSED} == OPEN


@pytest.fixture(scope="module")
def names_used() -> dict[str, set[str]]:
    """By enumeration, its members that helpdesk names, outside of where it is declared and tabled."""
    tables = {"helpdesk.accounts.access", "helpdesk.tickets.workflow", "helpdesk.consequences"}
    found: dict[str, set[str]] = {owner: set() for owner in ("Kind", "Outcome", "Can")}
    for module in MODULES.values():
        for node in () if module.name in tables else ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in found:
                found[node.value.id].add(node.attr)
    return found


def test_every_kind_is_written_by_somebody(names_used):
    unused = {kind for kind in Kind if kind.name not in names_used["Kind"]}
    assert unused == NOT_WRITTEN_YET - {kind for kind in NOT_WRITTEN_YET if kind.name in names_used["Kind"]}


def test_every_outcome_can_be_given(names_used):
    assert {outcome for outcome in Outcome if outcome.name not in names_used["Outcome"]} == set()


def test_every_follower_exists():
    for name in {name for names in AT_ONCE.values() for name in names}:
        assert callable(follower(name))


def test_every_right_has_a_row_and_is_asked_for(names_used):
    assert set(TABLE) == set(Can)
    assert {can for can in Can if can.name not in names_used["Can"]} <= NOT_ASKED_YET


# --- who may do what --------------------------------------------------------------------------------------------------

GRANTS = [
    (can, role, relation)
    for can, rows in TABLE.items()
    for role, relations in rows.items()
    for relation in sorted(relations)
]


@pytest.mark.parametrize(("can", "role", "relation"), GRANTS, ids=str)
def test_what_a_row_grants_is_granted_for_that_relation(can: Can, role: Role, relation: Relation):
    assert role_allowing(can, {role}, {relation}) is role
    assert role in roles_ever_allowed(can)


def test_what_no_row_grants_is_refused():
    granted = set(GRANTS)
    for can, role, relation in itertools.product(Can, Role, Relation):
        if (can, role, relation) not in granted:
            assert role_allowing(can, {role}, {relation}) is None
    for can in Can:
        assert role_allowing(can, set(), set(Relation)) is None
        assert role_allowing(can, set(Role), set()) is None


#   what must never be granted, whatever is added to the table: the promises of the domain, section 5c
NEVER = [
    (Can.APPROVE, set(Role) - {Role.APPROVER, Role.HEAD}, set(Relation)),
    (Can.APPROVE, set(Role), set(Relation) - {Relation.APPROVING}),
    (Can.RETURN, set(Role), set(Relation) - {Relation.APPROVING}),
    (Can.PUBLISH, set(Role) - {Role.COMMUNITY_MANAGER}, set(Relation)),
    (Can.SEE_TICKET, {Role.ADMINISTRATOR}, set(Relation)),
    (Can.SEE_ASKER, {Role.EXPERT, Role.APPROVER, Role.HEAD}, set(Relation) - {Relation.NAMED}),
    (Can.READ_ORIGINAL, {Role.AMBASSADOR, Role.ADMINISTRATOR, Role.COMMITTEE}, set(Relation)),
    (Can.RELEASE_ESCALATED, set(Role), set(Relation) - {Relation.NAMED}),
    (Can.ADMINISTER, set(Role) - {Role.ADMINISTRATOR}, set(Relation)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("can", "roles", "relations"), NEVER, ids=lambda value: str(value) if isinstance(value, Can) else ""
)
def test_what_must_never_be_granted(can: Can, roles: set[Role], relations: set[Relation]):
    assert role_allowing(can, roles, relations) is None

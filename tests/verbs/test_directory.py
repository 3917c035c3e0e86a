"""People and departments: what is taken, what is refused, and what follows."""

from __future__ import annotations

import pytest

from builders.organisation import actions, an_administrator, forget_what_happened, to_reindex
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import person_called, person_with, put_department, put_person
from helpdesk.accounts.models import SYSTEM, AuditEntry, Person
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, NotAllowed
from helpdesk.reports.people import Wanted, listed
from people import a_department, a_person


def put(handle, *, by=SYSTEM, **values):
    with transaction():
        return put_person(handle, by=by, **values)


def problems(error) -> set[tuple[str, str]]:
    return {(each.field, each.code) for each in error.value.problems}


def test_the_same_person_twice_is_new_then_unchanged_then_changed(app):
    values = {"name": "Ana Lima", "email": "ana@example.org", "roles": [Role.EXPERT]}
    assert put("ana", **values)[1] == "new"
    assert put("ana", **values)[1] == "unchanged"
    assert put("ana", **{**values, "name": "Ana Lima-Roy"})[1] == "changed"
    assert actions("person") == ["roles_changed", "person_added", "person_changed"]
    assert len(to_reindex("person")) == 2


def test_every_bad_value_is_named_at_once(app):
    a_person(handle="bob", email="bob@example.org")
    with pytest.raises(BadInput) as error:
        put("É", name=" ", email="Bob@Example.org", languages=["xx"], max_open=0, title="x" * 201)
    assert problems(error) == {
        ("handle", "bad_handle"),
        ("name", "missing"),
        ("email", "email_taken"),
        ("languages", "unknown_language"),
        ("max_open", "out_of_range"),
        ("title", "too_long"),
    }
    assert person_with("É") is None


def test_a_nul_character_is_refused_before_any_database_sees_it(app):
    with pytest.raises(BadInput) as error:
        put("ana", name="A\0na")
    assert problems(error) == {("name", "nul")}


def test_no_address_is_nothing_so_two_people_may_have_none(app):
    put("ana", name="Ana", email="")
    put("bob", name="Bob", email=" ")
    assert person_with("ana").email is None
    assert person_with("bob").email is None


def test_addresses_are_kept_in_one_spelling(app):
    put("ana", name="Ana", email=" Ana@Example.ORG ")
    assert person_with("ana").email == "ana@example.org"


def test_the_last_administrator_keeps_the_role_and_stays(app):
    admin = an_administrator()
    with pytest.raises(BadInput) as error:
        put("adm-1", by=admin, roles=[Role.EXPERT])
    assert problems(error) == {("roles", "last_administrator")}
    with pytest.raises(BadInput) as error:
        put("adm-1", by=admin, active=False)
    assert problems(error) == {("active", "last_administrator")}
    an_administrator("adm-2")
    assert put("adm-1", by=admin, roles=[Role.EXPERT])[1] == "changed"


def test_whoever_left_is_signed_out_everywhere(app):
    whom = a_person(Role.EXPERT, handle="ana")
    before = whom.get_id()
    put("ana", active=False)
    assert person_with("ana").get_id() != before


def test_roles_given_and_taken_are_in_the_log(app):
    a_person(Role.EXPERT, handle="ana")
    put("ana", roles=[Role.HEAD, Role.APPROVER])
    entry = db.session.query(AuditEntry).filter_by(action="roles_changed").one()
    assert entry.facts == {"given": ["head", "validator"], "taken": ["expert"]}


def test_only_an_administrator_changes_people(app):
    with pytest.raises(NotAllowed):
        put("ana", by=a_person(Role.COMMUNITY_MANAGER, Role.HEAD), name="Ana")
    assert person_with("ana") is None


def test_nobody_stands_in_for_themselves_or_without_being_an_expert(app):
    ana = a_person(Role.EXPERT, handle="ana")
    cm = a_person(Role.COMMUNITY_MANAGER)
    for backup in (ana, cm):
        with pytest.raises(BadInput) as error:
            put("ana", backup_id=backup.id)
        assert problems(error) == {("backup", "delegate_cannot")}


def test_a_department_renamed_has_its_people_read_again_and_only_then(app):
    department = a_department("FIX")
    ana = a_person(Role.EXPERT, department=department)
    a_person(Role.EXPERT, department=a_department("MOB"))
    forget_what_happened()
    with transaction():
        put_department("FIX", by=SYSTEM, calendar="cal-1")
    assert to_reindex("person") == []
    with transaction():
        assert put_department("FIX", by=SYSTEM, name="Fixed network")[1] == "changed"
    assert to_reindex("person") == [ana.id]


def test_somebody_is_called_by_handle_address_or_a_name_nobody_else_has(app):
    ana = a_person(handle="ana", name="Ana Lima", email="ana@example.org")
    a_person(handle="bob-1", name="Bob Roy")
    a_person(handle="bob-2", name="Bob Roy")
    a_person(handle="gone", active=False)
    assert person_called("ana") == person_called("ANA@example.org") == person_called(" Ana Lima ") == ana
    for words, code in (("Bob Roy", "several_people"), ("gone", "nobody_called"), ("nobody", "nobody_called")):
        with pytest.raises(BadInput) as error:
            person_called(words)
        assert problems(error) == {("person", code)}


def test_the_list_is_sorted_and_found_without_accents(app):
    for handle, name in (("e", "Éric Zola"), ("a", "Zoé Abel"), ("b", "eugène Roy"), ("c", "Albert Élan")):
        a_person(handle=handle, name=name)
    assert [each.name for each in listed(Wanted()).rows] == ["Albert Élan", "Éric Zola", "eugène Roy", "Zoé Abel"]
    assert [each.name for each in listed(Wanted(words="ZOE abel")).rows] == ["Zoé Abel"]
    assert [each.name for each in listed(Wanted(words="100%")).rows] == []


def test_the_list_is_walked_both_ways_without_a_gap_or_a_repeat(app):
    for number in range(23):
        a_person(handle=f"p-{number:02}", name="Same Name" if number % 2 else f"Person {number:02}")
    everybody = [each.id for each in listed(Wanted(), limit=50).rows]
    forward, page = [], listed(Wanted(), limit=5)
    pages = [page]
    while page.after:
        forward += [each.id for each in page.rows]
        page = listed(Wanted(), after=page.after, limit=5)
        pages.append(page)
    forward += [each.id for each in page.rows]
    assert forward == everybody
    back = listed(Wanted(), before=pages[2].before, limit=5)
    assert [each.id for each in back.rows] == [each.id for each in pages[1].rows]
    first = listed(Wanted(), before=back.before, limit=5)
    assert [each.id for each in first.rows] == everybody[:5]
    assert first.before is None


def test_what_people_lack_is_a_filter(app):
    whole = a_person(Role.COMMUNITY_MANAGER, handle="whole", department=a_department("FIX"))
    a_person(Role.EXPERT, handle="ana", email=None)
    a_person(handle="bob", department=a_department("FIX"))
    a_person(handle="gone", email=None, active=False)
    found = {lacking: {each.handle for each in listed(Wanted(lacking=lacking)).rows} for lacking in
             ("email", "department", "roles", "skills")}  # fmt: skip
    assert found == {"email": {"ana"}, "department": {"ana"}, "roles": {"bob"}, "skills": {"ana"}}
    assert whole.handle not in set().union(*found.values())


def test_a_key_is_kept_for_people_however_they_are_written(app):
    db.session.add(Person(handle="x", name="Élodie", created_at=an_administrator().created_at, languages=["fr"]))
    db.session.commit()
    assert person_with("x").directory_key.startswith("elodie x")

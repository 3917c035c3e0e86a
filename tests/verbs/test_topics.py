"""Topics and skills: what is taken, what is refused, and what the index reads again."""

from __future__ import annotations

import pytest

from builders.organisation import a_topic, actions, an_administrator, forget_what_happened, to_reindex
from helpdesk.accounts.access import Role
from helpdesk.accounts.models import SYSTEM, AuditEntry
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, NotAllowed
from helpdesk.reports.people import levels_of
from helpdesk.reports.topics import by_department, thinly_known, who_knows
from helpdesk.routing.topics import put_topic, set_skills, topic_with
from people import a_department, a_person

LABELS = {"label_fr": "Panne fibre", "label_en": "Fibre fault"}


def put(code="fibre.fault", *, by=SYSTEM, **values):
    with transaction():
        return put_topic(code, department=a_department_now(), by=by, **{**LABELS, **values})


def a_department_now():
    from helpdesk.accounts.directory import put_department

    return put_department("FIX", by=SYSTEM, name="Fixed network")[0]


def know(person, levels, by=SYSTEM) -> bool:
    with transaction():
        return set_skills(person, levels, by=by)


def problems(error) -> set[tuple[str, str]]:
    return {(each.field, each.code) for each in error.value.problems}


def test_the_same_topic_twice_is_new_then_unchanged_then_changed(app):
    assert put(synonyms=["outage"])[1] == "new"
    assert put(synonyms=["outage"])[1] == "unchanged"
    assert put(synonyms=["outage", "cut"])[1] == "changed"
    assert actions("topic") == ["topic_added", "topic_changed"]
    assert len(to_reindex("topic")) == 2


def test_people_who_know_a_topic_are_read_again_with_its_new_words(app):
    ana = a_person(Role.EXPERT)
    put()
    know(ana, {"fibre.fault": 2})
    forget_what_happened()
    put(synonyms=["no internet"])
    assert to_reindex("person") == [ana.id]


def test_synonyms_are_kept_once_each_without_spaces_around(app):
    put(synonyms=[" pto ", "", "pto", "box"])
    assert topic_with("fibre.fault").synonyms == ["pto", "box"]


def test_what_cannot_be_a_topic_is_refused(app):
    with pytest.raises(BadInput) as error:
        put("Fibre fault", label_fr=" ", label_en="x" * 201, synonyms=["y" * 101, "a\0b"])
    assert problems(error) == {
        ("code", "bad_code"),
        ("label_fr", "missing"),
        ("label_en", "too_long"),
        ("synonyms", "long_synonym"),
        ("synonyms", "nul"),
    }
    with pytest.raises(BadInput) as error:
        put(synonyms=[f"word {number}" for number in range(201)])
    assert problems(error) == {("synonyms", "too_many")}


def test_only_an_administrator_changes_topics_and_skills(app):
    a_topic()
    ana = a_person(Role.EXPERT, Role.HEAD)
    with pytest.raises(NotAllowed):
        put(by=ana)
    with pytest.raises(NotAllowed):
        know(ana, {"fibre.fault": 3}, by=ana)
    assert levels_of(ana) == {}


def test_skills_are_exactly_those_given(app):
    admin = an_administrator()
    for code in ("a.one", "b.two", "c.three"):
        a_topic(code)
    ana = a_person(Role.EXPERT)
    forget_what_happened()
    assert know(ana, {"a.one": 1, "b.two": 3}, by=admin)
    assert know(ana, {"b.two": 2, "c.three": 3}, by=admin)
    assert not know(ana, {"b.two": 2, "c.three": 3}, by=admin)
    assert levels_of(ana) == {"b.two": 2, "c.three": 3}
    assert to_reindex("person") == [ana.id, ana.id]
    entry = db.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
    assert (entry.action, entry.actor_id, entry.facts) == ("skills_changed", admin.id, {"topics": ["b.two", "c.three"]})


def test_an_unknown_topic_or_level_changes_nothing(app):
    a_topic("a.one")
    ana = a_person(Role.EXPERT)
    know(ana, {"a.one": 1})
    with pytest.raises(BadInput) as error:
        know(ana, {"a.one": 4, "no.such": 1})
    assert problems(error) == {("skills", "unknown_topic"), ("skills", "out_of_range")}
    assert levels_of(ana) == {"a.one": 1}


def test_topics_are_listed_with_how_many_experts_know_them(app):
    a_topic("a.one")
    a_topic("b.two")
    a_topic("c.three")
    expert, second = a_person(Role.EXPERT), a_person(Role.EXPERT)
    know(expert, {"a.one": 3, "b.two": 1})
    know(second, {"a.one": 2})
    know(a_person(Role.EXPERT, active=False), {"b.two": 3})  # left
    know(a_person(Role.COMMUNITY_MANAGER), {"c.three": 3})  # is never asked
    [(_department, known)] = by_department()
    assert [(each.topic.code, each.experts, each.answerable) for each in known] == [
        ("a.one", 2, 1),
        ("b.two", 1, 0),
        ("c.three", 0, 0),
    ]
    assert [(each.topic.code, each.experts) for each in thinly_known()] == [("c.three", 0), ("b.two", 1)]
    assert [skill.person for skill in who_knows(topic_with("a.one"))] == [expert, second]


def test_topics_of_departments_that_do_not_answer_need_nobody(app):
    a_department("COM", answers=False)
    a_topic("com.press", department="COM")
    assert thinly_known() == []

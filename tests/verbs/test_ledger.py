"""The ledger: what is sealed can't change unseen."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from builders.answers import an_approved_ticket, an_approver, an_official_answer, in_days
from builders.offers import an_expert
from helpdesk import clock
from helpdesk.answers import ledger
from helpdesk.answers.models import AnswerKind, AnswerVersion, OfficialAnswer
from helpdesk.answers.recording import record_official_answer
from helpdesk.db import db, transaction
from helpdesk.errors import BadInput

pytestmark = pytest.mark.usefixtures("app")


def alter(sql: str, **values: object) -> None:
    """Change rows behind the application's back."""
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text(sql), values)
    db.session.expire_all()


def test_an_approved_text_is_sealed_with_who_wrote_and_who_approved_it():
    approver = an_approver()
    ticket = an_approved_ticket("La fibre arrive en **juin**.", by=approver)
    answer = db.session.query(OfficialAnswer).one()
    version = answer.current
    assert answer.code == f"oa-{ticket.ref}"
    assert version.html == "<p>La fibre arrive en <strong>juin</strong>.</p>"
    assert version.plain == "La fibre arrive en juin."
    assert version.approver_ids == [approver.id]
    assert version.author_id != approver.id
    assert version.text_sha256 == ledger.text_sha256(version.body, version.short)
    assert version.hash == ledger.version_hash(version, answer)
    assert version.previous_hash == ""
    assert ledger.is_intact(version)
    assert list(ledger.broken_versions()) == []


def test_each_version_carries_the_seal_of_the_one_before():
    answer = an_official_answer("Un.")
    first = answer.current
    author, approver = an_expert(), an_approver()
    with transaction():
        _answer, what = record_official_answer(
            code=answer.code, title="Deux", body="Deux.", language="fr", author=author, approvers=[approver],
            approved_at=clock.now(), department=answer.department,
        )  # fmt: skip
    assert what == "changed"
    assert [version.version for version in answer.versions] == [1, 2]
    assert answer.current.previous_hash == first.hash
    assert list(ledger.broken_versions()) == []


def test_recording_the_same_answer_again_writes_nothing():
    answer = an_official_answer("Un.", code="oa-x", review_by=in_days(10))
    version = answer.current
    with transaction():
        _answer, what = record_official_answer(
            code="oa-x", title=version.title, body="Un.", language="fr", author=version.author,
            approvers=[an_approver()], approved_at=clock.now(), review_by=in_days(10), department=answer.department,
        )  # fmt: skip
    assert what == "unchanged"
    assert len(answer.versions) == 1


def test_an_answer_whose_author_is_its_approver_is_not_recorded():
    author = an_expert()
    with pytest.raises(BadInput) as refused:
        an_official_answer(author=author, approvers=[author])
    assert refused.value.problems[0].code == "own_answer"
    assert db.session.query(OfficialAnswer).count() == 0


def test_what_an_answer_is_does_not_change_by_recording_it_again():
    answer = an_official_answer(kind="edl", visibility="internal")
    with pytest.raises(BadInput):
        an_official_answer(code=answer.code, kind="answer", visibility="public")
    assert answer.kind is AnswerKind.LINES_TO_TAKE


ALTERATIONS = {
    "title": "'other'", "body": "'other'", "html": "'<p>other</p>'", "plain": "'other'", "short": "'other'",
    "sources": "'other'", "variables": "'[\"x\"]'", "review_by": "'2031-01-01'", "author_id": "author_id + 1",
    "approver_ids": "'[1]'", "approved_at": "'2020-01-01 00:00:00.000000'", "text_sha256": "'0'", "hash": "'0'",
    "previous_hash": "'0'", "version": "version + 1",
}  # fmt: skip


@pytest.mark.parametrize("column", ALTERATIONS)
def test_a_version_altered_in_any_column_is_found(column):
    an_official_answer()
    an_official_answer("Autre.")
    other = an_expert(handle="someone-else")
    value = str(other.id) if column == "author_id" else ALTERATIONS[column]
    version = db.session.query(AnswerVersion).order_by(AnswerVersion.id).first()
    alter(f"UPDATE answer_version SET {column} = {value} WHERE id = :id", id=version.id)
    found = list(ledger.broken_versions())
    assert [each.id for each, _fault in found] == [version.id]
    assert not ledger.is_intact(db.session.get(AnswerVersion, version.id))


@pytest.mark.parametrize(("column", "value"), [("kind", "edl"), ("language", "en"), ("visibility", "internal")])
def test_what_the_answer_is_belongs_to_the_seal(column, value):
    answer = an_official_answer()
    alter(f"UPDATE official_answer SET {column} = :value WHERE id = :id", value=value, id=answer.id)
    assert [fault for _version, fault in ledger.broken_versions()] == ["seal"]


def test_a_version_put_in_by_hand_has_no_decision_to_stand_on():
    answer, author, approver = an_official_answer(), an_expert(), an_approver()
    with transaction():
        forged = ledger.seal_version(
            answer, ledger.Text("T", "Faux."), author=author, approvers=[approver], at=clock.now()
        )
    assert not ledger.is_intact(forged)
    assert [fault for _version, fault in ledger.broken_versions()] == ["anchor"]


def test_the_application_itself_can_neither_change_nor_delete_a_version():
    version = an_official_answer().current
    with pytest.raises(ValueError, match="never changed"), transaction():
        version.body = "Autre chose."
    with pytest.raises(ValueError, match="never deleted"), transaction() as session:
        session.delete(session.get(AnswerVersion, version.id))
    assert list(ledger.broken_versions()) == []

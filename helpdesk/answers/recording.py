"""Official answers that were approved elsewhere, taken into the ledger with the names and dates they came with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts import auditing
from helpdesk.accounts.models import SYSTEM, Department, Person
from helpdesk.answers.ledger import RECORDED, WITHDRAWN, Text, last_version, seal_version
from helpdesk.answers.models import AnswerKind, AnswerStatus, AnswerTopic, OfficialAnswer
from helpdesk.db import db
from helpdesk.errors import BadInput, Problem
from helpdesk.routing.models import Topic
from helpdesk.tickets.events import reindex

VISIBILITIES = ("public", "internal")


def record_official_answer(
    *,
    code: str,
    title: str,
    body: str,
    language: str,
    author: Person,
    approvers: Sequence[Person],
    approved_at: datetime,
    kind: str = AnswerKind.ANSWER,
    short: str = "",
    visibility: str = "public",
    topics: Sequence[Topic] = (),
    department: Department | None = None,
    review_by: date | None = None,
    variables: Sequence[str] = (),
    withdrawn: bool = False,
    translation_of: str | None = None,
) -> tuple[OfficialAnswer, str]:
    """The official answer `code` with this text, and "new", "changed" (a new version was sealed) or "unchanged".

    Raises BadInput when its author is among its approvers, when nothing is said, or when what it is (kind, language,
    visibility) is not what the ledger has: that would be another answer.
    """
    text = Text(title.strip(), body.strip(), short.strip(), review_by=_day(review_by), variables=tuple(variables))
    _check(code, text, kind, visibility, author, approvers)
    answer = answer_with(code)
    is_new = answer is None
    if answer is None:
        answer = OfficialAnswer(code=code, kind=AnswerKind(kind), language=language, visibility=visibility)
        db.session.add(answer)
        db.session.flush()
    elif (str(answer.kind), answer.language, answer.visibility) != (str(kind), language, visibility):
        raise BadInput([Problem("kind", "another_answer", {"code": code})])
    changed = _describe(answer, department, topics, _original(translation_of))
    if is_new or _differs(answer, text):
        version = seal_version(answer, text, author=author, approvers=approvers, at=approved_at)
        auditing.note(RECORDED, "official_answer", answer.id, by=SYSTEM, version_id=version.id, seal=version.hash)
        changed = True
    if withdrawn and answer.status is not AnswerStatus.WITHDRAWN:
        answer.status, answer.withdrawn_at = AnswerStatus.WITHDRAWN, clock.now()
        auditing.note(WITHDRAWN, "official_answer", answer.id, by=SYSTEM)
        changed = True
    if changed:
        db.session.flush()
        reindex("answer", answer.id)
    return answer, "new" if is_new else "changed" if changed else "unchanged"


def answer_with(code: str) -> OfficialAnswer | None:
    return db.session.scalar(select(OfficialAnswer).where(OfficialAnswer.code == code))


def _day(value: date | str | None) -> date | None:
    """A day, also from its ISO text: documents write it either way."""
    if isinstance(value, datetime):
        return value.date()
    return date.fromisoformat(value) if isinstance(value, str) else value


def _check(code: str, text: Text, kind: str, visibility: str, author: Person, approvers: Sequence[Person]) -> None:
    problems = []
    if not code or len(code) > 60:
        problems.append(Problem("code", "bad_code"))
    if not text.title or len(text.title) > 200:
        problems.append(Problem("title", "missing" if not text.title else "too_long", {"limit": 200}))
    if not text.body:
        problems.append(Problem("body", "missing"))
    if kind not in {str(each) for each in AnswerKind}:
        problems.append(Problem("kind", "unknown_kind", {"known": ", ".join(AnswerKind)}))
    if visibility not in VISIBILITIES:
        problems.append(Problem("visibility", "unknown_kind", {"known": ", ".join(VISIBILITIES)}))
    if not approvers or author.id in {person.id for person in approvers}:
        problems.append(Problem("approvers", "own_answer"))
    if problems:
        raise BadInput(problems)


def _original(code: str | None) -> OfficialAnswer | None:
    if code is None:
        return None
    original = answer_with(code)
    if original is None:
        raise BadInput([Problem("translation_of", "unknown_answer", {"code": code})])
    return original


def _describe(
    answer: OfficialAnswer, department: Department | None, topics: Sequence[Topic], original: OfficialAnswer | None
) -> bool:
    """Set what is not part of the sealed text. True when something changed."""
    wanted = {topic.id for topic in topics}
    found = {row.topic_id for row in answer.topic_rows}
    department_id = department.id if department else None
    original_id = original.id if original else None
    if (wanted, department_id, original_id) == (found, answer.department_id, answer.translation_of_id):
        return False
    answer.department_id, answer.translation_of_id = department_id, original_id
    answer.topic_rows = [row for row in answer.topic_rows if row.topic_id in wanted] + [
        AnswerTopic(official_answer_id=answer.id, topic_id=topic_id) for topic_id in sorted(wanted - found)
    ]
    return True


def _differs(answer: OfficialAnswer, text: Text) -> bool:
    last = last_version(answer.id)
    return last is None or text != Text(
        last.title, last.body, last.short, last.sources, last.review_by, tuple(last.variables)
    )

"""Taking an official answer out of use, for good. What was posted stays listed, so that it can be corrected."""

from __future__ import annotations

from helpdesk import clock
from helpdesk.accounts import auditing
from helpdesk.accounts.access import Can, Relation, role_allowing
from helpdesk.accounts.models import Person
from helpdesk.answers.ledger import WITHDRAWN
from helpdesk.answers.models import AnswerStatus, OfficialAnswer
from helpdesk.errors import BadInput, NotAllowed, Problem
from helpdesk.tickets.events import reindex

LONGEST_REASON = 500


def may_withdraw(person: Person, answer: OfficialAnswer) -> bool:
    """Whether `person` may take `answer` out of use: any approver, the committee, the head of its department."""
    standing = {Relation.ANY}
    if answer.department is not None and answer.department.head_id == person.id:
        standing.add(Relation.DEPARTMENT)
    return person.active and role_allowing(Can.WITHDRAW_ANSWER, person.roles, standing) is not None


def withdraw_answer(answer: OfficialAnswer, *, by: Person, reason: str) -> OfficialAnswer:
    """Withdraw `answer`: from now on nothing posts it. Withdrawing it again changes nothing. Raises BadInput."""
    if not may_withdraw(by, answer):
        raise NotAllowed("may_not_withdraw_answer")
    if answer.status is AnswerStatus.WITHDRAWN:
        return answer
    reason = " ".join(reason.replace("\x00", "").split())
    if not reason:
        raise BadInput([Problem("reason", "missing")])
    if len(reason) > LONGEST_REASON:
        raise BadInput([Problem("reason", "too_long", {"count": len(reason), "limit": LONGEST_REASON})])
    answer.status, answer.withdrawn_at, answer.withdrawn_reason = AnswerStatus.WITHDRAWN, clock.now(), reason
    auditing.note(WITHDRAWN, "official_answer", answer.id, by=by)
    reindex("answer", answer.id)
    return answer

"""What decided questions would have taught before a past instant. Reads only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.answers.models import AnswerVersion, OfficialAnswer
from helpdesk.db import db
from helpdesk.routing.features import counted
from helpdesk.routing.learning import experience
from helpdesk.routing.linear import Example, LinearModel, importance
from helpdesk.search.query import Query
from helpdesk.tickets.models import Question, Ticket

LATEST = 5_000
"""Questions learned from, at most: the latest before the instant."""


def taught_before(instant: datetime) -> LinearModel | None:
    """The learned model as it was `before` an instant; None while the matcher in use has none either."""
    if experience().model is None:
        return None
    rows = db.session.execute(
        select(Question.text, Ticket.language, AnswerVersion.author_id, AnswerVersion.approved_at)
        .join(Ticket, Ticket.id == Question.ticket_id)
        .join(OfficialAnswer, OfficialAnswer.ticket_id == Ticket.id)
        .join(AnswerVersion, AnswerVersion.official_answer_id == OfficialAnswer.id)
        .where(AnswerVersion.version == 1, AnswerVersion.approved_at < instant, Ticket.restricted.is_(False))
        .order_by(AnswerVersion.approved_at.desc(), Question.id.desc())
        .limit(LATEST)
    ).all()
    examples = [
        Example(counted(Query.of(text, language)), (author_id,), importance(instant - approved_at))
        for text, language, author_id, approved_at in reversed(rows)
    ]
    return LinearModel.fit(examples) if examples else None

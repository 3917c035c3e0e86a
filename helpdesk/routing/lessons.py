"""What decided questions would have taught before a past instant. Reads only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.answers.models import AnswerVersion, OfficialAnswer
from helpdesk.db import db
from helpdesk.routing.features import counted
from helpdesk.routing.linear import Example, LinearModel, importance
from helpdesk.routing.matching import text_asked
from helpdesk.search.query import Query
from helpdesk.tickets.models import Question, Ticket

FEWEST = 50
"""Questions before anything is learned from them."""
MOST = 5_000
"""Questions learned from, at most: the latest before the instant."""


def taught_before(instant: datetime) -> LinearModel | None:
    """The model learned from what was answered `before` an instant; None while that was too little."""
    rows = db.session.execute(
        select(
            Question.subject,
            Question.text,
            Ticket.language,
            AnswerVersion.author_id,
            AnswerVersion.approved_at,
        )
        .join(Ticket, Ticket.id == Question.ticket_id)
        .join(OfficialAnswer, OfficialAnswer.ticket_id == Ticket.id)
        .join(AnswerVersion, AnswerVersion.official_answer_id == OfficialAnswer.id)
        .where(AnswerVersion.version == 1, AnswerVersion.approved_at < instant, Ticket.restricted.is_(False))
        .order_by(AnswerVersion.id.desc(), Question.id.desc())
        .limit(MOST)
    ).all()
    if len(rows) < FEWEST:
        return None
    return LinearModel.fit(
        [
            Example(
                counted(Query.of(text_asked(row.subject, row.text), row.language)),
                (row.author_id,),
                importance(instant - row.approved_at),
            )
            for row in reversed(rows)
        ]
    )

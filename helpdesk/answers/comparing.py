"""What an approver compares a text with: the last one that was decided on, and what it was begun from. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from helpdesk.answers.differences import Piece, differences
from helpdesk.answers.figures import NumberChange, numbers_changed
from helpdesk.answers.models import AnswerVersion, Approval, Draft
from helpdesk.db import db

PARTS = ("title", "body", "short")


@dataclass(frozen=True)
class Change:
    """What is not the same in two texts: the parts that differ, in their order, and every figure that does."""

    parts: dict[str, list[Piece]]
    figures: list[NumberChange]

    @property
    def is_none(self) -> bool:
        return not self.parts


def changes(before: Any, after: Any) -> Change:
    """What changed from one text to another (drafts or versions): title, body and short variant."""
    parts = {
        name: differences(getattr(before, name), getattr(after, name))
        for name in PARTS
        if getattr(before, name) != getattr(after, name)
    }
    figures = [change for name in PARTS for change in numbers_changed(getattr(before, name), getattr(after, name))]
    return Change(parts, figures)


def last_decided(draft: Draft) -> Approval | None:
    """The last decision on an earlier revision of the same ticket: what an approver has read before."""
    query = (
        select(Approval)
        .join(Draft, Draft.id == Approval.draft_id)
        .where(Draft.ticket_id == draft.ticket_id, Draft.revision < draft.revision)
    )
    return db.session.scalar(query.order_by(Approval.id.desc()).limit(1))


def begun_from(draft: Draft) -> AnswerVersion | None:
    """The official text this one was begun from, if any."""
    return db.session.get(AnswerVersion, draft.from_version_id) if draft.from_version_id else None

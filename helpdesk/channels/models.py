"""The places where questions are asked and answers are posted."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base


class Channel(Base):
    """One account on one network (or our own form, or a mailbox)."""

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)  # "web", "mastodon": used in the API
    kind: Mapped[str] = mapped_column(String(40))  # decides how length is counted: see answers.lengths
    account: Mapped[str] = mapped_column(String(300), default="")
    public: Mapped[bool] = mapped_column(default=True)
    accepts: Mapped[bool] = mapped_column(default=True)  # questions may come in
    posts_by_hand: Mapped[bool] = mapped_column(default=True)
    max_characters: Mapped[int | None]
    url_counts_as: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)

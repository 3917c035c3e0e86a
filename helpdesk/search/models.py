"""Words that mean the same, as the administrators of the organisation say."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base


class SynonymGroup(Base):
    """Words and expressions that mean the same, in either language."""

    __tablename__ = "synonym_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    french: Mapped[list[str]]
    english: Mapped[list[str]]
    one_way: Mapped[bool] = mapped_column(default=False)

    @property
    def words(self) -> list[str]:
        """All of them, each once."""
        return list(dict.fromkeys([*self.french, *self.english]))

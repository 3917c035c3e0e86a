"""What the matcher reads of a masked text. Pure."""

from __future__ import annotations

from helpdesk.intake.masking import split_marks


def without_marks(masked: str) -> str:
    """A masked text without its marks: `⟦customer-number⟧` is no word of the asker's."""
    return "".join(piece if isinstance(piece, str) else " " for piece in split_marks(masked))

"""What is matched of a question. Pure."""

from helpdesk.intake.masking import split_marks


def text_asked(subject: str | None, text: str) -> str:
    """Subject and text without the marks of masking: `⟦customer-number⟧` is no word of the asker's."""
    masked = "\n".join(part for part in (subject, text) if part)
    return "".join(piece if isinstance(piece, str) else " " for piece in split_marks(masked))

"""How a question is read by the matcher. Pure."""

from helpdesk.routing.masked import without_marks
from helpdesk.search.equivalents import NONE, Equivalents
from helpdesk.search.query import Query


def query_of(subject: str | None, text: str, language: str | None, equivalents: Equivalents = NONE) -> Query:
    """What is matched of a question, without the marks of masking: `⟦customer-number⟧` is no word of the asker's."""
    return Query.of(without_marks(text), language, without_marks(subject) if subject else None, equivalents)

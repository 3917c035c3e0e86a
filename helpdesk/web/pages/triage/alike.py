"""Open questions that seem to ask the same as the one shown, as its page lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from helpdesk.routing.duplicates import VETOES
from helpdesk.routing.earlier import EarlierTicket, text_of
from helpdesk.routing.wording import Names
from helpdesk.search.query import Query
from helpdesk.tickets.models import Ticket
from helpdesk.web.likeness import closeness, is_against, why


@dataclass(frozen=True)
class AlikeQuestion:
    """`same`: likely enough, and nothing forbids that one answer serves both. `vetoed`: something does. `words`: those
    of its excerpt that ours has too."""

    ticket: Ticket
    same: bool
    vetoed: bool
    closeness: str
    reasons: list[str]
    against: list[str]
    words: list[str]


def alike_questions(
    asked: Ticket, found: Iterable[EarlierTicket], tickets: Mapping[int, Ticket], names: Names
) -> list[AlikeQuestion]:
    """What `found` says, of the `tickets` the reader may see."""
    query = Query.of(text_of(asked), asked.language)
    return [
        AlikeQuestion(
            tickets[each.ticket_id],
            each.is_duplicate,
            any(reason.sign in VETOES for reason in each.reasons),
            closeness(each.similarity),
            [why(reason, names) for reason in each.reasons if not is_against(reason)],
            [why(reason, names) for reason in each.reasons if is_against(reason)],
            _shared_words(query, tickets[each.ticket_id].excerpt),
        )
        for each in found
        if each.ticket_id in tickets
    ]


def _shared_words(query: Query, excerpt: str) -> list[str]:
    """The words of `excerpt`, as written there, that stand in the question too."""
    other = Query.of(excerpt, query.language)
    nothing = {token.start for tokens in other.tokens.values() for token in tokens if token.common}
    ours = {language: query.terms(language, common=False) for language in query.tokens}
    found = {
        excerpt[token.start : token.end]
        for language, tokens in other.tokens.items()
        for token in tokens
        if token.term in ours[language] and token.start not in nothing
    }
    return sorted(found, key=lambda word: (-len(word), word))

"""What was asked or answered before: official answers that may fit, open questions that ask the same, answered ones.

Reads only. Everything here is advice with reasons: a person re-uses an answer or merges two questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam, func, select

from helpdesk.answers.models import AnswerKind, AnswerStatus, AnswerTopic, AnswerVersion, OfficialAnswer
from helpdesk.db import db
from helpdesk.routing.duplicates import DUPLICATE_FROM, Found, Reading, Sign, Verdict, judge, shares_of_topics
from helpdesk.routing.evidence import likely_topics
from helpdesk.routing.masked import without_marks
from helpdesk.routing.meaning import meaning_of
from helpdesk.routing.models import Topic
from helpdesk.search.alike import heading_of
from helpdesk.search.documents import WAITING, words_of
from helpdesk.search.index import AskedHit, Index, PrecedentHit, PrecedentKind, PrecedentsFound, TopicsFound
from helpdesk.search.query import Query
from helpdesk.tickets.models import Question, Ticket, TicketTopic

ANSWERS_SHOWN = 5
TICKETS_SHOWN = 5
BY_WORDS, BY_TOPICS = 10, 6
"""Open questions that are read and judged: the best found by words, and the best others found by topics."""
WORTH_SHOWING = 0.3
"""Likeness from which an earlier question is shown at all."""
ANSWERS_JUDGED = 12
ANSWER_WORTH_SHOWING = 0.2
"""The same for an answer, which is written in other words than what it answers."""
LEAST_SHARED_WORDS = 2
LEAST_SHARE_OF_WORDS = 0.2
"""Number and share of the question's telling words that what was answered must hold: "hello", "what to do" are none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The question that is compared with everything earlier."""

    query: Query
    heading: str
    reading: Reading
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """An official answer that looks fitting. `why_not` is a short code when it can't be posted here and now."""

    answer_id: int
    similarity: float
    """Its score as a share of what the question would reach against itself, with what else speaks for it; 0 to 1."""
    why_not: str | None = None
    reasons: tuple[Found, ...] = ()

    @property
    def usable(self) -> bool:
        return self.why_not is None


@dataclass(frozen=True, slots=True)
class EarlierTicket:
    """A ticket that asks something alike: still open (a candidate for merging), or answered."""

    ticket_id: int
    similarity: float
    is_open: bool = False
    is_duplicate: bool = False
    reasons: tuple[Found, ...] = ()


def asked_of(
    query: Query,
    found: TopicsFound,
    *,
    ticket: Ticket | None = None,
    chosen_topics: Iterable[int] = (),
) -> Asked:
    """What `query` asks. The topics are those a person chose, else the likely ones found."""
    subject, first = (ticket.question.subject, ticket.question.text) if ticket else (None, query.text)
    topics = dict.fromkeys(chosen_topics, 1.0) or {hit.topic_id: hit.score for hit in likely_topics(found)}
    reading = Reading(
        meaning_of(query.text, query.language),
        shares_of_topics(topics),
        query.language,
        ticket.channel_id if ticket else None,
        _minute(ticket.opened_at) if ticket else None,
    )
    return Asked(query, heading_of(subject, without_marks(first)), reading, ticket.id if ticket else None)


def _minute(instant: datetime) -> float:
    return instant.timestamp() / 60


# --- open questions -----------------------------------------------------------------------------------------------


def open_questions(asked: Asked, index: Index) -> list[EarlierTicket]:
    """Open tickets that ask the same, or look so and do not (with what forbids it), best first."""
    shares = _candidates(asked, index)
    if not shares:
        return []
    at = _At(index, index.generation())
    found = []
    for waiting in _waiting(shares):
        verdict = judge(asked.reading, _reading_of(waiting, at), shares[waiting.ticket_id])
        if _is_worth_showing(verdict):
            found.append(
                EarlierTicket(waiting.ticket_id, verdict.similarity, True, verdict.is_duplicate, verdict.reasons)
            )
    return sorted(found, key=lambda each: (not each.is_duplicate, -each.similarity, each.ticket_id))[:TICKETS_SHOWN]


class _Waiting(NamedTuple):
    """An open ticket: what was asked first, and the topics that a person chose."""

    ticket_id: int
    language: str | None
    channel_id: int
    opened_at: datetime
    text: str
    topics: tuple[int, ...]


# Statements that every page of a question asks for are made once: that takes longer than to carry them out.
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_OPEN = (
    select(Ticket.id, Ticket.language, Ticket.channel_id, Ticket.opened_at, Question.subject, Question.text)
    .join(Question, Question.ticket_id == Ticket.id)
    .where(
        Ticket.id.in_(_IDS),
        Ticket.state.in_(WAITING),
        Ticket.restricted.is_(False),
        Question.id.in_(select(func.min(Question.id)).where(Question.ticket_id.in_(_IDS)).group_by(Question.ticket_id)),
    )
)
_CHOSEN = select(TicketTopic.ticket_id, TicketTopic.topic_id).where(TicketTopic.ticket_id.in_(_IDS))
_OWN_TICKETS = select(OfficialAnswer.id, OfficialAnswer.ticket_id).where(OfficialAnswer.id.in_(_IDS))
_IN_WRITING = (
    select(
        OfficialAnswer.id,
        OfficialAnswer.language,
        OfficialAnswer.status,
        OfficialAnswer.kind,
        OfficialAnswer.visibility,
        AnswerVersion.title,
        AnswerVersion.plain,
        AnswerVersion.review_by,
    )
    .join(AnswerVersion, AnswerVersion.official_answer_id == OfficialAnswer.id)
    .where(OfficialAnswer.id.in_(_IDS))
    .order_by(AnswerVersion.version)
)
_ABOUT = select(AnswerTopic.official_answer_id, AnswerTopic.topic_id).where(AnswerTopic.official_answer_id.in_(_IDS))


def _waiting(ids: Iterable[int]) -> list[_Waiting]:
    """Those of the tickets that may be shown."""
    asked = {"ids": list(ids)}
    rows = db.session.execute(_OPEN, asked).all()
    topics: dict[int, tuple[int, ...]] = {}
    for ticket_id, topic_id in db.session.execute(_CHOSEN, asked):
        topics[ticket_id] = (*topics.get(ticket_id, ()), topic_id)
    return [_Waiting(*row[:4], _said(row.subject, row.text), topics.get(row.id, ())) for row in rows]


def _is_worth_showing(verdict: Verdict, least: float = WORTH_SHOWING) -> bool:
    """Likely enough; or so alike that a person should read why it is another question."""
    return verdict.similarity >= least or (bool(verdict.vetoes) and verdict.unvetoed >= DUPLICATE_FROM)


def _candidates(asked: Asked, index: Index) -> dict[int, float]:
    """The tickets to judge, each with how much of the question it holds."""
    by_words = _others(asked, index.asked(asked.query, asked.heading, limit=2 * BY_WORDS).hits)
    shares = dict(list(by_words.items())[:BY_WORDS])
    if asked.reading.topics:
        words = Query.of(_words_of_topics(asked.reading.topics))
        found = _others(asked, index.asked(words, "", limit=BY_TOPICS + len(shares) + 1).hits)
        by_topics = [ticket_id for ticket_id in found if ticket_id not in shares][:BY_TOPICS]
        shares |= {ticket_id: by_words.get(ticket_id, 0.0) for ticket_id in by_topics}
    return shares


def _others(asked: Asked, hits: Iterable[AskedHit]) -> dict[int, float]:
    """How much of the question each ticket but its own holds, best first."""
    return {hit.ticket_id: hit.share for hit in hits if hit.ticket_id != asked.ticket_id}


def _words_of_topics(topics: Iterable[int]) -> str:
    """Labels and synonyms in both languages: what finds the question asked in other words, or in the other language."""
    rows = db.session.scalars(select(Topic).where(Topic.id.in_(tuple(topics))))
    return ". ".join(map(words_of, rows))


def _reading_of(waiting: _Waiting, at: _At) -> Reading:
    language, text = waiting.language, waiting.text
    chosen = dict.fromkeys(waiting.topics, 1.0)
    topics = shares_of_topics(chosen) if chosen else _likely_topics(at, text, language)
    return Reading(meaning_of(text, language), topics, language, waiting.channel_id, _minute(waiting.opened_at))


def text_of(ticket: Ticket) -> str:
    """What was asked with the ticket's first question, without the marks that stand for personal data."""
    return _said(ticket.question.subject, ticket.question.text)


def _said(subject: str | None, text: str) -> str:
    return without_marks("\n".join(part for part in (subject, text) if part))


@dataclass(frozen=True)
class _At:
    """An index in one generation: the key under which what it said is kept."""

    index: Index
    generation: str


@lru_cache(maxsize=4096)
def _likely_topics(at: _At, text: str, language: str | None) -> Mapping[int, float]:
    hits = likely_topics(at.index.topics(Query.of(text, language)))
    return shares_of_topics({hit.topic_id: hit.score for hit in hits})


# --- what was answered --------------------------------------------------------------------------------------------


def answered_tickets(asked: Asked, found: PrecedentsFound) -> list[EarlierTicket]:
    """Answered tickets that look like the question, best first."""
    similar = [(hit, share) for hit, share, enough in _similar(asked, found) if enough]
    answers = [hit.source_id for hit, _ in similar if hit.kind is PrecedentKind.OFFICIAL_ANSWER]
    if not similar:
        return []
    rows = db.session.execute(_OWN_TICKETS, {"ids": answers})
    written_for = {row.id: row.ticket_id for row in rows}
    earlier: dict[int, float] = {}
    for hit, similarity in similar:
        own = hit.source_id if hit.kind is PrecedentKind.TICKET else written_for.get(hit.source_id)
        if own is not None and own != asked.ticket_id and similarity >= WORTH_SHOWING:
            earlier.setdefault(own, similarity)
    return [EarlierTicket(own, similarity) for own, similarity in list(earlier.items())[:TICKETS_SHOWN]]


def earlier_answers(asked: Asked, found: PrecedentsFound, today: date) -> list[EarlierAnswer]:
    """Official answers that look fitting, best first, and whether each may be posted on `today`."""
    close = {
        hit.source_id: (share, enough)
        for hit, share, enough in _similar(asked, found)
        if hit.kind is PrecedentKind.OFFICIAL_ANSWER
    }
    if not close:
        return []
    written = _written(list(close)[:ANSWERS_JUDGED])
    topics = _topics_of(written)
    judged = []
    for answer_id, answer in written.items():
        share, enough = close[answer_id]
        verdict = judge(asked.reading, _reading_of_answer(answer, topics.get(answer_id, {})), share)
        if (enough or _says_why(verdict)) and _is_worth_showing(verdict, ANSWER_WORTH_SHOWING):
            why_not = _why_not(answer, asked.query.language, today) or _out_of_scope(verdict)
            judged.append(EarlierAnswer(answer_id, verdict.similarity, why_not, verdict.reasons))
    return sorted(judged, key=lambda each: (-each.similarity, each.answer_id))[:ANSWERS_SHOWN]


class _Written(NamedTuple):
    """An official answer as it is in use."""

    language: str
    status: AnswerStatus
    kind: AnswerKind
    visibility: str
    title: str
    plain: str
    review_by: date | None


def _written(ids: Sequence[int]) -> dict[int, _Written]:
    """The answers by id, each in its last version."""
    rows = db.session.execute(_IN_WRITING, {"ids": list(ids)})
    return {row[0]: _Written._make(row[1:]) for row in rows}


def _similar(asked: Asked, found: PrecedentsFound) -> list[tuple[PrecedentHit, float, bool]]:
    """The precedents, best first: each with its score as a share of the question's own, and whether it holds enough of
    the question's telling words to be shown for them alone."""
    if not found.own > 0:
        return []
    telling = asked.query.informative()
    least = max(LEAST_SHARED_WORDS, LEAST_SHARE_OF_WORDS * len(telling))
    return [
        (hit, min(1.0, hit.score / found.own), len({term for _, term in hit.words} & telling) >= least)
        for hit in found.hits
    ]


def _reading_of_answer(answer: _Written, topics: Mapping[int, float]) -> Reading:
    """An answer is about the codes and places it names, however long it is."""
    text = f"{answer.title}\n{answer.plain}"
    meaning = replace(meaning_of(text, answer.language), short=True, asks=False)
    return Reading(meaning, shares_of_topics(topics), answer.language)


def _says_why(verdict: Verdict) -> bool:
    """Whether something else than words speaks for it."""
    return any(found.sign in (Sign.SAME_TOPIC, Sign.SAME_CODE, Sign.SAME_TECHNOLOGY) for found in verdict.reasons)


def _out_of_scope(verdict: Verdict) -> str | None:
    """The code of what the answer is about instead: "other_place", "other_code", "other_technology"."""
    return str(verdict.vetoes[0].sign) if verdict.vetoes else None


def _topics_of(ids: Iterable[int]) -> dict[int, dict[int, float]]:
    topics: dict[int, dict[int, float]] = {}
    for answer_id, topic_id in db.session.execute(_ABOUT, {"ids": list(ids)}):
        topics.setdefault(answer_id, {})[topic_id] = 1.0
    return topics


def _why_not(answer: _Written, language: str | None, today: date) -> str | None:
    """A short code for why this answer may not be posted for a question in `language` today; None: it may."""
    if answer.status is not AnswerStatus.IN_FORCE:
        return str(answer.status)
    if answer.kind is not AnswerKind.ANSWER or answer.visibility != "public":
        return "internal"
    if answer.review_by is not None and answer.review_by < today:
        return "expired"
    if language is not None and answer.language != language:
        return "other_language"
    return None

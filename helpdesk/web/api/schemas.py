"""What goes in and out of the API, for its description and for the first check of what comes in.

Rules of the domain are not repeated here: `intake.cleaning` and the verbs refuse with reasons.
"""

from __future__ import annotations

import re
from typing import Any

from apiflask import Schema
from apiflask.fields import Boolean, Date, DateTime, Dict, Email, Integer, List, Nested, Raw, String
from apiflask.validators import Length, OneOf, Range
from marshmallow import RAISE, ValidationError, pre_load

from helpdesk.db import LARGEST_ID
from helpdesk.routing.models import DeclineReason
from helpdesk.tickets.classes import CLASSES, PRIORITIES, SENSITIVITIES
from helpdesk.tickets.workflow import State

MOST_PER_PAGE = 200
NO_TEXT = re.compile("[\0\ud800-\udfff]")


class In(Schema):
    """A body: names that are not known are refused, so that a typing mistake does not pass unseen."""

    class Meta:
        unknown = RAISE

    @pre_load
    def refuse_what_is_no_text(self, data: Any, **_context: Any) -> Any:
        """NUL and halves of surrogate pairs are no characters: no database keeps them, and no page shows them."""
        wrong = {}
        for name, value in data.items() if isinstance(data, dict) else ():
            texts = [name, *(value if isinstance(value, list) else [value])]
            if any(NO_TEXT.search(text) for text in texts if isinstance(text, str)):
                wrong[NO_TEXT.sub("\ufffd", name)] = ["Holds a NUL or half of a surrogate pair: no character."]
        if wrong:
            raise ValidationError(wrong)
        return data


class ProblemSchema(Schema):
    type = String(required=True)
    title = String(required=True)
    status = Integer(required=True)
    detail = String()
    errors = Raw()
    what_changed = Raw()
    code = String()


# --- in ---------------------------------------------------------------------------------------------------------------


class AuthorSchema(In):
    handle = String(validate=Length(max=255), allow_none=True)
    name = String(validate=Length(max=255), allow_none=True)
    email = Email(validate=Length(max=254), allow_none=True)


class QuestionSchema(In):
    text = String(required=True, validate=Length(1, 20_000), metadata={"description": "Verbatim, any Unicode"})
    channel = String(required=True, validate=Length(1, 64), metadata={"description": "A code of /channels"})
    subject = String(validate=Length(max=300), allow_none=True)
    language = String(validate=OneOf(["fr", "en"]), allow_none=True)
    external_id = String(validate=Length(max=255), allow_none=True)
    url = String(validate=Length(max=2000), allow_none=True)
    posted_at = DateTime(allow_none=True, metadata={"description": "ISO 8601 with an offset"})
    author = Nested(AuthorSchema, allow_none=True)


class VersionedSchema(In):
    version = Integer(
        strict=True,
        validate=Range(0, LARGEST_ID),
        metadata={"description": "The version you saw: 409 if the ticket moved on since"},
    )


class TriageSchema(VersionedSchema):
    class_ = String(data_key="class", validate=OneOf(list(CLASSES)))
    priority = String(validate=OneOf(list(PRIORITIES)))
    topics = List(String(validate=Length(1, 80)), validate=Length(max=20))
    sensitivity = String(validate=OneOf(list(SENSITIVITIES)), allow_none=True)
    language = String(validate=OneOf(["fr", "en"]), allow_none=True)


class MergeSchema(VersionedSchema):
    into = String(required=True, validate=Length(1, 20), metadata={"description": "The ref of the ticket that stays"})
    reason = String(
        validate=Length(max=2000),
        allow_none=True,
        metadata={"description": "Why one answer serves both: needed where something conflicts"},
    )


class OfferInSchema(VersionedSchema):
    person = String(required=True, validate=Length(1, 60), metadata={"description": "A handle of /people"})


class DeclineSchema(VersionedSchema):
    reason = String(required=True, validate=OneOf([str(reason) for reason in DeclineReason]))
    note = String(validate=Length(max=2000))
    instead = String(validate=Length(1, 60), allow_none=True)


class DraftInSchema(VersionedSchema):
    body = String(required=True, validate=Length(1, 20_000), metadata={"description": "Markdown"})
    short = String(validate=Length(max=2000))
    title = String(validate=Length(max=200))
    sources = String(validate=Length(max=5000))
    review_by = Date(allow_none=True)


class SubmissionSchema(VersionedSchema):
    revision = Integer(required=True, strict=True, validate=Range(1, 1_000_000))


class ApprovalInSchema(SubmissionSchema):
    decision = String(required=True, validate=OneOf(["approve", "return"]))
    comment = String(validate=Length(max=5000))


class PublicationInSchema(VersionedSchema):
    channel = String(required=True, validate=Length(1, 64))
    url = String(validate=Length(max=2000), allow_none=True)
    text = String(validate=Length(max=40_000), allow_none=True)


class MatchInSchema(In):
    text = String(required=True, validate=Length(1, 20_000))
    language = String(validate=OneOf(["fr", "en"]), allow_none=True)


# --- queries ----------------------------------------------------------------------------------------------------------


class PageQuery(Schema):
    limit = Integer(load_default=50, validate=Range(1, MOST_PER_PAGE))
    cursor = String(validate=Length(max=1000))


class TicketsQuery(PageQuery):
    state = String(validate=OneOf([str(state) for state in State]))
    department = String(validate=Length(max=40))
    assignee = String(validate=Length(max=60))
    topic = String(validate=Length(max=80))
    priority = String(validate=OneOf(list(PRIORITIES)))
    late = Boolean()
    q = String(validate=Length(max=200))


class AnswersQuery(PageQuery):
    q = String(validate=Length(max=200))
    status = String(validate=OneOf(["in_force", "expired", "withdrawn", "superseded"]))
    topic = String(validate=Length(max=80))
    language = String(validate=OneOf(["fr", "en"]))


# --- out --------------------------------------------------------------------------------------------------------------


class TicketSchema(Schema):
    ref = String(required=True)
    state = String(required=True, validate=OneOf([str(state) for state in State]))
    outcome = String(allow_none=True)
    priority = String()
    class_ = String(data_key="class", attribute="class", allow_none=True)
    sensitivity = String(allow_none=True)
    language = String(allow_none=True)
    topics = List(String())
    department = String(allow_none=True)
    assignee = String(allow_none=True)
    channel = String()
    excerpt = String(metadata={"description": "First words; personal data masked"})
    opened_at = String()
    due_at = String(allow_none=True)
    closed_at = String(allow_none=True)
    late = Boolean()
    waiting_for_asker = Boolean()
    restricted = Boolean()
    personal_data = Boolean()
    version = Integer(required=True)


class TriagedSchema(TicketSchema):
    """The same, under a name of its own: a schema is either nested in others or an answer by itself."""


class MergedSchema(TicketSchema):
    merged_into = String(allow_none=True, metadata={"description": "The ref of the ticket that stays"})


class OpenedSchema(Schema):
    id = Integer(required=True)
    ticket = Nested(TicketSchema, required=True)


class TicketDetailSchema(TicketSchema):
    merged_into = String(allow_none=True)
    questions = List(Dict())
    offers = List(Dict())
    drafts = List(Dict())
    official_answer = Dict(allow_none=True)
    publications = List(Dict())
    clocks = List(Dict())
    events = List(Dict())


def page_of(schema: type[Schema]) -> type[Schema]:
    """The schema of one page of `schema`."""
    fields: dict[str, Any] = {
        "items": List(Nested(schema), required=True),
        "next_cursor": String(required=True, allow_none=True),
    }
    return Schema.from_dict(fields, name=f"PageOf{schema.__name__.removesuffix('Schema')}")  # type: ignore[return-value]


class OfferSchema(Schema):
    id = Integer(required=True)
    ticket = String()
    person = String()
    state = String()
    due_at = String(allow_none=True)
    offered_at = String()
    answered_at = String(allow_none=True)
    reason = String(allow_none=True)
    instead = String(allow_none=True)


class RevisionSchema(Schema):
    revision = Integer(required=True)
    ticket = Nested(TicketSchema)


class ApprovedSchema(Schema):
    decision = String(required=True)
    official_answer = Dict(allow_none=True)
    ticket = Nested(TicketSchema)


class PublicationSchema(Schema):
    id = Integer(required=True)
    channel = String()
    url = String(allow_none=True)
    variant = String()
    state = String()
    posted_at = String()
    posted_by = String(allow_none=True)
    matches_approved = Boolean(allow_none=True, metadata={"description": "null: the posted text was not given"})
    verdict = String()
    differences = List(Dict())


class SuggestionsSchema(Schema):
    mode = String(required=True)
    experts = List(Dict(), required=True)
    not_chosen = List(Dict(), required=True)
    official_answers = List(Dict(), required=True)
    similar_tickets = List(Dict(), required=True)


class OfficialAnswerSchema(Schema):
    id = String(required=True)
    kind = String()
    title = String()
    language = String()
    status = String()
    topics = List(String())
    department = String(allow_none=True)
    version = Integer()
    review_by = String(allow_none=True)
    approved_at = String()
    uses = Integer()
    body = String()
    short = String()
    html = String()


class OfficialAnswerDetailSchema(OfficialAnswerSchema):
    """The same, as an answer by itself."""


class VersionSchema(Schema):
    version = Integer(required=True)
    title = String()
    body = String()
    short = String()
    author = String()
    approvers = List(String())
    approved_at = String()
    review_by = String(allow_none=True)
    text_sha256 = String()
    previous_hash = String()
    hash = String()


class PersonSchema(Schema):
    handle = String(required=True)
    name = String()
    title = String()
    department = String(allow_none=True)
    roles = List(String())
    languages = List(String())
    away_until = String(allow_none=True)


class MeSchema(PersonSchema):
    email = String(allow_none=True)


class DepartmentSchema(Schema):
    code = String(required=True)
    name = String()
    head = String(allow_none=True)
    answers = Boolean()


class TopicSchema(Schema):
    code = String(required=True)
    label_fr = String()
    label_en = String()
    department = String()


class ChannelSchema(Schema):
    code = String(required=True)
    kind = String()
    account = String()
    public = Boolean()
    max_characters = Integer(allow_none=True)

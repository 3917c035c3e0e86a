"""The life of a ticket as one table: which event may happen in which state, and where it leads.

Pure: values in, values out. Only `helpdesk.tickets.events` sets a state, and only through `next_state`.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a ticket stands. Waiting for the asker, late, urgent and sensitive are facts, not states."""

    RECEIVED = "received"
    OFFERED = "offered"
    ANSWERING = "answering"
    VALIDATING = "validating"
    READY = "ready"
    ANSWERED = "answered"
    CLOSED = "closed"
    ESCALATED = "escalated"


class Kind(StrEnum):
    """What can happen to a ticket. The words are kept in the log for ever: never rename one."""

    RECEIVED = "received"
    CLAIMED = "claimed"
    RELEASED = "released"
    SUGGESTED = "suggested"
    TRIAGED = "triaged"
    OFFERED = "offered"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    CLARIFICATION_ASKED = "clarification_asked"
    ASKER_REPLIED = "asker_replied"
    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REFUSED_APPROVAL = "refused_approval"
    APPROVED = "approved"
    REUSED = "reused"
    REVERTED = "reverted"
    PUBLISHED = "published"
    PUBLICATION_FAILED = "publication_failed"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"
    ESCALATED = "escalated"
    RELEASED_TO_ROUTE = "released_to_route"
    ORIGINAL_READ = "original_read"
    ERASED = "erased"
    RETARGETED = "retargeted"
    JUDGED = "judged"


class Outcome(StrEnum):
    """How a closed ticket ended. Only `ANSWERED` counts as an answer."""

    ANSWERED = "answered"
    NO_REPLY = "no_reply"
    HANDED_OFF = "handed_off"
    MERGED = "merged"
    NO_DETAIL = "no_detail"


class Queue(StrEnum):
    """The working list a ticket stands in: its state, told apart by whether triage is done."""

    TRIAGE = "triage"
    ROUTE = "route"
    EXPERT = "expert"
    APPROVAL = "approval"
    PUBLISH = "publish"
    ANSWERED = "answered"
    CLOSED = "closed"
    RESTRICTED = "restricted"


RECEIVED, OFFERED, ANSWERING, VALIDATING, READY, ANSWERED, CLOSED, ESCALATED = State
OPEN = frozenset({RECEIVED, OFFERED, ANSWERING, VALIDATING, READY, ESCALATED})
EVERY = frozenset(State)

#   event                      where it may happen                     where it leads (None: stays)
MOVES: dict[Kind, tuple[frozenset[State], State | None]] = {
    Kind.RECEIVED: (frozenset(), RECEIVED),  # the first event, and only the first
    Kind.CLAIMED: (frozenset({RECEIVED}), None),
    Kind.RELEASED: (frozenset({RECEIVED}), None),
    Kind.SUGGESTED: (OPEN, None),
    Kind.TRIAGED: (frozenset({RECEIVED, OFFERED, ANSWERING, VALIDATING, READY, ESCALATED}), None),
    Kind.OFFERED: (frozenset({RECEIVED, OFFERED, ANSWERING}), OFFERED),
    Kind.DECLINED: (frozenset({OFFERED}), RECEIVED),
    Kind.REDIRECTED: (frozenset({OFFERED, ANSWERING}), RECEIVED),
    Kind.WITHDRAWN: (frozenset({OFFERED, ANSWERING}), RECEIVED),
    Kind.EXPIRED: (frozenset({OFFERED}), RECEIVED),
    Kind.ACCEPTED: (frozenset({OFFERED}), ANSWERING),
    Kind.CLARIFICATION_ASKED: (frozenset({RECEIVED, ANSWERING}), None),
    Kind.ASKER_REPLIED: (EVERY, None),
    Kind.DRAFTED: (frozenset({ANSWERING, ESCALATED}), None),
    Kind.SUBMITTED: (frozenset({ANSWERING, ESCALATED}), VALIDATING),
    Kind.RETURNED: (frozenset({VALIDATING}), ANSWERING),
    Kind.REFUSED_APPROVAL: (EVERY, None),
    Kind.APPROVED: (frozenset({VALIDATING}), READY),
    Kind.REUSED: (frozenset({RECEIVED}), READY),
    Kind.REVERTED: (frozenset({READY}), VALIDATING),
    Kind.PUBLISHED: (frozenset({READY}), ANSWERED),
    Kind.PUBLICATION_FAILED: (frozenset({READY}), None),
    Kind.CLOSED: (frozenset({RECEIVED, OFFERED, READY, ANSWERED, ESCALATED}), CLOSED),
    Kind.REOPENED: (frozenset({ANSWERED, CLOSED}), RECEIVED),
    Kind.MERGED: (frozenset({RECEIVED, OFFERED}), CLOSED),
    Kind.ESCALATED: (frozenset({RECEIVED, OFFERED, ANSWERING, VALIDATING, READY}), ESCALATED),
    Kind.RELEASED_TO_ROUTE: (frozenset({ESCALATED}), RECEIVED),
    Kind.ORIGINAL_READ: (EVERY, None),
    Kind.ERASED: (EVERY, None),
    Kind.RETARGETED: (OPEN, None),
    Kind.JUDGED: (EVERY, None),  # the asker says whether the answer helped, whatever became of the ticket since
}

# The facts an event of a kind must carry, and the only other ones it may carry. `promises`: what the clocks that the
# event starts are held to (`helpdesk.sla.promise`), added by `events` itself.
FACTS: dict[Kind, tuple[frozenset[str], frozenset[str]]] = {
    kind: (frozenset(required.split()), frozenset(allowed.split()))
    for kind, (required, allowed) in {
        Kind.RECEIVED: ("question_id digest channel", "language masked origin promises posted_at posted_in_future"),
        Kind.CLAIMED: ("person_id", ""),
        Kind.RELEASED: ("person_id", "reason"),
        Kind.SUGGESTED: ("decision_id mode", ""),
        Kind.TRIAGED: ("class priority", "topics sensitivity language department_id previous_priority promises"),
        Kind.OFFERED: ("offer_id person_id", "mode promises department_id"),
        Kind.DECLINED: ("offer_id person_id reason", "instead_id promises"),
        Kind.REDIRECTED: ("offer_id person_id", "instead_id department_id reason promises"),
        Kind.WITHDRAWN: ("offer_id person_id", "reason promises department_id"),
        Kind.EXPIRED: ("offer_id person_id", "promises"),
        Kind.ACCEPTED: ("offer_id person_id", "by_link promises"),
        Kind.CLARIFICATION_ASKED: ("clarification_id", ""),
        Kind.ASKER_REPLIED: ("question_id digest", "clarification_id promises posted_at posted_in_future"),
        Kind.DRAFTED: ("draft_id revision digest", ""),
        Kind.SUBMITTED: ("draft_id revision digest", "promises"),
        Kind.RETURNED: ("draft_id revision approval_id", "promises"),
        Kind.REFUSED_APPROVAL: ("draft_id reason", ""),
        Kind.APPROVED: ("draft_id revision approval_id version_id digest seal", "official_answer_id promises"),
        Kind.REUSED: ("version_id digest seal", "official_answer_id promises"),
        Kind.REVERTED: ("reason", "version_id draft_id revision digest promises"),
        Kind.PUBLISHED: ("publication_id version_id digest verdict", "channel posted_digest holding"),
        Kind.PUBLICATION_FAILED: ("publication_id reason", "channel"),
        Kind.CLOSED: ("outcome", "reason"),
        Kind.REOPENED: ("reason", "promises"),
        Kind.MERGED: ("into_ticket_id", "reason vetoes"),
        Kind.ESCALATED: ("circuit", "reason promises"),
        Kind.RELEASED_TO_ROUTE: ("reason", "promises"),
        Kind.ORIGINAL_READ: ("question_id reason", ""),
        Kind.ERASED: ("asker_id", ""),
        Kind.RETARGETED: ("promises", ""),
        Kind.JUDGED: ("judgement_id question_id version_id helped", "reason"),
    }.items()
}


class NotPossible(Exception):
    """The workflow has no such move: `kind` may not happen in `state`."""

    def __init__(self, kind: Kind, state: State | None) -> None:
        super().__init__(f"{kind} may not happen in {state or 'a new ticket'}")
        self.kind = kind
        self.state = state


def next_state(state: State | None, kind: Kind) -> State:
    """The state after `kind` happened in `state` (None: the ticket is being opened).

    Raises NotPossible when the table has no such move.
    """
    allowed, target = MOVES[kind]
    if state is None:
        if kind is not Kind.RECEIVED or target is None:
            raise NotPossible(kind, state)
        return target
    if state not in allowed:
        raise NotPossible(kind, state)
    return target or state


def queue_of(state: State, *, triaged: bool) -> Queue:
    """The working list for a ticket in `state`."""
    if state is RECEIVED:
        return Queue.ROUTE if triaged else Queue.TRIAGE
    return {
        OFFERED: Queue.EXPERT,
        ANSWERING: Queue.EXPERT,
        VALIDATING: Queue.APPROVAL,
        READY: Queue.PUBLISH,
        ANSWERED: Queue.ANSWERED,
        CLOSED: Queue.CLOSED,
        ESCALATED: Queue.RESTRICTED,
    }[state]

"""What follows from each event, on one page.

`AT_ONCE` names functions called with the ticket and its event inside the same transaction: they change rows of
their own context, use no network and append no event. `LATER` names the jobs of `workers` that are carried out
after the commit (lane, dotted name); each gets the event's id. `REINDEX` lists the events after which the search
index reads the ticket again.
"""

from __future__ import annotations

from helpdesk.outbox import Lane
from helpdesk.tickets.workflow import Kind

END_OFFERS = "helpdesk.routing.ending.end_offers"
FINISH_OFFERS = "helpdesk.routing.ending.finish_offers"
RETIME_OFFER = "helpdesk.routing.timing.retime_offer"

AT_ONCE: dict[Kind, tuple[str, ...]] = {
    Kind.TRIAGED: (RETIME_OFFER,),  # another priority may give another deadline to who is asked
    Kind.RETARGETED: (RETIME_OFFER,),
    Kind.PUBLISHED: (FINISH_OFFERS,),  # the expert has done it, and it counts no more towards their load
    Kind.CLOSED: (END_OFFERS,),  # nobody is left with a question that is over, or with a link to it
    Kind.MERGED: (END_OFFERS,),
    Kind.ESCALATED: (END_OFFERS,),
}

LETTERS = (Lane.LETTERS, "workers.letters.plan")
SUGGEST = (Lane.ROUTING, "workers.routing.suggest")
LEARN = (Lane.ROUTING, "workers.routing.learn")

LATER: dict[Kind, tuple[tuple[Lane, str], ...]] = {
    Kind.RECEIVED: (SUGGEST, LETTERS),  # who could answer; "we have received your question"
    Kind.TRIAGED: (SUGGEST,),  # topics and language chosen by a person make better suggestions
    Kind.OFFERED: (LETTERS,),  # the expert: question, why you, deadline, signed link
    Kind.DECLINED: (LETTERS, LEARN),  # the community manager: who is next; "out of scope" teaches
    Kind.REDIRECTED: (LETTERS, LEARN),
    Kind.WITHDRAWN: (LETTERS,),  # the expert: thank you, no longer needed
    Kind.CLARIFICATION_ASKED: (LETTERS,),  # the asker who left an e-mail address
    Kind.ASKER_REPLIED: (LETTERS,),  # who holds the ticket, and the community manager
    Kind.SUBMITTED: (LETTERS,),  # the approvers
    Kind.RETURNED: (LETTERS,),  # the author, with the comment
    Kind.APPROVED: (LETTERS,),  # the community managers: ready to publish
    Kind.REVERTED: (LETTERS,),  # the approvers, with why
    Kind.PUBLISHED: (LETTERS, LEARN),  # the authors and the approvers; the askers who left an e-mail address
    Kind.CLOSED: (LETTERS,),  # an expert who was still asked: thank you, no longer needed
    Kind.MERGED: (LETTERS,),
    Kind.REOPENED: (SUGGEST,),
    Kind.RELEASED_TO_ROUTE: (SUGGEST,),
    Kind.ESCALATED: (LETTERS,),  # the circuit's people; an expert who was still asked
}

# What nobody searches for or filters by: everything else is found within moments of its being saved.
NOT_SEARCHED = frozenset(
    {
        Kind.CLAIMED,
        Kind.RELEASED,
        Kind.SUGGESTED,
        Kind.REFUSED_APPROVAL,
        Kind.PUBLICATION_FAILED,
        Kind.ORIGINAL_READ,
    }
)
REINDEX = frozenset(Kind) - NOT_SEARCHED

"""Who may do what: one table, readable by an auditor. Pure.

A row says which roles may do a thing, and in which relation to the ticket (or other object) each must stand.
Roles come from `accounts`; relations are worked out by `helpdesk.tickets.seeing`. What no row allows is refused.
Source: the permission matrix of the domain (section 5c), as far as what it names exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What a person is for. A person may have several."""

    COMMUNITY_MANAGER = "cm"
    EXPERT = "expert"
    APPROVER = "validator"
    HEAD = "head"
    COMMITTEE = "committee"
    AMBASSADOR = "ambassador"
    ADMINISTRATOR = "admin"


class Relation(StrEnum):
    """How a person stands to a ticket."""

    ANY = "any"  # no relation needed, but the ticket must not be restricted
    NAMED = "named"  # on the short list of a restricted ticket
    OFFERED = "offered"  # has a pending offer
    HOLDER = "holder"  # accepted, and is answering
    INVOLVED = "involved"  # was offered it at some time, or wrote a draft of it
    DEPARTMENT = "department"  # heads the department it stands in
    APPROVING = "approving"  # may approve the text that is waiting, and did not write any of it
    AUTHOR = "author"  # wrote the text that is waiting


class Can(StrEnum):
    """What can be done. The words appear in the refusals kept in the log."""

    SEE_TICKET = "see_ticket"
    SEE_ASKER = "see_asker"
    READ_ORIGINAL = "read_original"
    BREAK_GLASS = "break_glass"
    PASTE_QUESTION = "paste_question"
    INTAKE = "intake"
    TRIAGE = "triage"
    CLOSE = "close"
    REOPEN = "reopen"
    MERGE = "merge"
    ESCALATE = "escalate"
    RELEASE_ESCALATED = "release_escalated"
    OFFER = "offer"
    WITHDRAW_OFFER = "withdraw_offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    REDIRECT = "redirect"
    ASK_CLARIFICATION = "ask_clarification"
    WRITE = "write"
    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    REUSE = "reuse"
    PUBLISH = "publish"
    SEE_OFFICIAL_ANSWERS = "see_official_answers"
    WITHDRAW_ANSWER = "withdraw_answer"
    SEE_DEPARTMENT = "see_department"
    SEE_ALL_DEPARTMENTS = "see_all_departments"
    EDIT_OWN_PROFILE = "edit_own_profile"
    ADMINISTER = "administer"
    ERASE_ASKER = "erase_asker"


CM, EXPERT, APPROVER, HEAD, COMMITTEE, AMBASSADOR, ADMIN = Role
ANY, NAMED, OFFERED, HOLDER, INVOLVED, DEPARTMENT, APPROVING, AUTHOR = Relation
EVERYONE = tuple(Role)

#   what                    role: the relations of which one is enough
_Relations = Relation | tuple[Relation, ...]
_ROWS: dict[Can, dict[Role, _Relations]] = {
    Can.SEE_TICKET: {
        CM: (ANY, NAMED),
        EXPERT: (OFFERED, HOLDER, INVOLVED, NAMED),
        APPROVER: (APPROVING, INVOLVED, NAMED),
        HEAD: (DEPARTMENT, NAMED, INVOLVED, OFFERED, HOLDER),
        COMMITTEE: (ANY, NAMED),
        AMBASSADOR: (INVOLVED,),
    },
    Can.SEE_ASKER: {CM: (ANY, NAMED), EXPERT: (NAMED,), APPROVER: (NAMED,), HEAD: (NAMED,)},
    Can.READ_ORIGINAL: {CM: (ANY, NAMED), EXPERT: (HOLDER, NAMED), APPROVER: (NAMED,), HEAD: (NAMED,)},
    Can.BREAK_GLASS: {ADMIN: ANY},
    Can.PASTE_QUESTION: {CM: ANY},
    Can.INTAKE: {CM: ANY, ADMIN: ANY},
    Can.TRIAGE: {CM: (ANY, NAMED)},
    Can.CLOSE: {CM: (ANY, NAMED)},
    Can.REOPEN: {CM: (ANY, NAMED)},
    Can.MERGE: {CM: (ANY, NAMED)},
    Can.ESCALATE: {CM: (ANY, NAMED)},
    Can.RELEASE_ESCALATED: {CM: NAMED, APPROVER: NAMED, HEAD: NAMED},
    Can.OFFER: {CM: (ANY, NAMED), HEAD: DEPARTMENT},
    Can.WITHDRAW_OFFER: {CM: (ANY, NAMED), HEAD: DEPARTMENT},
    Can.ACCEPT: {EXPERT: OFFERED, HEAD: OFFERED},
    Can.DECLINE: {EXPERT: OFFERED, HEAD: (OFFERED, DEPARTMENT)},
    Can.REDIRECT: {EXPERT: (OFFERED, HOLDER), HEAD: (OFFERED, HOLDER, DEPARTMENT)},
    Can.ASK_CLARIFICATION: {CM: (ANY, NAMED)},
    Can.WRITE: {EXPERT: (HOLDER, NAMED), HEAD: (HOLDER, NAMED), APPROVER: NAMED},
    Can.SUBMIT: {EXPERT: (HOLDER, NAMED), HEAD: (HOLDER, NAMED), APPROVER: NAMED},
    Can.APPROVE: {APPROVER: APPROVING, HEAD: APPROVING},
    Can.RETURN: {APPROVER: APPROVING, HEAD: APPROVING},
    Can.REUSE: {CM: ANY},
    Can.PUBLISH: {CM: (ANY, NAMED)},
    Can.SEE_OFFICIAL_ANSWERS: dict.fromkeys((CM, EXPERT, APPROVER, HEAD, COMMITTEE, AMBASSADOR), ANY),
    Can.WITHDRAW_ANSWER: {APPROVER: ANY, HEAD: DEPARTMENT, COMMITTEE: ANY},
    Can.SEE_DEPARTMENT: {CM: ANY, HEAD: DEPARTMENT, COMMITTEE: ANY},
    Can.SEE_ALL_DEPARTMENTS: {CM: ANY, COMMITTEE: ANY},
    Can.EDIT_OWN_PROFILE: dict.fromkeys(EVERYONE, ANY),
    Can.ADMINISTER: {ADMIN: ANY},
    Can.ERASE_ASKER: {ADMIN: ANY},
}
TABLE: dict[Can, dict[Role, frozenset[Relation]]] = {
    can: {
        role: frozenset(relations if isinstance(relations, tuple) else (relations,)) for role, relations in rows.items()
    }
    for can, rows in _ROWS.items()
}


def role_allowing(can: Can, roles: Iterable[Role], relations: Iterable[Relation]) -> Role | None:
    """The first role (in the table's order) by which somebody with `roles`, standing in `relations`, may do it.

    None: they may not.
    """
    held, standing = set(roles), set(relations)
    for role, needed in TABLE.get(can, {}).items():
        if role in held and not needed.isdisjoint(standing):
            return role
    return None


def roles_ever_allowed(can: Can) -> frozenset[Role]:
    """The roles that may do it in some relation: what a blueprint checks before it looks at any ticket."""
    return frozenset(TABLE.get(can, {}))

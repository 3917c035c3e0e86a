"""The first line of a verb that belongs to no ticket: may this person do it, and in which role."""

from __future__ import annotations

from helpdesk.accounts.access import Can, Relation, Role, role_allowing
from helpdesk.accounts.models import Person, Principal
from helpdesk.errors import NotAllowed


def ensure_role(by: Person | Principal, can: Can) -> Role:
    """The role by which `by` may do a thing that belongs to no ticket. Raises NotAllowed."""
    role = role_allowing(can, by.roles, {Relation.ANY}) if by.active else None
    if role is None:
        raise NotAllowed(f"may_not_{can}")
    return role

"""Every table, imported in one place so that migrations and tests see the whole schema."""

from helpdesk import outbox
from helpdesk.accounts import models as accounts
from helpdesk.answers import models as answers
from helpdesk.channels import models as channels
from helpdesk.escalation import models as escalation
from helpdesk.notifications import models as notifications
from helpdesk.publishing import models as publishing
from helpdesk.rollups import models as rollups
from helpdesk.routing import models as routing
from helpdesk.search import models as search
from helpdesk.sla import models as sla
from helpdesk.tickets import models as tickets

__all__ = [
    "accounts",
    "answers",
    "channels",
    "escalation",
    "notifications",
    "outbox",
    "publishing",
    "rollups",
    "routing",
    "search",
    "sla",
    "tickets",
]

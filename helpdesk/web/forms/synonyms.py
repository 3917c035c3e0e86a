"""The form of a group of equivalent words."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField
from wtforms.validators import Length

from helpdesk.routing.replays import LAST
from helpdesk.search.models import SynonymGroup
from helpdesk.web.forms.admin import AdministrationForm
from helpdesk.web.forms.fields import ParagraphField
from helpdesk.web.forms.routing import LAST_CHOICES

LONGEST_QUESTION = 2000  # characters of a question to try


class SynonymForm(AdministrationForm):
    french = ParagraphField(_l("In French"))
    english = ParagraphField(_l("In English"))
    one_way = BooleanField(_l("Only from the first word to the others"))
    question = ParagraphField(
        _l("A question to try"), validators=[Length(max=LONGEST_QUESTION, message=_l("Shorten the question."))]
    )
    last = SelectField(_l("How many decided questions"), coerce=int, choices=LAST_CHOICES, default=LAST)


def shown_synonyms(row: SynonymGroup) -> dict[str, Any]:
    """What the form of a group shows, by field."""
    return {"french": "\n".join(row.french), "english": "\n".join(row.english), "one_way": row.one_way}

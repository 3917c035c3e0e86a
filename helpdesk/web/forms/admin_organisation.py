"""Forms about departments, topics, channels and the choices of the organisation."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import InputRequired

from helpdesk.accounts.models import Department
from helpdesk.accounts.organisation import LANGUAGES as LANGUAGE_CODES
from helpdesk.accounts.organisation import setting
from helpdesk.channels.models import Channel
from helpdesk.channels.registry import KINDS
from helpdesk.routing.models import Topic
from helpdesk.tickets.classes import CIRCUITS as CIRCUIT_CODES
from helpdesk.web.forms.admin import AdministrationForm
from helpdesk.web.forms.fields import IntegerField, LineField, ParagraphField, PercentField, SelectField, choices_of
from helpdesk.web.labels import CHANNEL_KINDS, CIRCUITS, LANGUAGES

needed = InputRequired(_l("Please fill in this field."))


class DepartmentForm(AdministrationForm):
    name = LineField(_l("Name"), validators=[needed])
    head = LineField(_l("Head"))
    calendar = SelectField(_l("Working hours"))
    answers = BooleanField(_l("Answers public questions"))
    automatic_routing = BooleanField(_l("Takes part in automatic routing"))
    active = BooleanField(_l("In use"))


class NewDepartmentForm(DepartmentForm):
    code = LineField(_l("Code"), validators=[needed])


def shown_department(department: Department) -> dict[str, Any]:
    """What the form of a department shows, by field."""
    return {
        "name": department.name,
        "head": department.head.handle if department.head else "",
        "calendar": department.calendar or "",
        "answers": department.answers,
        "automatic_routing": department.automatic_routing,
        "active": department.active,
    }


class TopicForm(AdministrationForm):
    label_fr = LineField(_l("Name in French"), validators=[needed])
    label_en = LineField(_l("Name in English"), validators=[needed])
    department = SelectField(_l("Department"), validators=[needed])
    synonyms = ParagraphField(_l("Words people use for it"))
    active = BooleanField(_l("In use"))


class NewTopicForm(TopicForm):
    code = LineField(_l("Code"), validators=[needed])


def shown_topic(topic: Topic) -> dict[str, Any]:
    """What the form of a topic shows, by field."""
    return {
        "label_fr": topic.label_fr,
        "label_en": topic.label_en,
        "department": topic.department.code,
        "synonyms": "\n".join(topic.synonyms),
        "active": topic.active,
    }


class ChannelForm(AdministrationForm):
    kind = SelectField(_l("Kind"), choices=choices_of({kind: CHANNEL_KINDS[kind] for kind in KINDS}))
    account = LineField(_l("Account"))
    accepts = BooleanField(_l("Takes questions in"))
    public = BooleanField(_l("Everybody can read it"))
    posts_by_hand = BooleanField(_l("Answers are posted there by hand"))
    max_characters = IntegerField(_l("Longest post"))
    url_counts_as = IntegerField(_l("A link counts for"))
    active = BooleanField(_l("In use"))


class NewChannelForm(ChannelForm):
    code = LineField(_l("Code"), validators=[needed])


def shown_channel(channel: Channel) -> dict[str, Any]:
    """What the form of a channel shows, by field."""
    names = ("kind", "account", "accepts", "public", "posts_by_hand", "max_characters", "url_counts_as", "active")
    return {name: getattr(channel, name) for name in names}


class SettingsForm(AdministrationForm):
    name = LineField(_l("Name of the organisation"), validators=[needed])
    default_language = SelectField(
        _l("Language when nothing else is known"),
        choices=choices_of({code: LANGUAGES[code] for code in LANGUAGE_CODES}),
    )
    timezone = SelectField(_l("Time zone"), choices=choices_of({zone: zone for zone in sorted(available_timezones())}))
    announced_delay_days = IntegerField(_l("Delay announced to the asker"), validators=[needed])
    signature = ParagraphField(_l("Signature"))
    automatic_routing = BooleanField(_l("Let Relais ask experts by itself"))
    wrong_route_budget = PercentField(_l("Wrong choices you can live with, in percent"), validators=[needed])
    circuit_press = ParagraphField(CIRCUITS["press"])
    circuit_legal = ParagraphField(CIRCUITS["legal"])
    circuit_security = ParagraphField(CIRCUITS["security"])
    circuit_data = ParagraphField(CIRCUITS["data"])


PLAIN_SETTINGS = (
    "name", "default_language", "timezone", "announced_delay_days", "signature", "automatic_routing",
    "wrong_route_budget",
)  # fmt: skip


def shown_settings() -> dict[str, Any]:
    """What the form of the settings shows, by field."""
    circuits = setting("circuits")
    return {name: setting(name) for name in PLAIN_SETTINGS} | {
        f"circuit_{code}": "\n".join(circuits.get(code) or []) for code in CIRCUIT_CODES
    }

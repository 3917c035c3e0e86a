"""Programs for every test of the API."""

from __future__ import annotations

import pytest

from builders.api import Program, a_program
from builders.offers import a_manager
from builders.triage import a_topic
from people import a_channel


@pytest.fixture
def manager(app) -> Program:
    """A community manager's program, with a channel and a topic to speak of."""
    a_channel("web")
    a_topic()
    return a_program(app, a_manager(handle="cm-01"))


@pytest.fixture
def ticket(manager) -> str:
    """The reference of a ticket just opened."""
    response = manager.post("/questions", {"text": "Quand la fibre arrive-t-elle ?", "channel": "web"})
    return str(response.get_json()["ticket"]["ref"])

"""What decided questions teach: kept in a file of this machine, made anew when it is lost or torn."""

import pytest

from builders.answers import an_approved_ticket
from builders.offers import an_expert
from helpdesk.db import transaction
from helpdesk.routing import training
from helpdesk.routing.features import counted
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex

FIBRE = "Quand la fibre arrive-t-elle dans notre rue ?"
BILL = "Pourquoi ma facture a-t-elle doublé ce mois-ci ?"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """An index folder of its own; four decided questions are enough to learn, and a file is looked at each time."""
    monkeypatch.setattr(training, "FEWEST", 4)
    monkeypatch.setattr(training, "STEP", 2)
    monkeypatch.setattr(training, "LOOK_AGAIN", 0.0)
    return WhooshIndex(tmp_path / "index")


def decided(expert, text, count):
    tickets = [an_approved_ticket(expert=expert) for _ in range(count)]
    with transaction():
        for ticket in tickets:
            ticket.question.text = text
    return tickets


def scores(index, text):
    return training.the_model(index).scores(counted(Query.of(text, "fr")))


def test_nothing_is_learned_from_too_few(app, index):
    decided(an_expert(), FIBRE, 3)
    assert training.keep_up(index) == 0
    assert training.the_model(index) is None


def test_who_answered_what_is_learned_and_counted(app, index):
    fibre, bills = an_expert(), an_expert()
    decided(fibre, FIBRE, 3)
    decided(bills, BILL, 2)
    assert training.keep_up(index) == 5
    asked = scores(index, "La fibre dans ma rue, c'est pour quand ?")
    assert asked[fibre.id] > asked[bills.id]
    assert (fibre.answered, bills.answered) == (3, 2)
    assert fibre.first_answered_at <= fibre.last_answered_at


def test_newer_questions_are_added_when_there_are_enough(app, index):
    fibre, bills = an_expert(), an_expert()
    decided(fibre, FIBRE, 10)
    decided(bills, BILL, 2)
    training.keep_up(index)
    decided(bills, "Un prélèvement inconnu sur mon compte", 1)
    assert training.keep_up(index) == 12  # one is not enough
    newcomer = an_expert()
    decided(newcomer, "Mon téléphone ne capte plus dans le tunnel", 1)
    assert training.keep_up(index) == 14
    asked = scores(index, "Mon téléphone ne capte plus")
    assert max(asked, key=asked.get) == newcomer.id


def test_a_restricted_ticket_teaches_nothing(app, index):
    fibre, bills = an_expert(), an_expert()
    decided(fibre, FIBRE, 4)
    tickets = decided(bills, BILL, 4)
    with transaction():
        for ticket in tickets:
            ticket.restricted = True
    assert training.keep_up(index) == 4
    assert training.the_model(index).experts == (fibre.id,)


@pytest.mark.parametrize("damage", [b"", b"{}", b"relais\n", None])
def test_a_torn_file_is_made_anew(app, index, damage):
    decided(an_expert(), FIBRE, 4)
    training.keep_up(index)
    path = index.location().with_name("learned") / "model"
    path.write_bytes(path.read_bytes()[:-1000] if damage is None else damage)
    assert training.the_model(index) is None
    assert training.keep_up(index) == 4
    assert training.the_model(index) is not None

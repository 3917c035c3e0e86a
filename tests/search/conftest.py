from collections.abc import Callable
from pathlib import Path

import pytest

from helpdesk.search import whoosh_staff
from helpdesk.search.index import Change, PersonDocument, PrecedentDocument, PrecedentKind, TicketDocument
from helpdesk.search.whoosh_index import WhooshIndex


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A staff search that a busy machine cut short must not pass for a wrong one."""
    monkeypatch.setattr(whoosh_staff, "TIME_LIMIT", 60.0)


@pytest.fixture
def index(tmp_path: Path) -> WhooshIndex:
    """An index that was built with nothing in it."""
    index = WhooshIndex(tmp_path / "index")
    index.rebuild([], watermark=0)
    return index


@pytest.fixture
def a_ticket() -> Callable[..., TicketDocument]:
    def make(number: int, text: str, *readers: str, language: str | None = "fr") -> TicketDocument:
        return TicketDocument(number, text, frozenset(readers or ("staff",)), language)

    return make


def put(*documents: PersonDocument | PrecedentDocument | TicketDocument) -> list[Change]:
    return [Change.put(document) for document in documents]


def precedent(number: int, question: str, answer: str = "", **credited: float) -> PrecedentDocument:
    credits_ = {int(name.removeprefix("person")): strength for name, strength in credited.items()}
    return PrecedentDocument(PrecedentKind.TICKET, number, question, answer, credits_)

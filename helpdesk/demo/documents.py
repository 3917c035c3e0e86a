"""The documents of the demo, read from `data/demo` and moved in time so that the last question came in today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import yaml

from config import PROJECT
from helpdesk import clock

FOLDER = PROJECT / "data" / "demo"
ORGANISATION = ("organisation", "topics", "channels", "calendars", "sla_policies", "official_answers", "synonyms")
QUESTIONS = ("questions_fr", "questions_en")
BURST = "crisis_burst"
LATEST = timedelta(minutes=20)  # the last question is at least this old, so that something can have happened to it

_NIGHT = {"experts": ["exp-fix-03"], "topics": ["incident.fixe"]}
_OTHERS_OF_THE_NIGHT = {
    "burst-12": {"experts": ["exp-box-01"], "topics": ["box.panne"], "official_answer": "oa-008"},
    "burst-13": {"experts": ["exp-ofc-04"], "topics": ["contrat.resiliation"], "official_answer": "oa-016"},
}


@dataclass(frozen=True)
class Documents:
    """`organisation`: for `helpdesk.loading`. `questions`: rows in order of time, with `lang` and `expect`."""

    organisation: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    written: dict[str, dict[str, Any]]


def read() -> Documents:
    """The documents as they were written."""
    questions = []
    for name in QUESTIONS:
        document = read_document(name)
        questions += [{"lang": document["lang"], **row} for row in document["questions"]]
    questions += [_burst_row(row) for row in read_document(BURST)["messages"]]
    return Documents(
        organisation=[read_document(name) for name in ORGANISATION],
        questions=sorted(questions, key=lambda row: (_instant(row["received_at"]), row["id"])),
        written=read_document("written_answers")["answers"],
    )


def move_to_today(documents: Documents) -> Documents:
    """The same, moved by whole days (so that a morning stays a morning) to end today, or yesterday if it is early."""
    last = _instant(documents.questions[-1]["received_at"])
    days = timedelta(days=(clock.now() - LATEST - last).days)
    organisation = []
    for document in documents.organisation:
        if "answers" in document or "absences" in document:
            document = {
                **document,
                **{
                    name: [_moved(row, days) for row in document[name]]
                    for name in ("answers", "absences")
                    if name in document
                },
            }
        organisation.append(document)
    now = clock.now()
    questions = [
        {
            **row,
            "received_at": max(_instant(row["received_at"]) + days, now - _oldest_age(place)),
            "written": documents.written.get(row["id"]),
        }
        for place, row in zip(range(len(documents.questions), 0, -1), documents.questions, strict=True)
    ]
    return Documents(organisation, questions, documents.written)


def _oldest_age(place: int) -> timedelta:
    """How old the question at `place` from the newest (1) may be: the end of the demo is dense, like a working day.

    The ages grow by an eighth from one to the next, from twenty minutes: 6 hours for the tenth, a day for the
    twentieth, and no limit in practice after the fiftieth.
    """
    return LATEST * ((1.125**place - 1) / 0.125)


def read_document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return document


def _instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _moved(row: dict[str, Any], days: timedelta) -> dict[str, Any]:
    return {name: value + days if isinstance(value, date) else value for name, value in row.items()}


def _burst_row(row: dict[str, Any]) -> dict[str, Any]:
    """A message of the night of the cable cut, as a question like the others."""
    return {
        "lang": "fr",
        **row,
        "author": f"@{row['id']}",
        "expect": {
            "action": "route" if row["id"] == "burst-01" or row.get("priority") or not row["same_as"] else "merge",
            "triage": "urgence" if row["same_as"] == "lead" else "question",
            "priority": row.get("priority", "P2" if row["same_as"] == "lead" else "P3"),
            **(_NIGHT if row["same_as"] == "lead" else _OTHERS_OF_THE_NIGHT[row["id"]]),
        },
    }

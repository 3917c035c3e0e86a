"""The demonstration organisation as the matcher sees it, without a database."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from helpdesk.routing.candidates import Candidate
from helpdesk.routing.evidence import Evidence
from helpdesk.routing.ranking import Ranking, rank
from helpdesk.search.equivalents import Equivalents, Group
from helpdesk.search.index import (
    Document,
    PersonDocument,
    PrecedentDocument,
    PrecedentKind,
    TopicDocument,
)
from helpdesk.search.query import Query
from helpdesk.search.whoosh_index import WhooshIndex

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
PARIS = ZoneInfo("Europe/Paris")


@cache
def read(name: str) -> Any:
    return yaml.safe_load((DEMO / name).read_text(encoding="utf-8"))


def questions(language: str) -> list[dict[str, Any]]:
    return read(f"questions_{language}.yaml")["questions"]


@dataclass(frozen=True)
class Demo:
    """The people by number, their handles, and an index of them."""

    experts: Mapping[int, dict[str, Any]]
    numbers: Mapping[str, int]
    topics: Mapping[str, int]
    departments: Mapping[str, int]
    index: WhooshIndex
    equivalents: Equivalents

    def rank(self, text: str, at: datetime, language: str | None = None) -> Ranking:
        query = Query.of(text, language, equivalents=self.equivalents)
        found = self.index.people(query), self.index.topics(query), self.index.precedents(query)
        return rank(Evidence(query, *found), self.candidates(at))

    def candidates(self, at: datetime) -> dict[int, Candidate]:
        return {number: self._candidate(number, person, at) for number, person in self.experts.items()}

    def _candidate(self, number: int, person: dict[str, Any], at: datetime) -> Candidate:
        absences = (a for a in read("organisation.yaml")["absences"] if a["person"] == person["id"])
        absence = next((a for a in absences if _start(a["from"]) <= at < _end(a["to"])), None)
        return Candidate(
            number,
            self.departments[person["department"]],
            frozenset(person["languages"]),
            {self.topics[topic]: level for topic, level in person["topics"].items()},
            capacity=person["max_open"],
            absent_until=_end(absence["to"]) if absence else None,
            delegate_id=self.numbers[absence["delegate"]] if absence else None,
        )


def _start(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time(), PARIS)


def _end(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else _start(value) + timedelta(days=1)


@cache
def demo() -> Demo:
    organisation = read("organisation.yaml")
    topics = {topic["id"]: topic for topic in read("topics.yaml")["topics"]}
    people = dict(enumerate(organisation["people"], 1))
    experts = {number: person for number, person in people.items() if "expert" in person["roles"]}
    numbers = {person["id"]: number for number, person in people.items()}
    names = {department["id"]: department["name"] for department in organisation["departments"]}
    places = {topic: place for place, topic in enumerate(topics, 1)}
    index = WhooshIndex(Path(tempfile.mkdtemp(prefix="relais-demo-")) / "index")
    index.rebuild([*_people(experts, topics, names), *_topics(topics, places), *_precedents(numbers)], 1)
    departments = {department: place for place, department in enumerate(names, 1)}
    return Demo(experts, numbers, places, departments, index, _equivalents())


def _equivalents() -> Equivalents:
    groups = read("synonyms.yaml")["groups"]
    return Equivalents(
        Group(tuple(map(str, g.get("fr", ()))), tuple(map(str, g.get("en", ()))), g.get("one_way", False))
        for g in groups
    )


def _words(topic: dict[str, Any]) -> str:
    return ". ".join([topic["fr"], topic["en"], *map(str, topic["synonyms"])])


def _people(experts: Any, topics: Any, names: Any) -> list[Document]:
    return [
        PersonDocument(
            number,
            person["title"],
            person["profile"],
            ". ".join(_words(topics[topic]) for topic in person["topics"]),
            names[person["department"]],
        )
        for number, person in experts.items()
    ]


def _topics(topics: Any, places: Any) -> list[Document]:
    return [TopicDocument(places[name], _words(topic)) for name, topic in topics.items()]


def _precedents(numbers: Any) -> list[Document]:
    kept = [a for a in read("official_answers.yaml")["answers"] if (a["status"], a["kind"]) == ("in_force", "answer")]
    return [
        PrecedentDocument(PrecedentKind.OFFICIAL_ANSWER, place, a["title"], a["body"], {numbers[a["author"]]: 1.0})
        for place, a in enumerate(kept, 1)
    ]

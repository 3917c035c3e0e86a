"""Jobs are dotted names in rows: each must stand for a function, or a row would fail for good."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from config import PROJECT
from helpdesk.consequences import AT_ONCE, LATER
from helpdesk.outbox import Lane
from helpdesk.tickets.events import follower
from helpdesk.tickets.workflow import Kind
from workers.carrying import resolve
from workers.schedule import TIMETABLE

SOURCES = [path for folder in ("helpdesk", "workers") for path in sorted((PROJECT / folder).rglob("*.py"))]
JOB = re.compile(r"workers(?:\.\w+)+")


def names_in(path: Path) -> set[str]:
    """Every text in a module that is written like a job's name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text for text in texts if JOB.fullmatch(text) and text.count(".") == 2}


NAMES = sorted({name for path in SOURCES for name in names_in(path)})


def test_there_are_jobs_to_look_at():
    assert {"workers.letters.plan", "workers.letters.send", "workers.carrying.carry_out_lane"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_a_job_stands_for_a_function(name: str):
    assert callable(resolve(name))


@pytest.mark.parametrize(("kind", "lane", "name"), [(kind, *job) for kind, jobs in LATER.items() for job in jobs])
def test_what_follows_later_is_a_job_in_a_lane(kind: Kind, lane: Lane, name: str):
    assert lane in Lane
    assert callable(resolve(name))


@pytest.mark.parametrize("name", sorted({name for names in AT_ONCE.values() for name in names}))
def test_what_follows_at_once_is_a_function(name: str):
    assert callable(follower(name))


@pytest.mark.parametrize("name", sorted({entry[2] for entry in TIMETABLE}))
def test_what_happens_by_the_clock_is_a_function(name: str):
    assert callable(resolve(name))

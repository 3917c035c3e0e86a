"""How the source is written: small modules, one place for each thing that must have only one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from config import PROJECT
from house.source import MODULES, Module

LONGEST_FUNCTION = 60
LONGEST_MODULE = 350
# A module may be longer when cutting it would part what is read together. None is today unless it says so here.
LONG_MODULES: dict[str, str] = {
    "helpdesk.web.pages.triage.shown": "all that one page shows, part by part, in the order of the page",
    "helpdesk.web.wording": "tables of sentences",
}
# What prints on purpose: commands, and the programs that start Relais.
SPEAKS = (
    "helpdesk.__main__",
    "helpdesk.cli",
    "helpdesk.commands.",
    "helpdesk.installing",
    "helpdesk.serving",
    "helpdesk.supervision.",
)
WALL_CLOCK = {
    "helpdesk.clock": "now(), for everybody",
    "workers.schedule": "the number of a slot must be the same for every scheduler, and is no instant of the domain",
}
# Attributes called `state` of other things than tickets, as they are named where they are set.
OTHER_STATES = {"offer", "letter", "row", "self"}
FORBIDDEN_NAMES = ("utils", "util", "helpers", "helper", "manager", "service", "handler", "process", "misc", "common")


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_modules_and_functions_are_short(module: Module):
    long = [
        f"{function.name}: {function.end_lineno - function.lineno + 1} lines"
        for function in module.functions
        if function.end_lineno is not None and function.end_lineno - function.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []
    assert module.lines <= LONGEST_MODULE or module.name in LONG_MODULES


def test_every_module_says_what_it_is():
    silent = [name for name, module in MODULES.items() if module.tree.body and not ast.get_docstring(module.tree)]
    assert silent == []


def test_names_say_what_a_thing_is():
    vague = [name for name in MODULES if set(name.split(".")[-1].split("_")) & set(FORBIDDEN_NAMES)]
    assert vague == []


def test_nothing_is_left_for_later():
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    places = [*(PROJECT / "templates").rglob("*.html"), *(PROJECT / "helpdesk" / "web" / "static").rglob("*.js")]
    texts = {str(path): path.read_text(encoding="utf-8") for path in places}
    texts |= {name: module.path.read_text(encoding="utf-8") for name, module in MODULES.items()}
    assert [name for name, text in texts.items() if later.search(text)] == []


def test_only_programs_print():
    printing = {name for name, module in MODULES.items() for called, _call in calls(module) if called == "print"}
    assert {name for name in printing if not name.startswith(SPEAKS)} == set()


def test_only_db_commits():
    committing = {
        name for name, module in MODULES.items() for called, _call in calls(module) if called.endswith(".commit")
    }
    committing -= {"helpdesk.search.whoosh_writing"}  # the index's own writer: files, derived from the database
    assert committing == {"helpdesk.db"}


def test_only_the_clock_reads_the_time():
    asking = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.localtime")
    reading = {
        name
        for name, module in MODULES.items()
        for called, _call in calls(module)
        if any(called == each or called.endswith(f".{each}") for each in asking)
    }
    assert reading == set(WALL_CLOCK)


def test_only_the_log_sets_the_state_of_a_ticket():
    setting = set()
    for name, module in MODULES.items():
        for node in ast.walk(module.tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in [each for whole in targets for each in ast.walk(whole)]:
                if not isinstance(target, ast.Attribute) or target.attr not in ("state", "state_since"):
                    continue
                if ast.unparse(target.value) not in OTHER_STATES:
                    setting.add(name)
    # events moves it; opening writes the first row and the first event of many questions at once
    assert setting == {"helpdesk.tickets.events"}


TICKETS = ("Ticket", "_TICKETS", "Ticket.__table__")  # the table by its names


def test_only_opening_makes_tickets_and_nobody_updates_them_in_bulk():
    making = {name for name, module in MODULES.items() for called, _call in calls(module) if called == "Ticket"}
    in_bulk = {
        name
        for name, module in MODULES.items()
        for called, call in calls(module)
        if called in ("update", "insert", "delete") and call.args and ast.unparse(call.args[0]) in TICKETS
    }
    assert making | in_bulk == {"helpdesk.tickets.opening"}


def test_only_events_and_opening_write_the_log():
    writing = {
        name
        for name, module in MODULES.items()
        for called, call in calls(module)
        if called == "Event"
        or (called in ("insert", "update", "delete") and call.args and ast.unparse(call.args[0]) == "Event")
    }
    assert {name for name in writing if name.startswith("helpdesk.")} <= {
        "helpdesk.tickets.events",
        "helpdesk.tickets.opening",
    }

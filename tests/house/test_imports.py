"""The directions in which modules may import one another: read from the source, so that the house stays one."""

from __future__ import annotations

import sys

import pytest

from house.source import MODULES, Import, Module

# Nouns that decide: values in, values out. They import the standard library, each other, and the library named here.
PURE: dict[str, set[str]] = {
    "helpdesk.accounts.access": set(),
    "helpdesk.answers.differences": set(),
    "helpdesk.answers.figures": set(),
    "helpdesk.answers.graphemes": set(),
    "helpdesk.answers.lengths": set(),
    "helpdesk.answers.markup": {"markdown", "nh3"},
    "helpdesk.answers.plain": set(),
    "helpdesk.clock": set(),
    "helpdesk.counts": set(),
    "helpdesk.errors": set(),
    "helpdesk.intake.channel_of_link": set(),
    "helpdesk.intake.cleaning": set(),
    "helpdesk.intake.excerpts": set(),
    "helpdesk.intake.links": set(),
    "helpdesk.intake.masking": set(),
    "helpdesk.intake.personal_numbers": set(),
    "helpdesk.intake.personal_words": set(),
    "helpdesk.notifications.links": set(),
    "helpdesk.publishing.permalinks": set(),
    "helpdesk.publishing.proof": set(),
    "helpdesk.rollups.days": {"numpy"},
    "helpdesk.routing.budget": set(),
    "helpdesk.routing.candidates": set(),
    "helpdesk.routing.changes": set(),
    "helpdesk.routing.confidence": set(),
    "helpdesk.routing.denials": set(),
    "helpdesk.routing.duplicates": set(),
    "helpdesk.routing.evidence": set(),
    "helpdesk.routing.explaining": set(),
    "helpdesk.routing.masked": set(),
    "helpdesk.routing.meaning": set(),
    "helpdesk.routing.nearness": set(),
    "helpdesk.routing.places": {"babel"},
    "helpdesk.routing.ranking": set(),
    "helpdesk.routing.reasons": set(),
    "helpdesk.routing.replayed": set(),
    "helpdesk.routing.shares": set(),
    "helpdesk.routing.weights": set(),
    "helpdesk.search.adding": {"numpy"},
    "helpdesk.search.bundle": {"numpy"},
    "helpdesk.search.alike": {"numpy"},
    "helpdesk.search.curves": {"numpy"},
    "helpdesk.search.cutting": set(),
    "helpdesk.search.equivalents": set(),
    "helpdesk.search.excerpt": set(),
    "helpdesk.search.folding": set(),
    "helpdesk.search.inclusive": set(),
    "helpdesk.search.asked": set(),
    "helpdesk.search.days": set(),
    "helpdesk.search.filter_words": set(),
    "helpdesk.search.index": set(),  # the port; the adapter is whoosh_index
    "helpdesk.search.languages": set(),
    "helpdesk.search.lexicon": set(),
    "helpdesk.search.pool": {"numpy"},
    "helpdesk.search.postings": {"numpy"},
    "helpdesk.search.prepared": {"numpy"},
    "helpdesk.search.query": set(),
    "helpdesk.search.quiet": set(),
    "helpdesk.search.scoring": {"numpy"},
    "helpdesk.search.text": {"Stemmer"},
    "helpdesk.search.top": {"numpy"},
    "helpdesk.search.typed": set(),
    "helpdesk.sla.calendar": set(),
    "helpdesk.sla.calendar_document": set(),
    "helpdesk.sla.measuring": set(),
    "helpdesk.sla.policy": set(),
    "helpdesk.sla.promise": set(),
    "helpdesk.sla.public_holidays": {"holidays"},
    "helpdesk.sla.segments": set(),
    "helpdesk.sla.thresholds": set(),
    "helpdesk.sla.timer": set(),
    "helpdesk.sla.what_if.comparing": {"numpy"},
    "helpdesk.sla.what_if.hours": {"numpy"},
    "helpdesk.sla.what_if.past": {"numpy"},
    "helpdesk.sla.what_if.queue": {"numpy"},
    "helpdesk.tickets.classes": set(),
    "helpdesk.tickets.sealing": set(),
    "helpdesk.tickets.workflow": set(),
}

# From the ground up. A module may import those of its own floor and below; the longest prefix says where it stands.
FLOORS: tuple[tuple[str, ...], ...] = (
    # ground
    ("config", "helpdesk.turns", "helpdesk.db", "helpdesk.outbox", "helpdesk.accounts", "helpdesk.channels",
     "helpdesk.consequences", "helpdesk.rows", "helpdesk.archive", "helpdesk.models", "helpdesk.revisions",
     "helpdesk.migrating"),
    # spine
    ("helpdesk.tickets", "helpdesk.sla", "helpdesk.mending"),
    # retrieval: contexts ask it, it asks none of them
    ("helpdesk.search", "helpdesk.embedding"),
    # contexts
    ("helpdesk.intake", "helpdesk.routing"),
    ("helpdesk.answers",),
    ("helpdesk.publishing",),
    # what is summed up for readers
    ("helpdesk.rollups",),
    # readers
    ("helpdesk.notifications", "helpdesk.reports", "helpdesk.readiness", "helpdesk.escalation"),
    # what fills a database from files, through the verbs of every context
    ("helpdesk.loading", "helpdesk.demo"),
    # edges
    ("helpdesk", "helpdesk.__main__", "helpdesk.cli", "helpdesk.commands", "helpdesk.web", "helpdesk.installing",
     "helpdesk.serving", "helpdesk.supervision", "workers"),
)  # fmt: skip

# Where the plan gives way, and why.
UPWARDS: dict[tuple[str, str], str] = {
    ("helpdesk.accounts.directory", "helpdesk.tickets.events"): "a changed person is read again by the index, whose "
    "list of changes stands beside the log that writes most of them",
}
CONTEXTS = ("intake", "routing", "answers", "publishing")
LIBRARIES: dict[str, tuple[set[str], str]] = {
    "flask": (
        {"helpdesk", "helpdesk.web", "helpdesk.cli", "helpdesk.commands", "helpdesk.migrating", "helpdesk.demo",
         "workers"},
        "what speaks HTTP, or is given the application by a command or a worker",
    ),
    "apiflask": ({"helpdesk", "helpdesk.web"}, "the API"),
    "flask_sqlalchemy": ({"helpdesk.db"}, "engines and the scoped session only"),
    "flask_babel": ({"helpdesk.web", "helpdesk.commands"}, "words are an edge's"),
    "flask_login": ({"helpdesk.web"}, "sessions are the web's; actors are arguments"),
    "rq": (
        {"helpdesk.outbox", "helpdesk.readiness", "helpdesk.commands.doctor", "workers"},
        "jobs; two readings ask whether a worker lives",
    ),
    "redis": (
        {"helpdesk.outbox", "helpdesk.readiness", "helpdesk.commands.doctor", "helpdesk.serving", "workers"},
        "the same, and the supervisor waits for the server it starts",
    ),
    "whoosh": (
        {"helpdesk.search.whoosh_codec", "helpdesk.search.whoosh_compat", "helpdesk.search.whoosh_dictionary",
         "helpdesk.search.whoosh_documents", "helpdesk.search.whoosh_fields", "helpdesk.search.whoosh_index",
         "helpdesk.search.whoosh_matcher", "helpdesk.search.whoosh_reading", "helpdesk.search.whoosh_segments",
         "helpdesk.search.whoosh_staff", "helpdesk.search.whoosh_terms", "helpdesk.search.whoosh_writing"},
        "the adapter behind the port",
    ),
    "sentence_transformers": ({"helpdesk.embedding.model"}, "an optional extra, loaded by one program"),
    "markdown": ({"helpdesk.answers.markup"}, "one renderer"),
    "nh3": ({"helpdesk.answers.markup"}, "sanitised once, in one place"),
}  # fmt: skip


def floor_of(name: str) -> int:
    """The floor of the longest prefix that names the module."""
    known = {prefix: floor for floor, prefixes in enumerate(FLOORS) for prefix in prefixes}
    while name not in known:
        name, dot, _rest = name.rpartition(".")
        assert dot, "every module stands on a floor"
    return known[name]


def is_models(name: str) -> bool:
    """The tables are one schema, held together by foreign keys: whoever may write SQL may know them all."""
    return name == "helpdesk.models" or name.endswith(".models")


def ours(module: Module) -> list[Import]:
    return [found for found in module.imports if found.name in MODULES or found.name == "config"]


def below(name: str, prefixes: set[str]) -> bool:
    return any(name == prefix or (prefix != "helpdesk" and name.startswith(f"{prefix}.")) for prefix in prefixes)


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_import_the_standard_library_and_each_other(name: str):
    foreign = {
        found.name
        for found in MODULES[name].imports
        if found.name.split(".")[0] not in sys.stdlib_module_names
        and found.name not in PURE
        and found.name.split(".")[0] not in PURE[name]
    }
    assert foreign == set()


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_imports_go_down(module: Module):
    if module.name in PURE:
        return
    upwards = {
        found.name
        for found in ours(module)
        if found.name not in PURE
        and not is_models(found.name)
        and floor_of(found.name) > floor_of(module.name)
        and (module.name, found.name) not in UPWARDS
    }
    assert upwards == set()


def test_every_exception_is_still_needed():
    used = {(module.name, found.name) for module in MODULES.values() for found in ours(module)}
    assert [pair for pair in UPWARDS if pair not in used] == []


def test_helpdesk_never_imports_workers():
    importing = [
        module.name
        for module in MODULES.values()
        for found in module.imports
        if module.name.startswith("helpdesk") and found.name.split(".")[0] == "workers"
    ]
    assert importing == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_imported_where_it_belongs(library: str):
    places, _why = LIBRARIES[library]
    elsewhere = {
        module.name
        for module in MODULES.values()
        for found in module.imports
        if found.name.split(".")[0] == library and not below(module.name, places)
    }
    assert elsewhere == set()


def test_contexts_never_import_one_anothers_verbs():
    found = [
        (module.name, f"{imported.name}.{word}")
        for module in MODULES.values()
        for imported in ours(module)
        for word in imported.words
        if context_of(module.name)
        and context_of(imported.name) not in (None, context_of(module.name))
        and word in MODULES[imported.name].verbs()
    ]
    assert found == []


def context_of(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if len(parts) > 2 and parts[0] == "helpdesk" and parts[1] in CONTEXTS else None


def test_nobody_calls_the_verbs_of_another_context_through_its_module():
    """`from helpdesk.answers import approving` and `approving.approve(…)` would pass the test above."""
    found = []
    for module in MODULES.values():
        if context_of(module.name) is None:
            continue
        whole = {
            imported.name.rpartition(".")[2]: MODULES[imported.name]
            for imported in ours(module)
            if not imported.words and context_of(imported.name) not in (None, context_of(module.name))
        }
        text = module.path.read_text(encoding="utf-8")
        found += [
            (module.name, f"{short}.{verb}")
            for short, other in whole.items()
            for verb in other.verbs()
            if f"{short}.{verb}(" in text
        ]
    assert found == []

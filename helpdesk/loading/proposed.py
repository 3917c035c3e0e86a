"""Equivalent words and topics as a file says they would be, to be tried before they are loaded. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from helpdesk.errors import Problem, RelaisError
from helpdesk.loading import synonyms, topics
from helpdesk.routing.replays import changed_topic
from helpdesk.routing.synonym_changes import changed_groups, problems_of_changes
from helpdesk.routing.topics import topic_with

MALFORMED = (KeyError, TypeError, ValueError, AttributeError)


class Unfit(RelaisError):
    """The file cannot be tried. The message is a sentence for an operator."""


def synonyms_of(file: Path) -> Sequence[Mapping[str, Any]]:
    """The groups of `file` that are not so already. Raises Unfit with every word that cannot be taken."""
    try:
        read = [each for document in _documents(file, synonyms.SCHEMA) for each in synonyms.read(document)]
    except MALFORMED as error:
        raise Unfit(f"{file} is not understood ({type(error).__name__}: {error}).") from error
    changes = changed_groups(read).synonyms
    if problems := problems_of_changes(changes):
        raise Unfit(f"{file}: " + "; ".join(map(_told, problems)))
    return changes


def topics_of(file: Path) -> Mapping[str, Mapping[str, Any]]:
    """The topics of `file` whose words are not so already. One that there is not yet belongs to nobody: refused."""
    changes: dict[str, Mapping[str, Any]] = {}
    try:
        read = [each for document in _documents(file, topics.SCHEMA) for each in topics.read(document)]
    except MALFORMED as error:
        raise Unfit(f"{file} is not understood ({type(error).__name__}: {error}).") from error
    for code, values in read:
        topic = topic_with(code)
        if topic is None:
            raise Unfit(f"{file}: there is no topic {code} yet, so nobody could have been asked about it.")
        changes |= changed_topic(topic, **values).topics
    return changes


def _documents(file: Path, schema: str) -> Iterator[dict[str, Any]]:
    try:
        found = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise Unfit(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Unfit(f"{file} is not UTF-8 text (byte {error.start}).") from error
    except yaml.YAMLError as error:
        raise Unfit(f"{file} cannot be read as YAML: {' '.join(str(error).split())}") from error
    fitting = [each for each in found if isinstance(each, dict) and each.get("schema") == schema]
    if not fitting:
        raise Unfit(f"{file} holds no document of the schema {schema}.")
    yield from fitting


def _told(problem: Problem) -> str:
    details = ", ".join(f"{name} {value}" for name, value in problem.params.items())
    return f"{problem.field}: {problem.code}" + (f" ({details})" if details else "")

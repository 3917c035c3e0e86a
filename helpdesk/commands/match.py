"""`bin/relais match`: who could answer a text, with reasons. Nothing is stored."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from flask_babel import force_locale

from helpdesk.commands import CommandRefused, Commands, Result
from helpdesk.routing import matching
from helpdesk.search.index import IndexUnusable
from helpdesk.web.suggested import suggestions_document

if TYPE_CHECKING:
    from flask import Flask


def register(commands: Commands) -> None:
    parser = commands.add_parser("match", help="ranks experts for a text without storing anything, with reasons")
    parser.add_argument("text", metavar="TEXT")
    parser.add_argument("--language", choices=("fr", "en"), help="the language of the text (default: guessed)")


def run(args: argparse.Namespace, app: Flask) -> Result:
    try:
        suggestions = matching.suggestions_for_text(args.text, args.language)
    except IndexUnusable as error:
        raise CommandRefused(f"There is no index to ask: {error}. Build it with bin/relais reindex.") from error
    with app.test_request_context(), force_locale("en"):
        document = suggestions_document(suggestions, None)
    return Result(_lines(document), document)


def _lines(document: dict[str, Any]) -> list[str]:
    lines = [f"Mode: {document['mode']}"]
    for place, expert in enumerate(document["experts"], 1):
        lines.append(f"{place}. {expert['name']} ({expert['person']}, {expert['department']}): {expert['confidence']}")
        lines += [
            f"   - {reason['text']} {', '.join(reason.get('terms', []))}".rstrip() for reason in expert["reasons"]
        ]
    if document["not_chosen"]:
        lines.append("Not chosen:")
        lines += [f"   - {other['person']}: {other['why']}" for other in document["not_chosen"]]
    if document["official_answers"]:
        lines.append("Official answers:")
        for answer in document["official_answers"]:
            suffix = "" if answer["usable"] else f" ({answer['why_not']})"
            lines.append(f"   - {answer['id']} {answer['title']}{suffix}")
    return lines

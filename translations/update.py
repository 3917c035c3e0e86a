"""Keep the French catalogue in step with the code.

    python translations/update.py missing          list messages that have no French yet
    python translations/update.py add FILE.json    merge {"English": "Français"} and re-extract; plural: a list of
                                                   French forms; with a context (pgettext): "context|English"
    python translations/update.py extract          re-extract only
    python translations/update.py tidy             re-extract, and forget what nothing asks for any more

The catalogue is compiled at start by `helpdesk.web.language`, so no compiled file is kept in the repository.
"""

from __future__ import annotations

import fcntl
import json
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
SOURCES = [("helpdesk/**.py", "python"), ("config.py", "python"), ("templates/**", "jinja2")]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "_l": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
}


def extracted() -> Catalog:
    """Every message the code and the templates ask for, without line numbers (they only make noise in diffs)."""
    catalogue = Catalog(locale="fr", project="Relais", charset="utf-8")
    for folder in ("helpdesk", "templates"):
        method_map = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
        options = {"**.html": {"silent": "false"}, "**.txt": {"silent": "false"}}
        for filename, _line, message, comments, context in extract_from_dir(
            str(ROOT / folder), method_map, options, KEYWORDS, ("Translators:",)
        ):
            catalogue.add(message, locations=[(f"{folder}/{filename}", 0)], auto_comments=comments, context=context)
    return catalogue


def current() -> Catalog:
    if not PO.exists():
        return Catalog(locale="fr", project="Relais", charset="utf-8")
    with PO.open("rb") as file:
        return read_po(file, locale="fr")


def is_missing(message) -> bool:
    translated = message.string
    return not all(translated) if isinstance(translated, tuple | list) else not translated


def save(catalogue: Catalog) -> None:
    PO.parent.mkdir(parents=True, exist_ok=True)
    temporary = PO.with_suffix(".tmp")
    with temporary.open("wb") as file:
        write_po(
            file,
            catalogue,
            sort_output=True,
            omit_header=False,
            include_lineno=False,
            width=110,
            ignore_obsolete=True,
        )
    temporary.replace(PO)


def main(arguments: list[str]) -> int:
    command = arguments[0] if arguments else "missing"
    PO.parent.mkdir(parents=True, exist_ok=True)
    with (PO.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        catalogue, found = current(), extracted()
        catalogue.update(found, no_fuzzy_matching=True)
        # Words added before the page that uses them was written are kept: they return when the page asks for them.
        for obsolete in list(catalogue.obsolete.values()) if command != "tidy" else ():
            catalogue.add(obsolete.id, obsolete.string, context=obsolete.context)
        if command == "add":
            additions = json.loads(Path(arguments[1]).read_text(encoding="utf-8"))
            for english, french in additions.items():
                message = catalogue.get(english)
                if message is None and "|" in english:
                    context, _bar, english = english.partition("|")
                    message = catalogue.get(english, context)
                if message is None:
                    catalogue.add(english, tuple(french) if isinstance(french, list) else french)
                    continue
                if isinstance(message.id, tuple) is not isinstance(french, list):
                    raise SystemExit(
                        f"{english!r} is known with as many forms as {message.id!r}: give as many in French"
                    )
                message.string = tuple(french) if isinstance(french, list) else french
                message.flags.discard("fuzzy")
        if command in ("add", "extract", "tidy"):
            save(catalogue)
        missing = [message for message in catalogue if message.id and message.id in found and is_missing(message)]
        for message in missing:
            print(json.dumps(message.id, ensure_ascii=False))
        print(f"{len(missing)} without French, {len(found)} messages in all", file=sys.stderr)
        return 1 if missing and command == "missing" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

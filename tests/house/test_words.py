"""Every sentence in both languages, with the same values in it."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest
from babel.messages.catalog import Message

from config import PROJECT

NO_BREAK = "\u00a0\u202f"
VALUE = re.compile(r"%\((\w+)\)[sd]|%[sd]")
# What French sets off with a no-break space, when it follows a word rather than stands in a code or an address.
HIGH_SIGN = re.compile(rf"[^\s{NO_BREAK}:;?!(«/\"'…][?!;](?=\s|$)|\w :(?=\s|$)|\w [?!;](?=\s|$)|« \S|\S »")


def _catalogue_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("relais_catalogue", PROJECT / "translations" / "update.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _catalogue_tool()
ASKED = TOOL.extracted()
FRENCH = TOOL.current()
MESSAGES = [message for message in ASKED if message.id]


def english(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def french(message: Message) -> tuple[str, ...]:
    known = FRENCH.get(english(message)[0], message.context)
    if known is None:
        return ()
    return known.string if isinstance(known.string, tuple) else (known.string,)


def values(text: str) -> set[str]:
    return {found[0] for found in VALUE.finditer(text)}


def test_there_is_much_to_say():
    assert len(MESSAGES) > 400


def test_every_message_has_its_french():
    assert [english(message)[0] for message in MESSAGES if not french(message) or not all(french(message))] == []


def test_plurals_have_two_forms_and_single_messages_one():
    wrong = [english(message) for message in MESSAGES if len(french(message)) != len(english(message))]
    assert wrong == []
    assert FRENCH.num_plurals == 2
    assert FRENCH.plural_expr in ("(n > 1)", "n > 1", "(n>1)")


def test_the_same_values_stand_in_both_languages():
    # The singular of a plural may say « une » instead of the number; nothing may stand in French that English lacks.
    differing = []
    for message in MESSAGES:
        theirs = set().union(*map(values, english(message)))
        ours = set().union(*map(values, french(message))) if french(message) else set()
        lacking = theirs - ours - ({"%(num)d", "%(count)d"} if len(english(message)) > 1 else set())
        if ours - theirs or lacking:
            differing.append((english(message), french(message)))
    assert differing == []


def test_many_are_told_with_their_number():
    """A singular sentence put in the place of a plural would be taken apart into its letters."""
    plurals = [(english(message), french(message)) for message in MESSAGES if len(english(message)) > 1]
    assert [pair for pair in plurals if values(pair[0][-1]) - values(pair[1][-1])] == []


def test_french_is_set_as_french_is():
    wrong = [text for message in MESSAGES for text in french(message) if HIGH_SIGN.search(text)]
    assert wrong == []


def test_french_has_no_typewriter_apostrophe():
    assert [text for message in MESSAGES for text in french(message) if re.search(r"\w'\w", text)] == []


@pytest.mark.parametrize("word", ["utiliser ce service", "ticket", "tickets", "workflow", "draft"])
def test_french_uses_the_words_of_the_house(word: str):
    """The glossary says « demande », « brouillon »: English words show a sentence that was not translated."""
    found = [
        text for message in MESSAGES for text in french(message) if re.search(rf"(?<![\w.%/(]){word}\b", text, re.I)
    ]
    assert found == []

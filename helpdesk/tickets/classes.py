"""What a question is, how urgent, and what makes it delicate: the short lists of triage. Pure.

Codes are English, as in the API; their French words are in the catalogue of the web layer. `class_of` also reads
the French words of the domain (section 1.1), which data files written by hand use.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

PRIORITIES = ("P1", "P2", "P3", "P4")  # crisis, urgent, normal, low
CIRCUITS = ("press", "legal", "security", "data")
SENSITIVITIES = ("press", "legal", "personal_data", "money", "threat", "vulnerable", "crisis")


@dataclass(frozen=True)
class QuestionClass:
    """One class of question. What it brings with it is proposed to the person who triages, never imposed."""

    code: str
    french: tuple[str, ...]  # the words that mean it, folded: no accents, blanks as hyphens
    sensitivity: str | None = None  # when none is chosen
    circuit: str | None = None  # where such a question belongs
    two_people: bool = False  # who closes it without a reply is not who triaged it


_ALL = (
    QuestionClass("question", ("question",)),
    QuestionClass("complaint", ("plainte", "reclamation"), two_people=True),
    QuestionClass("factual_error", ("erreur-factuelle", "erreur", "erreur-factuelle-possible")),
    QuestionClass("rumour", ("rumeur",), two_people=True),
    QuestionClass("emergency", ("urgence",)),
    QuestionClass("personal_data", ("donnee-personnelle", "donnees-personnelles"), "personal_data"),
    QuestionClass("rights_request", ("demande-de-droit", "droit", "legal"), "legal", "legal"),
    QuestionClass("press", ("presse", "elu", "presse-elu", "presse-ou-elu"), "press", "press"),
    QuestionClass("threat", ("menace",), "threat", "security"),
    QuestionClass("praise", ("eloge",)),
    QuestionClass("suggestion", ("suggestion",)),
    QuestionClass("mockery", ("moquerie", "colere", "moquerie-colere-sans-question")),
    QuestionClass("spam", ("troll", "troll-spam")),
    QuestionClass("off_topic", ("hors-sujet", "hors-perimetre")),
)
CLASSES: dict[str, QuestionClass] = {each.code: each for each in _ALL}
TWO_PEOPLE = frozenset(each.code for each in _ALL if each.two_people)
_BY_WORD = {word: each.code for each in _ALL for word in (each.code.replace("_", "-"), *each.french)}


def class_of(word: str) -> str | None:
    """The code of the class that `word` names, in either language and however it is accented; None: no class."""
    letters = unicodedata.normalize("NFKD", word.casefold())
    folded = "".join(letter if letter.isalnum() else "-" for letter in letters if not unicodedata.combining(letter))
    return _BY_WORD.get("-".join(filter(None, folded.split("-"))))

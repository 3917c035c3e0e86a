"""French, English or unknown. A wrong guess costs more than none, so short or foreign texts stay unknown."""

import re
import unicodedata

from helpdesk.search.lexicon import ELSEWHERE, EVIDENCE

LANGUAGES = ("fr", "en")

_WORDS = re.compile(r"[^\W\d_]+")
_ELIDED = re.compile(r"(?<!\w)(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)['’](?=[aeiouyhéèêàâîôûœ])", re.IGNORECASE)
_CONTRACTED = re.compile(r"(?<=\w)(?:n['’]t|['’](?:m|re|ve|ll))(?!\w)|(?<!\w)i['’]d(?!\w)", re.IGNORECASE)
_ACCENTED = re.compile(r"(?<!\w)(?:à|où|ça|été|très|déjà|après|\w+ée?s?|\w*[êç]\w*)(?!\w)", re.IGNORECASE)

LEAST_EVIDENCE = 2
LEAST_RATIO = 2.0


def guess_language(text: str) -> str | None:
    """The language, when two telling words or more say so and twice as many as for any other; else None."""
    words = [_plain(word) for word in _WORDS.findall(text)]
    french = sum(w in EVIDENCE["fr"] for w in words) + len(_ELIDED.findall(text))
    french += min(2, len(_ACCENTED.findall(text))) if french else 0
    english = sum(w in EVIDENCE["en"] for w in words) + len(_CONTRACTED.findall(text))
    elsewhere = sum(w in ELSEWHERE for w in words)
    for language, evidence, against in (("fr", french, english), ("en", english, french)):
        if evidence >= LEAST_EVIDENCE and evidence >= LEAST_RATIO * against and evidence > elsewhere:
            return language
    return None


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))

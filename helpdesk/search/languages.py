"""French, English or unknown. A wrong guess costs more than none, so short or foreign texts stay unknown.

The text is folded first: whoever drops accents, shouts in capitals or lets a telephone set the apostrophes is
understood to write the same language.
"""

import re

from helpdesk.search.folding import fold
from helpdesk.search.lexicon import ELSEWHERE, EVIDENCE

LANGUAGES = ("fr", "en")

_WORDS = re.compile(r"[^\W\d_]+")
_ELIDED = re.compile(r"(?<!\w)(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=[aeiouyh])")
_CONTRACTED = re.compile(r"(?<=\w)(?:n't|'(?:m|re|ve|ll))(?!\w)|(?<!\w)i'd(?!\w)")
_FRENCH_ENDING = re.compile(r"[^\W\d_]{3}(?:aires?|aux|eaux?|ees?|euses?|eurs?|eux|iques?|ites?|oires?|ement)(?!\w)")

LEAST_EVIDENCE = 2
LEAST_RATIO = 2.0


def guess_language(text: str) -> str | None:
    """The language, when two telling words or more say so and twice as many as for any other; else None."""
    folded = fold(text)
    words = _WORDS.findall(folded)
    french = sum(w in EVIDENCE["fr"] for w in words) + len(_ELIDED.findall(folded))
    french += min(2, len(_FRENCH_ENDING.findall(folded))) if french else 0  # some English words end so too
    english = sum(w in EVIDENCE["en"] for w in words) + len(_CONTRACTED.findall(folded))
    elsewhere = sum(w in ELSEWHERE for w in words)
    for language, evidence, against in (("fr", french, english), ("en", english, french)):
        if evidence >= LEAST_EVIDENCE and evidence >= LEAST_RATIO * against and evidence > elsewhere:
            return language
    return None

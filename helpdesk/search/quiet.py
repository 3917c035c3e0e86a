"""The parts of a message that name no subject: quoted mails, signatures, phrases of politeness. Pure.

Everything here is read on folded text (see `folding`), and spans are half-open positions in it. A signature is only
read at the end: what follows a closing phrase counts as one when it is short and made of short lines.
"""

import re
from collections.abc import Iterator, Sequence

Spans = Sequence[tuple[int, int]]

LONGEST_SIGNATURE = 200
MOST_WORDS_A_LINE = 5
"""A line of a signature has no more words: a name, a street, a telephone number."""

_HINT = re.compile(
    r"\n|cher|dear|merci|thank|regard|cordial|cdlt|salutation|sincere|faithful|bien a (?:vous|toi)|d'avance|cheers"
    r"|sent from|envoye d|bonne (?:journee|soiree)"
)
_QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_QUOTED_REST = re.compile(
    r"""
      ^[-_ ]{2,}\ ?(?:original\ message|forwarded\ message|message\ (?:d'origine|original|transfere|initial))\b
    | ^(?:le|on)\ [^\n]{4,150}(?:\n[^\n]{1,80})?\b(?:a\ ecrit|wrote)\ ?:[ \t]*$
    | ^(?:de|from)\ ?:[^\n]+\n(?:[^\n]+\n){0,2}(?:envoye|sent|date)\ ?:
    """,
    re.MULTILINE | re.VERBOSE,
)
_CLOSING = re.compile(
    r"""
      (?<!\w)(?:
        (?:tres\ |bien\ )?(?:cordialement|cdlt)(?:\ votre)?
      | (?:mes\ |nos\ )?(?:sinceres\ |meilleures\ |respectueuses\ |cordiales\ )*salutations
        (?:\ (?:distinguees|respectueuses|les\ meilleures|cordiales))*
      | bien\ a\ (?:vous|toi) | (?:tres\ )?respectueusement | sincerement
      | (?:merci|je\ vous\ remercie)\ (?:beaucoup\ |bien\ )?(?:d'|par\ )avance | d'avance\ merci
      | bonne\ (?:journee|soiree)(?:\ a\ (?:vous|tous))?
      | (?:(?:best|kind|kindest|warm|warmest)\ )?regards
      | yours?\ (?:sincerely|faithfully|truly) | sincerely(?:\ yours)?
      | many\ thanks | (?:thanks|thank\ you)(?:\ very\ much)?\ in\ advance | cheers
      )(?!\w)
      | ^--[ \t]*$
    """,
    re.MULTILINE | re.VERBOSE,
)
_POLITE = re.compile(
    r"""
      (?<!\w)(?:
        (?:merci|je\ vous\ remercie)\ (?:beaucoup\ |bien\ )?(?:d'|par\ )avance | d'avance\ merci
      | (?:merci|je\ vous\ remercie)\ (?:beaucoup\ |bien\ )?(?:de|pour)\ votre[ ]
        (?:aide|reponse|retour|attention|comprehension)
      | (?:thanks|thank\ you)(?:\ (?:very|so)\ much)?\ (?:in\ advance|for\ your\ (?:help|time|reply|attention))
      | (?:chere?s?|dear)\ (?:madame|monsieur|mesdames|messieurs|sir|madam|sirs|all|team|equipe)
      | (?:envoye|sent)\ (?:depuis|de|a\ partir\ de|from)\ (?:mon|my)\ [^\n.]{2,30}
      | (?:obtenez|telechargez|get)\ outlook\ (?:pour|for)\ [^\n.]{2,20}
      )(?!\w)
    """,
    re.VERBOSE,
)
_END_OF_SENTENCE = re.compile(r"[?]|[.!](?=\s+\w)")


def quoted_spans(folded: str) -> Spans:
    """What the asker did not write now: quoted lines, and everything from the mark of an earlier mail on.

    A message that is nothing but a quotation is not one: nothing is left out of it.
    """
    if "\n" not in folded:
        return ()
    spans = [found.span() for found in _QUOTED_LINE.finditer(folded)]
    earlier = _QUOTED_REST.search(folded)
    if earlier:
        spans = [span for span in spans if span[0] < earlier.start()] + [(earlier.start(), len(folded))]
    position, own = 0, ""
    for start, end in spans:
        own += folded[position:start]
        position = end
    return spans if any(map(str.isalnum, own + folded[position:])) or not spans else ()


def quiet_spans(folded: str, quoted: Spans = ()) -> Spans:
    """Phrases of politeness, and the signature. `quoted`: what `quoted_spans` said, which is not looked at."""
    if not _HINT.search(folded):
        return ()
    end = next((start for start, stop in quoted if stop == len(folded)), len(folded))
    return [*(found.span() for found in _POLITE.finditer(folded, 0, end)), *_signature(folded, end)]


def _signature(folded: str, end: int) -> Iterator[tuple[int, int]]:
    """From the first closing phrase after which nothing but a signature follows."""
    for closing in _CLOSING.finditer(folded, max(0, end - LONGEST_SIGNATURE - 60), end):
        rest = folded[closing.end() : end].strip(" \t\r\n,.!-")
        if len(rest) > LONGEST_SIGNATURE or _END_OF_SENTENCE.search(rest):
            continue
        if all(len(line.split()) <= MOST_WORDS_A_LINE for line in rest.splitlines()):
            yield closing.start(), end
            return
        yield closing.span()

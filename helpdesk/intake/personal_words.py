"""Where a text names a person or the place they live: e-mail address, name, street address.

Same promise as `personal_numbers`: each finder reads a skeleton, yields `(start, end)`, and repeats nothing
without a bound. Names are found only where the text itself says that a name comes: a title, "je m'appelle",
a signature, or words with capitals between commas beside a telephone or customer number. A name in the
middle of a sentence stays, because guessing there would hide towns and products, which the expert needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

# --- e-mail --------------------------------------------------------------------------------------------

_AT = re.compile(r"@| ?[\[({<] ?(?i:at|arobase|arobas|@|a) ?[\])}>] ?| (?i:arobase|arobas) ")
_DOT = r"(?:\.| ?[\[({<] ?(?i:dot|point|\.) ?[\])}>] ?)"
_DOMAIN = re.compile(
    rf"[\w\-]{{1,63}}(?:{_DOT}[\w\-]{{1,63}}){{0,8}}{_DOT}[^\W\d_]{{2,24}}(?!\w)"
    r"|\[\d{1,3}(?:\.\d{1,3}){3}\]"
)
_LOCAL_SIGNS = frozenset("._%+-'&~")
_LONGEST_LOCAL = 64


def emails(skeleton: str) -> Iterator[Span]:
    """E-mail addresses, also written "jean (at) exemple (point) fr". `@name@server`, a public handle, is
    not one.
    """
    for at in _AT.finditer(skeleton):
        start = at.start()
        floor = max(0, start - _LONGEST_LOCAL)
        while start > floor and (skeleton[start - 1].isalnum() or skeleton[start - 1] in _LOCAL_SIGNS):
            start -= 1
        while start < at.start() and not skeleton[start].isalnum():
            start += 1  # a bracket, quote or dash before the address is not part of it
        is_handle = start > 0 and skeleton[start - 1] == "@"
        domain = _DOMAIN.match(skeleton, at.end())
        if domain and start < at.start() and not is_handle:
            yield start, domain.end()


# --- names ---------------------------------------------------------------------------------------------

_CAPITALISED = r"[A-ZÀ-ÖØ-Þ][^\W\d_]{0,30}(?:['\-][^\W\d_]{1,30}){0,3}"
_PARTICLE = r"(?:(?:de|du|des|la|le|van|von|di|da|el|ben) |d'){0,2}"
_NAME = rf"(?:(?:de|du|van|von|di|da|el|ben) |d'){{0,2}}{_CAPITALISED}(?: {_PARTICLE}{_CAPITALISED}){{0,3}}"
_FULL_NAME = rf"{_CAPITALISED}(?: {_PARTICLE}{_CAPITALISED}){{1,3}}"
_TITLED = re.compile(
    r"(?<!\w)(?:M\.|MM\.|Mr\.?|Mrs\.?|Ms\.?|Miss|Dr\.?|Mmes?\.?|Mlles?\.?|[Dd]octeur|[Mm]onsieur"
    r"|[Mm]adame|[Mm]ademoiselle|MONSIEUR|MADAME)"
    rf" {{1,2}}(?P<name>{_NAME})"
)
_ANNOUNCED = re.compile(
    r"(?i:\bje m'appelle|\bmon nom est|\bmy name is|\bmy name's|\b(?:sur)?name ?:"
    r"|\b(?:pr[ée])?nom(?: de famille)? ?:"
    r"|\bau nom de|\bin the name of)"
    rf" {{0,3}}(?P<name>{_NAME})"
)
_SIGNED = re.compile(
    r"(?i:\bcordialement|\bbien à vous|\bsalutations(?: distinguées)?|\bsincères salutations"
    r"|\b(?:kind |best )?regards"
    r"|\bsincerely|\byours (?:truly|faithfully))"
    rf"[ ,.!]{{0,4}}\n\s{{0,10}}(?P<name>{_NAME})[ .]{{0,3}}(?:\n|\Z)"
)
# \0 stands for what has been masked already, so these read "Client ▮, Jean Exemple, ▮".
_BESIDE = re.compile(
    rf"(?:\0[ ]?[,;:(\-\n/][ \n]{{0,2}}(?P<name>{_FULL_NAME})(?= ?[,;.:!?)\n\-/]|\Z)"
    rf"|(?:^|[,;:(\n/\-]) ?(?P<before>{_FULL_NAME}) ?[,;:(\-\n/][ \n]{{0,2}}(?=\0))",
    re.MULTILINE,
)
_OFFICES = frozenset(
    {
        "directeur", "directrice", "président", "présidente", "maire", "ministre", "premier", "première",
        "vice-premier", "préfet", "préfète", "responsable", "médiateur", "médiatrice", "le", "la", "les",
        "bonjour", "bonsoir", "merci", "hello",
    }
)  # fmt: skip


def names(skeleton: str, public_words: frozenset[str]) -> Iterator[Span]:
    """Names of people where the text says that a name comes. A group holding one of `public_words` is left
    alone.
    """
    for pattern in (_TITLED, _ANNOUNCED, _SIGNED, _BESIDE):
        for match in pattern.finditer(skeleton):
            group = "name" if match.group("name") is not None else "before"
            words = match.group(group).casefold().split()
            office = words[0] in _OFFICES and (len(words) == 1 or words[1] in _OFFICES)
            if not office and public_words.isdisjoint(words):
                yield match.span(group)


# --- street addresses ----------------------------------------------------------------------------------

_HOUSE = r"(?<![\w.,/\-])\d{1,4}(?: ?(?i:bis|ter|quater|[a-d]))?\b,? "
_STREET_WORD = r"(?:[^\W\d_][^\W_]{0,30}(?:['\-][^\W_]{1,30}){0,4})"
_FRENCH_STREET = re.compile(
    rf"{_HOUSE}(?:"
    r"(?i:rue|avenue|av\.?|boulevard|boul\.?|bd\.?|bvd|impasse|all[ée]es?|quai|chemin|faubourg|ruelle|venelle|hameau"
    r"|lieu-dit|lotissement|r[ée]sidence|rond-point)"
    rf" (?:(?i:de|du|des|la|le|les|aux?) |(?i:de la|de l'|d'|l')){{0,2}}{_STREET_WORD}"
    r"|(?i:place|route|rte|cours|square|passage|sentier|esplanade|promenade|clos|cit[ée]|villa|mail)"
    rf" (?:(?:de|du|des|la|le|les|aux?) |d'|l'){{0,3}}{_CAPITALISED})"
    rf"(?: (?:(?:de|du|des|la|le|les|en|sur|aux?) |d'|l'){{0,3}}{_CAPITALISED}){{0,5}}"
    rf"(?:,? \d{{5}}(?: {_CAPITALISED}(?: {_CAPITALISED}){{0,2}})?)?"
)
_ENGLISH_STREET = re.compile(
    rf"{_HOUSE}(?:{_CAPITALISED} ){{1,3}}(?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Drive|Dr|Close|Court"
    r"|Crescent|Gardens|Terrace|Boulevard|Blvd)\b"
)


def addresses(skeleton: str) -> Iterator[Span]:
    """Street addresses with a house number; a street without one is where the fault is, not where somebody
    lives.
    """
    for pattern in (_FRENCH_STREET, _ENGLISH_STREET):
        for match in pattern.finditer(skeleton):
            yield match.span()

"""Words that mean the same, as administrators say: a question that holds one is also asked with the others. Pure.

Questions are widened when they are asked, not when documents are read: a changed group counts from the next question
on, and no index is rebuilt. What was added weighs less than what the asker wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from helpdesk.search.text import LANGUAGES, Token, analyse

EQUIVALENT = 0.6
"""What an added word counts, of what a word of the asker's counts. The words of an expression share it."""
MOST_ADDED = 60
"""Terms added to one question, at most, per language."""

Terms = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Words or expressions that mean the same. A question is widened by the words of its own language, with all."""

    french: tuple[str, ...] = ()
    english: tuple[str, ...] = ()
    one_way: bool = False
    """Only who writes the first word of a list is understood to mean the others too."""

    def of(self, language: str) -> tuple[str, ...]:
        return self.french if language == "fr" else self.english


class Added(NamedTuple):
    """A term asked for although the asker did not write it."""

    term: str
    asked: Terms
    """The terms of the asker's that mean the same."""
    weight: float
    start: int
    end: int
    """Where the asker wrote them."""


class _Rule(NamedTuple):
    written: Terms
    meant: tuple[Terms, ...]


class Equivalents:
    """Groups made ready to widen questions."""

    def __init__(self, groups: Iterable[Group] = ()) -> None:
        listed = list(groups)
        self._rules: Mapping[str, Mapping[str, Sequence[_Rule]]] = {
            language: _by_first_term(_rules(listed, language)) for language in LANGUAGES
        }

    def __bool__(self) -> bool:
        return any(self._rules.values())

    def added(self, tokens: Sequence[Token], language: str) -> tuple[Added, ...]:
        """What a question of these tokens, read in `language`, also means; nothing that it already holds."""
        rules = self._rules[language]
        if not rules:
            return ()
        told = [token for token in tokens if _is_telling(token)]
        held = {token.term for token in told}
        best: dict[str, Added] = {}
        for place, token in enumerate(told):
            for rule in rules.get(token.term, ()):
                found = told[place : place + len(rule.written)]
                if tuple(each.term for each in found) == rule.written:
                    for each in _meant(rule, found[0].start, found[-1].end):
                        if each.term not in held and (each.term not in best or each.weight > best[each.term].weight):
                            best[each.term] = each
        return tuple(best.values())[:MOST_ADDED]


@lru_cache(maxsize=50_000)
def terms_of(word: str, language: str) -> Terms:
    """The terms that `word` is recognised by; empty when it says nothing (articles, greetings, signs only)."""
    return tuple(token.term for token in analyse(word, language) if _is_telling(token))


def _is_telling(token: Token) -> bool:
    return token.weight >= 1 and not token.common


def _rules(groups: Iterable[Group], language: str) -> Iterator[_Rule]:
    for group in groups:
        own = group.of(language)
        words = {word: terms_of(word, language) for word in (*group.french, *group.english)}
        for word in own[:1] if group.one_way else own:
            meant = dict.fromkeys(terms for terms in words.values() if terms and terms != words[word])
            if words[word] and meant:
                yield _Rule(words[word], tuple(meant))


def _by_first_term(rules: Iterable[_Rule]) -> Mapping[str, Sequence[_Rule]]:
    found: defaultdict[str, list[_Rule]] = defaultdict(list)
    for rule in rules:
        found[rule.written[0]].append(rule)
    return dict(found)


def _meant(rule: _Rule, start: int, end: int) -> Iterator[Added]:
    for terms in rule.meant:
        for term in terms:
            yield Added(term, rule.written, EQUIVALENT / len(terms), start, end)


NONE = Equivalents()

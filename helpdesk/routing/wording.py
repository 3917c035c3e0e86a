"""Reasons in words. The facts come from `reasons`; the reader's language comes in as `_` and `ngettext`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from helpdesk.routing.reasons import Reason, ReasonKind


class Names(Protocol):
    """How ids, languages and dates are called for the reader."""

    def person(self, person_id: int) -> str: ...

    def topic(self, topic_id: int) -> str: ...

    def language(self, code: str) -> str:
        """In the middle of a sentence: "English", « anglais »."""

    def day(self, iso: str) -> str:
        """The local day of an ISO instant."""


@dataclass(frozen=True)
class Words:
    """The reader's language: gettext and ngettext (with named figures), and names."""

    gettext: Callable[..., str]
    ngettext: Callable[..., str]
    names: Names


def reason_in_words(reason: Reason, words: Words, *, to_them: bool = False) -> dict[str, Any]:
    """`kind`, `text` (one sentence), and what is shown beside it: `words` as the asker wrote them, `precedents`.

    `to_them`: the reader is the person it is about.
    """
    say = _SAY_TO_THEM.get(reason.kind, _SAY[reason.kind]) if to_them else _SAY[reason.kind]
    said = say(reason.data, words)
    shown: dict[str, Any] = {"kind": str(reason.kind), "text": said}
    for name in ("words", "precedents"):
        if name in reason.data:
            shown[name] = reason.data[name]
    return shown


def _words(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("What they know matches the asker’s words:")


def _code(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("Known for exactly this code or product:")


def _topic(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    topic = say.names.topic(data["topic"])
    if data["level"] == 3:
        return _("Answerable for the topic “%(topic)s”.", topic=topic)
    if data["level"] == 2:
        return _("Knows the topic “%(topic)s”.", topic=topic)
    return _("Can help out on the topic “%(topic)s”.", topic=topic)


def _precedent(data: Mapping[str, Any], say: Words) -> str:
    ngettext = say.ngettext
    return ngettext(
        "Gave %(num)d answer to a similar question.", "Gave %(num)d answers to similar questions.", data["count"]
    )


def _history(data: Mapping[str, Any], say: Words) -> str:
    ngettext = say.ngettext
    return ngettext(
        "Has %(num)d official answer in this vein.", "Has %(num)d official answers in this vein.", data["answered"]
    )


def _learned(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("Questions with these words were theirs so far:")


def _meaning(data: Mapping[str, Any], say: Words) -> str:
    ngettext = say.ngettext
    return ngettext(
        "Gave %(num)d answer to a question that means nearly the same.",
        "Gave %(num)d answers to questions that mean nearly the same.",
        data["count"],
    )


def _silence(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("Has answered nothing since %(day)s.", day=say.names.day(data["last"]))


def _language(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("Does not answer in %(language)s: a translation is needed.", language=say.names.language(data["asked_in"]))


def _load(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("Busy: %(open)s in hand, %(capacity)s at most.", **data)


def _delegate(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    name = say.names.person(data["person"])
    if not data["until"]:
        return _("Stands in for %(name)s, who is away.", name=name)
    return _("Stands in for %(name)s, away until %(day)s.", name=name, day=say.names.day(data["until"]))


def _absence(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    day = say.names.day(data["until"])
    if data["delegate"] is None:
        return _("Away until %(day)s, and nobody stands in.", day=day)
    return _("Away until %(day)s; %(name)s stands in.", day=day, name=say.names.person(data["delegate"]))


def _overload(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("Full: %(open)s in hand, %(capacity)s at most.", **data)


def _declined(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    said = {
        "out_of_scope": _("Declined this question: not their field."),
        "unavailable": _("Declined this question: not available."),
        "overloaded": _("Declined this question: too much in hand."),
        "conflict_of_interest": _("Declined this question: conflict of interest."),
        "missing_information": _("Declined this question: information was missing."),
        "redirected": _("Passed this question on to somebody else."),
    }
    return said[data["reason"]]


def _lower(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    if data["share"] >= 0.8:
        return _("Fits nearly as well.")
    return _("Fits, but less well.") if data["share"] >= 0.5 else _("Fits only in part.")


_SAY: Mapping[ReasonKind, Callable[[Mapping[str, Any], Words], str]] = {
    ReasonKind.WORDS: _words,
    ReasonKind.CODE: _code,
    ReasonKind.TOPIC: _topic,
    ReasonKind.PRECEDENT: _precedent,
    ReasonKind.HISTORY: _history,
    ReasonKind.LEARNED: _learned,
    ReasonKind.MEANING: _meaning,
    ReasonKind.SILENCE: _silence,
    ReasonKind.LANGUAGE: _language,
    ReasonKind.LOAD: _load,
    ReasonKind.DELEGATE: _delegate,
    ReasonKind.ABSENCE: _absence,
    ReasonKind.OVERLOAD: _overload,
    ReasonKind.DECLINED: _declined,
    ReasonKind.LOWER: _lower,
}


# --- to the person it is about ----------------------------------------------------------------------------------------


def _your_words(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("What you know matches the asker’s words:")


def _your_code(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("You are known for exactly this code or product:")


def _your_topic(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    topic = say.names.topic(data["topic"])
    if data["level"] == 3:
        return _("You answer for the topic “%(topic)s”.", topic=topic)
    if data["level"] == 2:
        return _("You know the topic “%(topic)s”.", topic=topic)
    return _("You can help out on the topic “%(topic)s”.", topic=topic)


def _your_precedent(data: Mapping[str, Any], say: Words) -> str:
    ngettext = say.ngettext
    return ngettext(
        "You gave %(num)d answer to a similar question.",
        "You gave %(num)d answers to similar questions.",
        data["count"],
    )


def _your_history(data: Mapping[str, Any], say: Words) -> str:
    ngettext = say.ngettext
    return ngettext(
        "You wrote %(num)d official answer in this vein.",
        "You wrote %(num)d official answers in this vein.",
        data["answered"],
    )


def _your_learned(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("Questions with these words were yours so far:")


def _your_meaning(data: Mapping[str, Any], say: Words) -> str:
    ngettext = say.ngettext
    return ngettext(
        "You gave %(num)d answer to a question that means nearly the same.",
        "You gave %(num)d answers to questions that mean nearly the same.",
        data["count"],
    )


def _your_silence(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _("You have answered nothing since %(day)s.", day=say.names.day(data["last"]))


def _your_language(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    return _(
        "You do not answer in %(language)s: a translation is needed.", language=say.names.language(data["asked_in"])
    )


def _your_delegate(data: Mapping[str, Any], say: Words) -> str:
    _ = say.gettext
    name = say.names.person(data["person"])
    if not data["until"]:
        return _("You stand in for %(name)s, who is away.", name=name)
    return _("You stand in for %(name)s, away until %(day)s.", name=name, day=say.names.day(data["until"]))


_SAY_TO_THEM: Mapping[ReasonKind, Callable[[Mapping[str, Any], Words], str]] = {
    ReasonKind.WORDS: _your_words,
    ReasonKind.CODE: _your_code,
    ReasonKind.TOPIC: _your_topic,
    ReasonKind.PRECEDENT: _your_precedent,
    ReasonKind.HISTORY: _your_history,
    ReasonKind.LEARNED: _your_learned,
    ReasonKind.MEANING: _your_meaning,
    ReasonKind.SILENCE: _your_silence,
    ReasonKind.LANGUAGE: _your_language,
    ReasonKind.DELEGATE: _your_delegate,
}


def why_answer_is_not_usable(code: str, words: Words) -> str:
    """Why an official answer that looks fitting may not be posted here today."""
    _ = words.gettext
    return {
        "withdrawn": _("Withdrawn"),
        "superseded": _("Replaced by a newer answer"),
        "internal": _("For internal use only"),
        "expired": _("Past its review date"),
        "other_language": _("In another language"),
        "too_long": _("Too long for this channel"),
        "other_code": _("About another code or product"),
        "other_place": _("About another place"),
        "other_technology": _("About another technology"),
        "holding_needs_variables": _("A holding statement, not an answer"),
    }[code]

"""The first words of a question, for lists. Pure: a masked text in, one short line out."""

from __future__ import annotations

from helpdesk.answers.graphemes import graphemes

LENGTH = 160  # code points, plus "…" when something was left out


def excerpt(masked: str, subject: str | None = None) -> str:
    """The beginning of a masked text on one line, subject first, cut between words and never inside a mark.

    Marks hold no blank, so a cut between words keeps them whole.
    """
    line = " ".join((f"{subject} · {masked}" if subject else masked).split())
    if len(line) <= LENGTH:
        return line
    end = line.rfind(" ", LENGTH // 2, LENGTH)
    return (line[:end] if end > 0 else _beginning(line)) + "…"


def _beginning(line: str) -> str:
    """What fits of a line without blanks: whole characters as readers see them, and whole marks."""
    kept = ""
    for character in graphemes(line[: 2 * LENGTH]):
        if len(kept) + len(character) > LENGTH:
            break
        kept += character
    opened = kept.rfind("⟦")
    return kept[:opened] if opened > kept.rfind("⟧") else kept

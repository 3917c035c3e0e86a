"""How good routing is, in plain words, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.reports.routing_quality import Quality, Week
from helpdesk.routing.budget import FEWEST, Outlook
from helpdesk.routing.confidence import SURE_FROM, Confidence, Mode
from helpdesk.routing.shares import TOLD_FROM, Share
from helpdesk.web.looks import number, percent

LATELY = 4
"""Weeks compared with those before."""
FALL = 0.1
FEW = 100
"""Of fewer decided questions it is said how far the truth may be from the figure."""


@dataclass(frozen=True)
class Verdict:
    """`tone`: plain, good, care or alarm."""

    tone: str
    headline: str
    advice: Sequence[str]


def verdict(found: Quality, mode: Mode, outlook: Outlook, decided: int) -> Verdict:
    """What the weeks say, what to do, and what the budget allows. `decided`: tickets decided so far."""
    first = found.total.first
    if first.value is None:
        headline = _(
            "It is too early to say: %(count)s of the %(needed)s answered questions a first figure takes.",
            count=number(first.count),
            needed=TOLD_FROM,
        )
        return Verdict("plain", str(headline), [_carry_on(), *_about_mode(found, mode, outlook, decided)])
    headline = _(
        "The first person suggested was the right one for %(share)s of %(count)s answered questions.",
        share=rounded(first.value),
        count=number(first.count),
    )
    alarm, advice = _alarms(found, mode, outlook)
    if first.count < FEW:
        low, high = first.interval
        advice.append(
            _(
                "With so few, the true share may be anywhere from %(low)s to %(high)s.",
                low=rounded(low),
                high=rounded(high),
            )
        )
    advice += _about_mode(found, mode, outlook, decided)
    return Verdict("alarm" if alarm else "good" if first.interval[0] >= 0.7 else "care", str(headline), advice)


def _carry_on() -> str:
    return str(_("Keep choosing among the suggestions; the figures appear here as questions are answered."))


def _alarms(found: Quality, mode: Mode, outlook: Outlook) -> tuple[bool, list[str]]:
    """What went wrong, worst first."""
    said = []
    wrong = found.total.automatic_wrong
    broken = wrong.value is not None and wrong.interval[0] > outlook.budget
    if broken and wrong.value is not None:
        said.append(
            _(
                "Of the questions Relais sent by itself, %(share)s went to the wrong person, more than the %(budget)s "
                "you allow. Go back to pre-filling until you know why.",
                share=rounded(wrong.value),
                budget=percent(outlook.budget),
            )
            if mode is Mode.AUTOMATIC
            else _(
                "When Relais sent questions by itself, %(share)s went to the wrong person: leave it off for now.",
                share=rounded(wrong.value),
            )
        )
    lately, before = _together(found.weeks[-LATELY:]), _together(found.weeks[:-LATELY])
    if lately.value is not None and before.value is not None and lately.interval[1] < before.value - FALL / 2:
        said.append(
            _(
                "Lately it is worse: %(now)s in the last four weeks, %(then)s before. New subjects, or people who "
                "moved? Check the topics and who knows them.",
                now=rounded(lately.value),
                then=rounded(before.value),
            )
        )
    sure = found.bands[Confidence.SURE]
    if sure.value is not None and sure.interval[1] < SURE_FROM:
        said.append(
            _(
                "“Sure” is said too easily: %(share)s of these were right. It corrects itself as more is decided.",
                share=rounded(sure.value),
            )
        )
    return bool(said), [str(each) for each in said]


def _about_mode(found: Quality, mode: Mode, outlook: Outlook, decided: int) -> list[str]:
    if decided < FEWEST:
        return [
            str(
                ngettext(
                    "Until %(needed)s questions are decided a person always chooses, whatever is set below: "
                    "%(num)d is so far.",
                    "Until %(needed)s questions are decided a person always chooses, whatever is set below: "
                    "%(num)d are so far.",
                    decided,
                    needed=FEWEST,
                )
            )
        ]
    if not outlook.asked:
        return [
            str(
                _(
                    "No suggestion is sure enough yet to be sent by itself within %(budget)s of wrong choices.",
                    budget=percent(outlook.budget),
                )
            )
        ]
    if mode is Mode.AUTOMATIC or outlook.rate is None:
        return []
    return [
        str(
            _(
                "Within %(budget)s of wrong choices, Relais could have sent %(rate)s of questions by itself: "
                "try it in one department first.",
                budget=percent(outlook.budget),
                rate=rounded(outlook.rate),
            )
        )
    ]


def budget_words(outlook: Outlook) -> str:
    """What a budget would have meant."""
    if not outlook.judged:
        return str(_("too little decided to say"))
    if not outlook.asked or outlook.error is None:
        return str(_("nothing would have gone by itself"))
    return str(
        _(
            "%(rate)s would have gone by themselves, %(error)s of these wrongly",
            rate=rounded(outlook.rate or 0.0),
            error=rounded(outlook.error),
        )
    )


def rounded(share: float) -> str:
    """A share in whole percent; small ones with a decimal."""
    return percent(round(share, 2 if share == 0 or share >= 0.1 else 3))


def _together(weeks: Sequence[Week]) -> Share:
    return sum((week.first for week in weeks), Share())

"""What a replay of the past comes to, in a sentence or three and in a table."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.reports.what_if import Changes, Trial
from helpdesk.sla.what_if.comparing import CLOSE, FAR, FEWEST, Comparison, Figures
from helpdesk.web.looks import number, percent
from helpdesk.web.response_wording import Verdict
from helpdesk.web.sheets import Cell, Column, Form, Sheet, duration


def changed(changes: Changes, calendars: Mapping[str, str]) -> list[str]:
    """Each thing that is changed, as it stands in the middle of a sentence."""
    parts = []
    if changes.experts > 0:
        parts.append(ngettext("one more expert", "%(num)d more experts", changes.experts))
    elif changes.experts < 0:
        parts.append(ngettext("one expert fewer", "%(num)d experts fewer", -changes.experts))
    if changes.calendar:
        parts.append(_("the hours “%(name)s” for everybody", name=calendars[changes.calendar]))
    if changes.target:
        parts.append(_("a target of %(time)s", time=duration(changes.target * 60)))
    return [str(part) for part in parts]


def verdict(found: Comparison, parts: list[str]) -> Verdict:
    """The sentence of the page: how it would have been, how sure that is, and whether the replay can be believed."""
    now, real = whole(found.now.share), whole(found.real.share)
    lines = []
    if not parts:
        tone = "plain"
        headline = _("Played again with nothing changed, %(share)s of the answers are in time.", share=now)
    else:
        tone = "plain" if found.may_be_chance or found.fit == FAR else "good" if found.difference > 0 else "alarm"
        headline = _(
            "With %(changes)s, %(after)s of the answers would have been in time instead of %(now)s.",
            changes=listed(parts),
            after=whole(found.changed.share),
            now=now,
        )
        lines.append(_difference(found))
    lines.append(_fit(found, now, real))
    return Verdict(tone, str(headline), lines)


def listed(parts: list[str]) -> str:
    """“a, b and c”."""
    if len(parts) < 2:
        return "".join(parts)
    return str(_("%(first)s and %(last)s", first=", ".join(parts[:-1]), last=parts[-1]))


def whole(share: float) -> str:
    return percent(round(share, 2))


def _difference(found: Comparison) -> str:
    low, high = (points(value) for value in found.difference_interval)
    if found.difference_interval == (0.0, 0.0):
        return str(_("Nothing would have been different, whichever of these weeks are looked at."))
    said = _("The difference lies between %(low)s and %(high)s points, 19 times in 20.", low=low, high=high)
    return f"{said} {_('Such a difference may be chance.')}" if found.may_be_chance else str(said)


def points(value: float) -> str:
    """0.063 as "+6", with a real minus sign."""
    rounded = round(value * 100)
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{number(abs(rounded))}"


def _fit(found: Comparison, now: str, real: str) -> str:
    if found.fit == CLOSE:
        words = _(
            "The replay with nothing changed is close to what really happened: %(now)s against %(real)s.",
            now=now,
            real=real,
        )
    elif found.fit == FAR:
        words = _(
            "The replay with nothing changed is far from what really happened (%(now)s against %(real)s in time): "
            "do not rely on it.",
            now=now,
            real=real,
        )
    else:
        words = _(
            "The replay with nothing changed is some way off what really happened (%(now)s against %(real)s in time): "
            "look at the difference rather than at the shares.",
            now=now,
            real=real,
        )
    return str(words)


def told(trial: Trial) -> list[str]:
    """What was looked at, and what is wrong with every replay."""
    lines = [
        ngettext(
            "%(num)d answer that had a target was looked at.",
            "%(num)d answers that had a target were looked at.",
            trial.count,
        ),
        ngettext("One expert shares the questions.", "%(num)d experts share the questions.", trial.pool),
    ]
    lines.append(
        _("In the replay, whoever can begin first takes the next question; this is close to how it went.")
        if trial.shared
        else _(
            "In the replay everybody answers what they had, and who comes takes what they can begin sooner; "
            "this comes closest to how it went."
        )
    )
    if trial.open_late:
        lines.append(
            ngettext(
                "One is open and late, and counts as such.",
                "%(num)d are open and late, and count as such.",
                trial.open_late,
            )
        )
    if trial.others:
        lines.append(
            ngettext(
                "One more, who answers now and then, keeps their own questions.",
                "%(num)d more, who answer now and then, keep their own questions.",
                trial.others,
            )
        )
    return [str(line) for line in lines]


def too_few(trial: Trial) -> str:
    return str(
        ngettext(
            "Only %(num)d answer of these weeks had a target, and %(least)s are needed: choose more weeks.",
            "Only %(num)d answers of these weeks had a target, and %(least)s are needed: choose more weeks.",
            trial.count,
            least=FEWEST,
        )
    )


def rows(found: Comparison, is_changed: bool) -> list[tuple[str, Figures, tuple[float, float] | None, str]]:
    """What is drawn and tabled: what it is, its figures, its interval, and its tone."""
    shown: list[tuple[str, Figures, tuple[float, float] | None, str]] = [
        (str(_("What really happened")), found.real, None, "real"),
        (str(_("Played again, nothing changed")), found.now, found.now_interval, "now"),
    ]
    if is_changed:
        shown.append((str(_("Played again with the change")), found.changed, found.changed_interval, "changed"))
    return shown


def table(found: Comparison, is_changed: bool) -> Sheet:
    columns = [
        Column(str(_("What"))),
        Column(str(_("In time")), Form.SHARE),
        Column(str(_("How many in time")), Form.COUNT),
        Column(str(_("Share lies between"))),
        Column(str(_("Half within")), Form.DURATION),
        Column(str(_("Nine in ten within")), Form.DURATION),
        Column(str(_("Half within, from the offer, all hours counted")), Form.DURATION),
    ]
    lines = [
        [
            Cell(name),
            Cell(figures.share),
            Cell(figures.kept),
            Cell(_("%(low)s and %(high)s", low=whole(between[0]), high=whole(between[1])) if between else None),
            Cell(figures.median),
            Cell(figures.p90),
            Cell(figures.took),
        ]
        for name, figures, between, _tone in rows(found, is_changed)
    ]
    return Sheet("what-if", str(_("Before and after")), columns, lines)

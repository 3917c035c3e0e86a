"""What is said to people when something is refused: one sentence per problem code, in the reader's language.

Rules know codes and figures only (see `helpdesk.errors`). Each sentence says what to do, and never blames.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import format_datetime, format_decimal
from flask_babel import lazy_gettext as _l

from helpdesk.errors import Problem
from helpdesk.web.likeness import conflict

# (field, code), or code alone for every field.
SENTENCES: Mapping[tuple[str, str] | str, Any] = {
    "missing": _l("Please fill in this field."),
    ("text", "missing"): _l("Write your question: the text is missing."),
    ("text", "empty"): _l("Write your question: this text has no visible character."),
    ("channel", "missing"): _l("Say on which channel the question was asked."),
    ("channel", "unknown_channel"): _l("This channel does not exist or is closed; choose another one."),
    "too_long": _l("Shorten this text: it has %(count)s characters and %(limit)s are allowed."),
    ("body", "too_long_for_channel"): _l(
        "Write a shorter answer or a short variant: it counts for %(count)s, the channel allows %(limit)s."
    ),
    ("short", "too_long_for_channel"): _l(
        "Shorten the short variant: it counts for %(count)s and the channel allows %(limit)s."
    ),
    ("short", "missing_for_channel"): _l("Write a short variant that fits this channel."),
    "not_text": _l("Send text here, in quotation marks."),
    "not_an_object": _l("Send an object with named values here."),
    "nul": _l("Remove the invisible NUL character at position %(position)s, then send the text again."),
    "half_character": _l("Type the character at position %(position)s again: only half of it arrived."),
    "bad_link": _l("Give a complete link that starts with https:// or http://, without spaces or password."),
    "bad_email": _l("Check this e-mail address: it should look like name@example.org."),
    "bad_time": _l("Give a date and time such as 2026-03-29T14:05:00+02:00."),
    "time_without_offset": _l("Add the offset from universal time to this date and time, such as +02:00 or Z."),
    "time_too_old": _l("Check the year: nothing before %(year)s is accepted."),
    "unknown_language": _l("Choose one of these languages, or leave the field empty: %(known)s."),
    # Calendars and promises, in the files and forms where an administrator writes them.
    "overlapping_hours": _l("Separate these opening hours: two of them overlap."),
    "bad_hours": _l("Write opening hours such as 09:00-12:30, the end after the beginning: %(value)s is not."),
    "empty_calendar": _l("Give at least one opening hour: this calendar never opens."),
    "unknown_day": _l("Write days as mon, tue, wed, thu, fri, sat or sun: %(value)s is none of them."),
    "unknown_zone": _l("Choose a time zone such as Europe/Paris: %(value)s does not exist."),
    "unknown_holidays": _l("Describe this set of public holidays, or choose another one: %(value)s."),
    "inherits_itself": _l("Break the circle: this set of public holidays inherits itself."),
    "bad_date": _l("Write dates such as 2026-05-15: %(value)s is not one."),
    "bad_version": _l("Give the version as a whole number, from 1."),
    "versions_out_of_order": _l("Give each new version a higher number and a later date than the one before."),
    "not_before": _l("Choose a later day: the earliest is %(day)s. For one day alone, write an exceptional day."),
    "version_written": _l("Version %(value)s is written already with other hours: give these a new version."),
    "not_a_list": _l("Write a list here."),
    "not_a_list_of_dates": _l("Write a list of dates such as 2026-05-15: %(value)s is not one."),
    "bad_holiday_sets": _l("Write each set of public holidays as its years, each with a list of dates."),
    "date_of_another_year": _l("Put %(value)s under its own year."),
    "not_a_table": _l("Write names and values here: %(value)s is neither."),
    "unknown_condition": _l("A policy cannot look at %(value)s."),
    "no_value": _l("Say which values this condition wants."),
    "unknown_calendar": _l("Describe this calendar first: %(value)s does not exist."),
    "change_not_understood": _l("Write the new hours, such as: friday 08:30-18:00. Not understood: %(value)s"),
    "missing_id": _l("Give an identifier."),
    "missing_order": _l("Give the place of this policy as a whole number."),
    "policy_twice": _l("Give each policy its own identifier and its own place."),
    "bad_target": _l("Give a known clock a whole number of minutes, or nothing: %(value)s is not."),
    "unknown_clock": _l("Choose a known clock: %(value)s does not exist."),
    "unknown_class": _l("Describe this class of channels first: %(value)s."),
    "channel_in_two_classes": _l("Leave the channel %(value)s in one class only."),
    "no_default_policy": _l("Add a last policy without conditions, for everything that the others leave out."),
    "not_utf8": _l("This text did not arrive as UTF-8, and nothing was stored. Please send it again as UTF-8."),
    "already_received_elsewhere": _l(
        "This post has already been taken in, and is handled by a small circle of people."
    ),
    "missing_permalink": _l("Give the address of the post."),
    "other_site": _l("This address is on another site than the question: give the one of the reply."),
    "already_posted": _l("This address is that of another reply: see %(ref)s."),
    "not_asked_there": _l("The question was not asked on this channel: answer where it was asked."),
    ("comment", "missing"): _l("Say what should change: the author needs it."),
    "another_answer": _l("The code %(code)s belongs to an answer of another kind, language or visibility."),
    "unknown_answer": _l("There is no official answer %(code)s."),
    "already_received": _l("This post has already been taken in: see %(ref)s."),
    "password_length": _l("Choose a password of at least %(limit)s characters."),
    "bad_code": _l("Use letters without accents, digits, dots and dashes only."),
    "bad_handle": _l("Use small letters without accents, digits, dots and dashes only, at least two of them."),
    "email_taken": _l("This e-mail address belongs to %(handle)s already."),
    "out_of_range": _l("Give a whole number from %(least)s to %(most)s."),
    "unknown_weight": _l("The matcher does not weigh this."),
    "not_a_weight": _l("Give a number from 0 (does not count) to %(most)s."),
    "budget_out_of_range": _l("Give a number from 0.1 to 20."),
    "not_a_date": _l("Give a day such as 2026-03-29: %(value)s is not one."),
    "before_start": _l("Choose a last day that is not before the first."),
    "too_many_to_replay": _l("Choose fewer weeks: %(count)s questions are too many to play again, at most %(limit)s."),
    "calendar_never_opens": _l("Choose another calendar: this one does not open in these weeks."),
    "nobody_left": _l("Take fewer experts away: %(count)s share the questions, and somebody has to answer."),
    "period_too_long": _l("Choose a shorter period: at most %(years)s years."),
    "nothing_changes": _l("Change something first: this is the configuration in force."),
    "not_positive": _l("Give a whole number above zero, or leave this empty."),
    "last_administrator": _l("This is the last administrator. Give the role to somebody else first."),
    "ends_before_it_starts": _l("Choose an end that comes after the start."),
    "absence_overlaps": _l("Another absence covers some of these days; change or remove it first."),
    "delegate_cannot": _l("Choose another active expert to stand in."),
    "unknown_topic": _l("The topic %(code)s does not exist."),
    "unknown_person": _l("Nobody has the short name %(handle)s."),
    "bad_key": _l("Use a key of 1 to %(limit)s printable characters."),
    "key_used_otherwise": _l("This key was used for another request. Use a new one for each request."),
    "unknown_kind": _l("Choose one of these kinds: %(known)s."),
    "not_a_lead": _l("%(ref)s cannot take it: choose another open question."),
    "vetoed": _l("These two seem to need different answers. %(conflicts)s. If you know better, say why and merge."),
    "unknown_reference": _l("There is no question with this reference. It looks like R-2026-000142."),
    "not_an_expert": _l("%(name)s does not answer questions here; choose somebody else."),
    "absent": _l("%(name)s is away until %(until)s. %(delegate)s stands in: ask them instead."),
    "absent_alone": _l("%(name)s is away until %(until)s, and nobody stands in; choose somebody else."),
    "same_person": _l("Name somebody else."),
    "choose_a_reason": _l("Say why, by one of the buttons."),
    ("instead", "missing"): _l("Say who should answer instead."),
    "personal_data": _l("Take the personal data out, everyone will read this: %(found)s"),
    "sources_or_own_knowledge": _l("Say where the facts come from, or that you know them yourself."),
    "review_date_past": _l("Choose a review date that is still to come."),
    # The administration.
    "handle_taken": _l("This short name belongs to somebody already."),
    "code_taken": _l("This code is in use already."),
    "nobody_called": _l("Nobody here is called %(words)s. Give a short name or an e-mail address."),
    "several_people": _l("Several people are called so. Give a short name: %(handles)s."),
    "too_many": _l("Keep at most %(limit)s: there are %(count)s."),
    "long_synonym": _l("Shorten “%(word)s…”: at most %(limit)s characters each."),
    "says_nothing": _l("“%(word)s” says nothing by itself: it stands in almost every question."),
    "same_word": _l("“%(word)s” and “%(other)s” are read as the same word: keep one."),
    "one_word": _l("Give at least two words that mean the same."),
    "in_another_group": _l("“%(word)s” belongs to another group already: %(words)s."),
    "person_left": _l("This person no longer works here. Tick “Works here” on their page first."),
    "filter_unknown_value": _l("Choose another value for the filter %(name)s: nothing is called “%(value)s”."),
    "filter_missing_value": _l("Say after %(name)s: what it is to be."),
    "filter_too_many_values": _l("Type more of “%(value)s” after %(name)s: too many names begin so."),
    "filter_bad_day": _l("Give a day after %(name)s: such as 2026, 2026-03 or 2026-03-14; “%(value)s” is none."),
    "invalid": _l("Check this value: it can't be used as it is."),
}

# What a hidden piece of a text is called on the label that replaces it: the kinds of `intake.masking`.
MARKS: Mapping[str, Any] = {
    "phone": _l("telephone number hidden"),
    "email": _l("e-mail address hidden"),
    "iban": _l("bank account number hidden"),
    "card": _l("payment card number hidden"),
    "national-number": _l("social security number hidden"),
    "customer-number": _l("customer number hidden"),
    "name": _l("name hidden"),
    "address": _l("street address hidden"),
}


def sentence(problem: Problem) -> str:
    """The sentence for one problem, its figures written as the reader writes them. Needs a request or a
    locale.
    """
    words = SENTENCES.get((problem.field, problem.code)) or SENTENCES.get(problem.code) or SENTENCES["invalid"]
    figures = {name: _as_read(name, value) for name, value in problem.params.items()}
    return str(words) % figures if figures else str(words)


def _as_read(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return format_datetime(value, "d MMMM, HH:mm")
    if name == "conflicts":
        return " · ".join(map(conflict, value))
    return format_decimal(value) if isinstance(value, int) and name != "year" else value


def sentences_by_field(problems: list[Problem]) -> dict[str, list[str]]:
    """Field → its sentences, in the order of the problems, for a form that shows each beside its field."""
    by_field: dict[str, list[str]] = {}
    for problem in problems:
        by_field.setdefault(problem.field, []).append(sentence(problem))
    return by_field


def mark_label(kind: str) -> str:
    """The label shown in place of a masked piece of the given kind."""
    return str(MARKS[kind])


# Why a person may not do a thing, or what somebody else did first: codes of `NotAllowed` and `Conflict`.
REFUSALS: Mapping[str, Any] = {
    "not_allowed": _l("You may not do this."),
    "may_not_administer": _l("Only an administrator may do this."),
    "changed_meanwhile": _l("Somebody else changed this in the meantime. Look at it again, then decide."),
    "token_scope": _l("This token may only open questions."),
    "press_never_offered": _l("Only the press office answers this. Hand it to the press circuit instead."),
    "too_many_redirects": _l("Passed on too often: the community manager and the department heads settle it now."),
    "newer_revision": _l("A newer version was saved in the meantime. Your text is kept on this device."),
    "typed_elsewhere": _l("You are writing this answer in another window too. Your text is kept on this device."),
    "not_yours": _l("Somebody else took it: only they can let go of it."),
    "triage_first": _l("Triage it first: what it is decides how it may be closed."),
    "second_person_needed": _l(
        "A complaint or a rumour is closed without a reply by a second person. Ask a colleague."
    ),
    "not_merged": _l("This question is not merged with another one."),
    "lead_answered": _l("The other question has been answered meanwhile: open this one again instead."),
    "crisis_not_merged": _l("A crisis is never merged into another question."),
    "already_asked": _l("A detail has been asked for already: wait for the reply."),
    "asked_twice": _l("Two details have been asked for already. Decide with what you know."),
    "own_answer": _l("Nobody approves their own answer. Another approver has to."),
    "draft_altered": _l("This text is not the one that was handed over: it was altered. Tell an administrator."),
    "publish_not_ready": _l("Nothing is approved for this question, or no longer."),
    "publish_log_broken": _l("The log of this question was altered. Nothing is posted; tell an administrator."),
    "publish_altered": _l("This text is no longer the one that was approved. It goes back to validation."),
    "publish_approved_by_author": _l("This text was approved by one of its authors. It goes back to validation."),
    "publish_withdrawn": _l("This official answer was withdrawn. The question goes back to validation."),
    "publish_superseded": _l("A newer version of this answer has replaced it. The question goes back to validation."),
    "publish_internal": _l("This text is for use inside only. It is never posted."),
    "publish_holding_needs_variables": _l("This is a holding statement, not an answer."),
    "publish_expired": _l("The last day of this answer has passed. It goes back to validation."),
    "answer_expired": _l("The last day of this answer has passed: it can no longer be used."),
    "answer_withdrawn": _l("This official answer was withdrawn."),
    "answer_superseded": _l("A newer version of this answer has replaced it."),
    "answer_internal": _l("This text is for use inside only. It is never posted."),
    "answer_other_language": _l("This answer is in another language than the question."),
    "answer_too_long": _l("This answer is too long for the channel, and has no short variant that fits."),
    "answer_holding_needs_variables": _l("This is a holding statement, not an answer."),
    "answer_altered": _l("This official answer was altered since it was approved. Tell an administrator."),
}


def refusal(code: str, **params: Any) -> str:
    """The sentence for a code of `NotAllowed` or `Conflict`."""
    words = str(REFUSALS.get(code) or SENTENCES.get(code) or REFUSALS["not_allowed"])
    return words % params if params else words


ROLES: Mapping[str, Any] = {
    "cm": _l("community manager"),
    "expert": _l("expert"),
    "validator": _l("approver"),
    "head": _l("department head"),
    "committee": _l("editorial committee"),
    "ambassador": _l("ambassador"),
    "admin": _l("administrator"),
}


def role_label(role: str) -> str:
    """What a role is called."""
    return str(ROLES[str(role)])

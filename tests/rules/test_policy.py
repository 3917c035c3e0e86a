"""The first policy that applies is chosen; its targets and calendars are as written; mistakes are refused."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from helpdesk.errors import BadInput
from helpdesk.sla.policy import CLOCKS, calendar_code, choose, from_document, target

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "data" / "demo" / "sla_policies.yaml").read_text("utf-8"))
BOOK = from_document(DOCUMENT)


@pytest.mark.parametrize(
    ("priority", "channel", "code"),
    [
        ("P1", "mastodon", "sla-crise"),
        ("P1", "email", "sla-crise"),
        ("P2", "x", "sla-urgent-rapide"),
        ("P2", "discourse", "sla-urgent-autre"),
        ("P2", "unheard-of", "sla-urgent-autre"),
        ("P3", "facebook", "sla-normal-rapide"),
        ("P3", "web", "sla-normal-conversation"),
        ("P3", "rss", "sla-normal-conversation"),
        ("P3", "email", "sla-normal-courrier"),
        ("P3", "google_avis", "sla-normal-avis"),
        ("P3", "unheard-of", "sla-defaut"),
        ("P4", "web", "sla-defaut"),
    ],
)
def test_the_first_policy_that_applies_is_chosen(priority, channel, code):
    assert choose(BOOK, priority=priority, channel=channel).code == code


def test_targets_and_calendars_are_those_written():
    policy = choose(BOOK, priority="P3", channel="google_avis")
    assert target(policy, "accept") == 480
    assert target(policy, "acknowledge") is None
    assert target(policy, "legal") is None
    assert calendar_code(policy, "triage", "cal-bureau") == "cal-com"
    assert calendar_code(policy, "answer", "cal-bureau") == "cal-bureau"
    assert calendar_code(policy, "public", "cal-bureau") is None  # every minute counts
    assert {clock for each in BOOK.policies for clock in each.targets} <= set(CLOCKS)
    assert target(policy, "route") == target(policy, "triage") == 120  # a policy that says nothing of it
    assert BOOK.thresholds_percent["breach"] == 100


def test_other_facts_and_lists_of_values_can_be_conditions():
    document = copy.deepcopy(DOCUMENT)
    condition = {"department": ["FAC", "JUR"], "priority": ["P2", "P3"]}
    document["policies"].append({"id": "sla-fac", "order": 0, "applies_to": condition, "targets": {"answer": 5}})
    book = from_document(document)
    assert choose(book, priority="P3", channel="web", department="FAC").code == "sla-fac"
    assert choose(book, priority="P3", channel="web", department="FIX").code == "sla-normal-conversation"
    assert choose(book, priority="P1", channel="web", department="FAC").code == "sla-crise"


@pytest.mark.parametrize(
    ("place", "change", "problem"),
    [
        (0, {"targets": {"answer": -5}}, ("policies.sla-crise.targets.answer", "bad_target")),
        (0, {"targets": {"answer": "vite"}}, ("policies.sla-crise.targets.answer", "bad_target")),
        (0, {"targets": {"réponse": 5}}, ("policies.sla-crise.targets.réponse", "bad_target")),
        (0, {"calendar": {"réponse": "cal-com"}}, ("policies.sla-crise.calendar.réponse", "unknown_clock")),
        (0, {"order": None}, ("policies.sla-crise", "missing_order")),
        (0, {"id": ""}, ("policies.", "missing_id")),
        (1, {"order": 1}, ("policies.sla-urgent-rapide", "policy_twice")),
        (
            1,
            {"applies_to": {"channel_class": "lent"}},
            ("policies.sla-urgent-rapide.applies_to.channel_class", "unknown_class"),
        ),
        (-1, {"applies_to": {"priority": "P4"}}, ("policies", "no_default_policy")),
    ],
)
def test_a_mistake_is_refused_with_its_place(place, change, problem):
    document = copy.deepcopy(DOCUMENT)
    document["policies"][place] |= change
    with pytest.raises(BadInput) as refusal:
        from_document(document)
    assert problem in [(found.field, found.code) for found in refusal.value.problems]


def test_a_channel_belongs_to_one_class():
    document = copy.deepcopy(DOCUMENT)
    document["channel_classes"]["avis"].append("x")
    with pytest.raises(BadInput, match="channel_in_two_classes"):
        from_document(document)

"""A writer that dies leaves the old state or the new one, whole, and nobody waits for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def dying_writers(*arguments):
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("dying_writers.py"), *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["apply", "rebuild"])
def test_dying_at_any_operation_leaves_the_old_state_or_the_new_one(what):
    found = dying_writers("points", what)
    assert len(found) > 20
    states = [one["after"] for one in found]
    assert set(states) == {7, 8}  # the old state or the new one, never something between
    assert (states[0], states[-1]) == (7, 8)
    assert {one["then"] for one in found} == {9}
    assert [one["left"] for one in found if one["left"]] == []


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing_that_was_acknowledged():
    *found, last = dying_writers("kills", "100", "1")
    assert len(found) == 100
    for one in found:
        assert one["acknowledged"] <= one["after"] <= one["acknowledged"] + 1
    assert found[-1]["after"] >= 100  # each had committed something, and was killed at the next
    assert last["left"] == []

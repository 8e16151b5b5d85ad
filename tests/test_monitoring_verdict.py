"""Verdicts survive a trip through strict JSON and hold plain numbers only."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.verdict import Verdict


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), st.floats()), st.booleans(), st.text())
def test_a_verdict_is_the_same_after_json(numbers, passed, reason):
    verdict = Verdict("drift", passed, reason, numbers)
    back = Verdict.from_json(verdict.to_json())
    assert (back.name, back.passed, back.reason) == (verdict.name, passed, reason)
    finite = {k: v for k, v in numbers.items() if np.isfinite(v)}
    assert {k: v for k, v in back.numbers.items() if np.isfinite(v)} == finite
    assert set(back.numbers) == set(numbers)


def test_numbers_that_are_not_finite_are_null_in_the_text():
    text = Verdict("drift", True, "", {"a": np.nan, "b": np.inf, "c": 1.0}).to_json()
    assert json.loads(text)["numbers"] == {"a": None, "b": None, "c": 1.0}


def test_numpy_values_become_plain_ones():
    verdict = Verdict("drift", np.bool_(False), "psi", {"psi": np.float32(0.5), "n": 3})
    assert verdict.passed is False
    assert {type(v) for v in verdict.numbers.values()} == {float}


def test_something_else_is_not_read_as_a_verdict():
    with pytest.raises(ValueError, match="limit"):
        Verdict.from_json('{"name": "x", "passed": true, "reason": "", "limit": 1}')

"""What a JSON answer should hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envcheck.checks.json_paths import MISSING, find
from envcheck.checks.json_words import ordered, same
from envcheck.checks.matching import difference, valid

BODY = {
    "count": 2,
    "done": True,
    "next": None,
    "price": 5.0,
    "name": "Ada",
    "items": [{"score": 3, "tag": "a"}, {"score": 1, "tag": "b"}],
    "none": [],
}
RIGHT: list[tuple[str, Any]] = [
    ("count", 2),
    ("price", 5),
    ("next", None),
    ("done", True),
    ("items[].score", "descending"),
    ("items[].tag", "ascending"),
    ("length(items)", 2),
    ("items", {"length": 2, "type": "array"}),
    ("items[].score", {"each": {"min": 1, "max": 3}}),
    ("name", {"matches": "^A.a$", "one-of": ["Ada", "Bob"]}),
    ("name", {"contains": "d"}),
    ("items[].tag", {"contains": "a"}),
    ("gone", {"absent": True}),
    ("next", {"absent": False, "type": "null"}),
    ("name", {"not": {"contains": "z"}}),
    ("items[0]", {"equals": {"score": 3, "tag": "a"}}),
    ("items[-1].score", 1),
]
WRONG: list[tuple[str, Any, str]] = [
    ("count", 3, "2"),
    ("count", "2", "2"),
    ("done", 1, "true"),
    ("next", 0, "null"),
    ("gone", None, "missing"),
    ("items[0].gone", "x", "missing"),
    ("items[7]", {"absent": False}, "missing"),
    ("length(gone)", 0, "missing"),
    ("items[].score", "ascending", "[3, 1]"),
    ("none", "descending", "[]"),
    ("none", {"each": {"type": "integer"}}, "[]"),
    ("count", {"type": "string"}, "2"),
    ("done", {"type": "number"}, "true"),
    ("name", {"min": 1}, '"Ada"'),
    ("gone", {"not": 1}, "missing"),
]


@pytest.mark.parametrize(("path", "expected"), RIGHT)
def test_what_is_so_is_accepted(path: str, expected: Any) -> None:
    assert difference(BODY, valid({path: expected})) is None


@pytest.mark.parametrize(("path", "expected", "observed"), WRONG)
def test_what_is_not_so_is_shown(path: str, expected: Any, observed: str) -> None:
    wrong = difference(BODY, valid({path: expected}))
    assert wrong is not None
    assert wrong.observed == observed
    assert wrong.path == path


def test_the_first_difference_is_the_one_that_is_said() -> None:
    wrong = difference(BODY, {"count": 2, "name": "Bob", "done": False})
    assert str(wrong) == 'name is "Ada"'
    assert wrong is not None
    assert wrong.expected == 'name: "Bob"'


@pytest.mark.parametrize(
    ("matchers", "said"),
    [
        ({"a b": 1}, "no jmespath"),
        ({"a": {"lenght": 1}}, "did you mean length"),
        ({"a": {"type": "int"}}, "unknown type"),
        ({"a": {"matches": "("}}, "no regular expression"),
        ({"a": {"each": {"mim": 1}}}, "did you mean min"),
    ],
)
def test_a_matcher_that_makes_no_sense_is_refused_when_read(
    matchers: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        valid(matchers)


def test_a_null_that_is_there_is_not_missing() -> None:
    assert find("next", BODY) is None
    assert find("items[0].gone", BODY) is MISSING


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_everything_is_the_same_as_itself(value: Any) -> None:
    assert same(value, value)


@given(st.lists(st.integers(), min_size=1))
def test_a_sorted_list_is_in_order_and_its_reverse_in_the_other(values: list[int]) -> None:
    assert ordered(sorted(values), "ascending")
    assert ordered(sorted(values, reverse=True), "descending")

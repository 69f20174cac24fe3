"""What a JSON value should be: a literal, an order, or the words that must all hold of it.

A literal mapping is written ``{equals: {…}}``: any other mapping is one of words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from envcheck.checks.json_paths import MISSING

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
ORDERS = ("ascending", "descending")
SHOWN = 120  # characters of a value worth reading in one line


def mismatch(value: Any, expected: Any) -> str:
    """Empty when it holds, else the expectation in words."""
    if isinstance(expected, str) and expected in ORDERS:
        return "" if ordered(value, expected) else f"a list in {expected} order"
    if not isinstance(expected, Mapping):
        return "" if same(value, expected) else shown(expected)
    for word, wanted in expected.items():
        if not WORDS[word](value, wanted):
            return f"{word} {shown(wanted)}"
    return ""


def same(value: Any, expected: Any) -> bool:
    """Equal as JSON: true is not 1, but 5 is 5.0."""
    if isinstance(value, bool) or isinstance(expected, bool):
        return value is expected
    if isinstance(value, list) and isinstance(expected, list):
        return len(value) == len(expected) and all(map(same, value, expected))
    if isinstance(value, dict) and isinstance(expected, dict):
        return value.keys() == expected.keys() and all(same(value[k], expected[k]) for k in value)
    return bool(value == expected)


def ordered(value: Any, order: str) -> bool:
    """An empty list is not in order: nothing was compared."""
    if not isinstance(value, list) or not value:
        return False
    pairs = list(pairwise(value))
    try:
        return all(
            left >= right if order == "descending" else left <= right for left, right in pairs
        )
    except TypeError:  # numbers beside nulls or strings have no order
        return False


def shown(value: Any) -> str:
    """As JSON on one line, cut where nobody reads on."""
    text = repr(value) if value is MISSING else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _length(value: Any, wanted: Any) -> bool:
    if not isinstance(value, str | list | dict):
        return False
    return not mismatch(len(value), wanted)


def _each(value: Any, wanted: Any) -> bool:
    """An empty list does not hold: nothing was compared."""
    return isinstance(value, list) and bool(value) and not any(mismatch(v, wanted) for v in value)


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, list | dict) and any(same(item, wanted) for item in value)


WORDS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": same,
    "not": lambda value, wanted: value is not MISSING and bool(mismatch(value, wanted)),
    "type": _is,
    "min": lambda value, wanted: _number(value) and value >= wanted,
    "max": lambda value, wanted: _number(value) and value <= wanted,
    "length": _length,
    "matches": lambda value, wanted: isinstance(value, str) and bool(re.search(wanted, value)),
    "contains": _contains,
    "one-of": lambda value, wanted: any(same(value, one) for one in wanted),
    "absent": lambda value, wanted: (value is MISSING) is wanted,
    "each": _each,
}


def valid_expected(expected: Any) -> Any:
    """As it is, when it is a literal or a mapping of matchers; else ValueError."""
    _valid_words(expected)
    return expected


def valid_named(expected: dict[str, Any]) -> dict[str, Any]:
    """Names, each with a literal or a mapping of matchers."""
    for inner in expected.values():
        _valid_words(inner)
    return expected


def _valid_words(expected: Any) -> None:
    if not isinstance(expected, Mapping):
        return
    for word, wanted in expected.items():
        if word not in WORDS:
            near = get_close_matches(str(word), WORDS, 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(WORDS)}"
            raise ValueError(f"unknown matcher {word!r}; {hint} (an object: {{equals: …}})")
        if word == "type" and wanted not in TYPES:
            raise ValueError(f"unknown type {wanted!r}; known: {', '.join(TYPES)}")
        if word == "matches":
            _valid_pattern(wanted)
        if word in ("each", "length", "not"):
            _valid_words(wanted)


def _valid_pattern(pattern: Any) -> None:
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error

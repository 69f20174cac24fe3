"""What a JSON answer should hold: ``jmespath: expected``, and the first place where it differs.

Expected is a literal, ``ascending``, ``descending``, or a mapping of the words in ``WORDS`` that
must all hold. A literal mapping is written ``{equals: {…}}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator

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


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()  # no such key: not the same as null


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that differs; ``path`` is the jmespath as written."""

    path: str
    expected: str
    observed: str

    def __str__(self) -> str:
        return f"{self.path} is {self.observed}"


def difference(body: Any, matchers: Mapping[str, Any]) -> Difference | None:
    """None when every matcher holds."""
    for path, expected in matchers.items():
        value = find(path, body)
        wrong = mismatch(value, expected)
        if wrong:
            return Difference(path, f"{path}: {wrong}", shown(value))
    return None


def find(path: str, body: Any) -> Any:
    """The value at a jmespath; MISSING where it leads nowhere, or asks of a value what its type
    cannot answer (the length of nothing)."""
    import jmespath

    expression = jmespath.compile(path)
    try:
        found = expression.search(body)
    except jmespath.exceptions.JMESPathError:
        return MISSING
    return _walk(expression.parsed, body) if found is None else found


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


def _walk(node: Mapping[str, Any], body: Any) -> Any:
    """Tells a null that is there from no key at all, which jmespath itself does not."""
    value = node.get("value")
    if node["type"] == "field":
        return body.get(value, MISSING) if isinstance(body, dict) else MISSING
    if node["type"] == "index":
        there = isinstance(body, list) and -len(body) <= int(value or 0) < len(body)
        return body[int(value or 0)] if there else MISSING
    if node["type"] not in ("subexpression", "index_expression"):
        return MISSING
    for child in node["children"]:
        body = _walk(child, body)
    return body


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


def valid(matchers: dict[str, Any]) -> dict[str, Any]:
    """As it is; ValueError for a path jmespath cannot read or a word we do not know."""
    import jmespath

    for path, expected in matchers.items():
        try:
            jmespath.compile(path)
        except jmespath.exceptions.JMESPathError as error:
            raise ValueError(f"{path!r} is no jmespath: {str(error).splitlines()[0]}") from error
        _valid_words(expected)
    return matchers


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


Matchers = Annotated[dict[str, Any], AfterValidator(valid)]

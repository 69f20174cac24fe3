"""Plain scalars by the YAML 1.2 core schema: ``no`` and ``22:22`` are text."""

from __future__ import annotations

import re

Value = str | int | float | bool | None

_CONSTANTS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_EXPONENT = 1e21  # from here on Go, and so Compose, writes a float with an exponent
_LONGEST = 300  # characters; longer ones stay text: no machine number holds them
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def resolved(words: str) -> Value:
    """What a scalar without quotes means."""
    if words in _CONSTANTS:
        return _CONSTANTS[words]
    return words if len(words) > _LONGEST else _number(words)


def _number(words: str) -> Value:
    if _INTEGER.fullmatch(words):
        return int(words)
    if _BASED.fullmatch(words):
        return int(words[2:], 8 if words[1] == "o" else 16)
    if _FLOAT.fullmatch(words):
        return float(words)
    if _SPECIAL.fullmatch(words):
        return float(words.lower().replace(".", ""))
    return words


def written(value: Value) -> str:
    """The value where Compose wants text: ``true``, ``3.1`` for 3.10, ``3`` for 3.0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXPONENT:
        return str(int(value))
    return str(value)

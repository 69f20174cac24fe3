"""JSON Schema as far as answers need it. A keyword we do not know is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from envcheck.checks.json_words import TYPES, mismatch, same, shown
from envcheck.checks.matching import Difference

ANNOTATIONS = {"title", "description", "examples", "default", "format", "$schema", "$id"}


def nonconformity(value: Any, schema: Mapping[str, Any], path: str = "") -> Difference | None:
    """The first place where the value is not what the schema says."""
    for word, wanted in schema.items():
        if word in _INNER:
            deeper = _INNER[word](value, wanted, path)
            if deeper is not None:
                return deeper
        elif word not in ANNOTATIONS and not _WORDS[word](value, wanted):
            return Difference(
                path or "@", f"{path or 'the body'}: {word} {shown(wanted)}", shown(value)
            )
    return None


def _is(value: Any, names: str | list[str]) -> bool:
    wanted = [names] if isinstance(names, str) else names
    return any(not mismatch(value, {"type": name}) for name in wanted)


def _bound(test: Callable[[Any, Any], bool], *types: type) -> Callable[[Any, Any], bool]:
    """JSON Schema lets every other type pass a keyword that is not for it."""

    def holds(value: Any, wanted: Any) -> bool:
        return isinstance(value, bool) or not isinstance(value, types) or test(value, wanted)

    return holds


def _properties(value: Any, schemas: Mapping[str, Any], path: str) -> Difference | None:
    if not isinstance(value, dict):
        return None
    found = (
        nonconformity(value[name], schema, f"{path}.{name}".lstrip("."))
        for name, schema in schemas.items()
        if name in value
    )
    return next((wrong for wrong in found if wrong is not None), None)


def _items(value: Any, schema: Mapping[str, Any], path: str) -> Difference | None:
    if not isinstance(value, list):
        return None
    found = (nonconformity(item, schema, f"{path}[{index}]") for index, item in enumerate(value))
    return next((wrong for wrong in found if wrong is not None), None)


def _required(value: Any, names: list[str], path: str) -> Difference | None:
    missing = [name for name in names if isinstance(value, dict) and name not in value]
    if not missing:
        return None
    where = f"{path}.{missing[0]}".lstrip(".")
    return Difference(where, f"{where} is required", "missing")


_INNER: dict[str, Callable[[Any, Any, str], Difference | None]] = {
    "required": _required,
    "properties": _properties,
    "items": _items,
}
_WORDS: dict[str, Callable[[Any, Any], bool]] = {
    "type": _is,
    "enum": lambda value, wanted: any(same(value, one) for one in wanted),
    "const": same,
    "minimum": _bound(lambda value, wanted: value >= wanted, int, float),
    "maximum": _bound(lambda value, wanted: value <= wanted, int, float),
    "pattern": _bound(lambda value, wanted: bool(re.search(wanted, value)), str),
    "minLength": _bound(lambda value, wanted: len(value) >= wanted, str),
    "maxLength": _bound(lambda value, wanted: len(value) <= wanted, str),
    "minItems": _bound(lambda value, wanted: len(value) >= wanted, list),
    "maxItems": _bound(lambda value, wanted: len(value) <= wanted, list),
}


def valid(schema: dict[str, Any]) -> dict[str, Any]:
    """As it is; ValueError for a keyword or a type we do not know."""
    for word, wanted in schema.items():
        if word not in ANNOTATIONS | _WORDS.keys() | _INNER.keys():
            known = ", ".join(sorted(_WORDS.keys() | _INNER.keys()))
            raise ValueError(f"schema keyword {word!r} is not known here (known: {known})")
        for inner in wanted.values() if word == "properties" else [wanted] * (word == "items"):
            valid(inner)
    types = schema.get("type", [])
    unknown = [name for name in ([types] if isinstance(types, str) else types) if name not in TYPES]
    if unknown:
        raise ValueError(f"schema type {unknown[0]!r} is not one of {', '.join(TYPES)}")
    return schema


Schema = Annotated[dict[str, Any], AfterValidator(valid)]

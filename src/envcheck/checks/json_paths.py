"""Where a value stands in JSON (jmespath), and whether it stands there at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()  # no such key: not the same as null


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

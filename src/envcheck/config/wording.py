"""A piece of JSON Schema in words: what a person may write there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
PLAIN = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "",
}


class Wording:
    """``refer`` turns the name of a definition into a link to where it is described."""

    def __init__(self, refer: Callable[[str], str]) -> None:
        self._refer = refer

    def of(self, schema: Schema) -> str:
        if "$ref" in schema:
            return self._refer(schema["$ref"].rsplit("/", 1)[-1])
        if "examples" in schema:
            return f"duration such as `{schema['examples'][1]}`"
        if "anyOf" in schema:
            words = [self.of(one) for one in schema["anyOf"]]
            return " or ".join(dict.fromkeys(word for word in words if word))
        if "enum" in schema:
            return " or ".join(f"`{one}`" for one in schema["enum"])
        if "const" in schema:
            return f"`{schema['const']}`"
        return self._typed(schema)

    def _typed(self, schema: Schema) -> str:
        kind = schema.get("type")
        if kind == "array":
            return f"list of {self.of(schema.get('items', {}))}"
        if kind == "object":
            held = schema.get("additionalProperties", {})
            return f"mapping: name to {self.of(held if isinstance(held, dict) else {})}"
        return PLAIN.get(str(kind), "anything")


def default(schema: Schema, *, required: bool) -> str:
    """The default as it would be written; nothing where leaving the key out says nothing."""
    if required:
        return "**required**"
    value = schema.get("default")
    if value in (None, "", [], {}) or (isinstance(value, dict) and not any(value.values())):
        return ""
    seconds = " s" if "examples" in str(schema) and isinstance(value, float) else ""
    shown = f"{value:g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
    shown = shown.replace('"', "")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}{seconds}`"

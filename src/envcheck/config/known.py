"""Which keys a model would have taken at a spot: asked of its JSON Schema, for did-you-mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

Schema = Mapping[str, Any]


def known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> set[str]:
    """The keys of every mapping that may stand at ``loc``."""
    whole = model.model_json_schema()
    definitions = whole.get("$defs", {})
    spots = list(_flat(whole, definitions))
    for part in loc:
        following = [found for spot in spots for found in _below(spot, part, definitions)]
        spots = following or spots  # a part may merely name a union's branch
    return {key for spot in spots for key in spot.get("properties", {})}


def _flat(schema: Any, definitions: Schema) -> Iterator[Schema]:
    """The schema, or each it stands for: references followed, unions taken apart."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        yield from _flat(definitions.get(schema["$ref"].rsplit("/", 1)[-1]), definitions)
    branches = [branch for word in ("anyOf", "oneOf", "allOf") for branch in schema.get(word, ())]
    for branch in branches:
        yield from _flat(branch, definitions)
    yield schema


def _below(schema: Schema, part: str | int, definitions: Schema) -> Iterator[Schema]:
    if isinstance(part, int):
        yield from _flat(schema.get("items"), definitions)
        return
    named = schema.get("properties", {}).get(part)
    yield from _flat(named or schema.get("additionalProperties"), definitions)

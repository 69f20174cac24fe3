"""JSON Schema (2020-12) of environment and wave files, for editors and ``envcheck schema``.

``python -m envcheck.config.schema FOLDER`` writes both files.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from envcheck.config.documents import EnvironmentDocument, WaveDocument, signed_seconds
from envcheck.config.registries import Registries, model_of
from envcheck.kind import seconds
from envcheck.model.check import CheckKind
from envcheck.model.seed import SeedKind

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DURATION = r"^-?(\d+(\.\d+)?(ms|s|m|h))+$"
_SECRET: Schema = {
    "description": "A secret by reference: from the environment, .env or a secret file.",
    "type": "object",
    "properties": {"secret": {"type": "string"}},
    "required": ["secret"],
    "additionalProperties": False,
}
_VARIABLE: Schema = {"description": "A variable.", "type": "string", "pattern": r"\$\{.+\}"}
_KEPT_OUTSIDE = ("description", "default", "title")


class AsWritten(GenerateJsonSchema):
    """As pydantic makes it, with durations as they are written and without invented titles."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Schema:
        made: Schema = super().function_before_schema(schema)
        if schema["function"]["function"] in {seconds, signed_seconds}:
            text = {"type": "string", "pattern": _DURATION}
            return {"anyOf": [text, made], "examples": ["500ms", "5s", "1m30s"]}
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 (keys are titles)
        return False


def environment_schema() -> Schema:
    schema = EnvironmentDocument.model_json_schema(schema_generator=AsWritten)
    return _finished(schema, "environment.yaml")


def wave_schema(registries: Registries | None = None) -> Schema:
    """With every kind of the catalog by its name, described by its docstring."""
    registries = registries or Registries()
    kinds = {**_models(registries.checks, "check"), **_models(registries.seeds, "seed")}
    models: list[type[BaseModel]] = list(dict.fromkeys([WaveDocument, *kinds.values()]))
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(one, "validation") for one in models]
    refs, whole = models_json_schema(wanted, schema_generator=AsWritten)
    definitions = whole["$defs"]
    named = {key: refs[model, "validation"] for key, model in kinds.items()}
    schema: Schema = definitions.pop("WaveDocument")
    checks = _entry({name: ref for (what, name), ref in named.items() if what == "check"})
    properties = schema["properties"]
    properties["verify"]["items"] = checks
    properties["seed"]["items"] = _entry({n: ref for (w, n), ref in named.items() if w == "seed"})
    if ("check", "api") in named:
        properties["checks"]["items"] = _optional(definitions, named["check", "api"])
    ready = definitions["ServiceDocument"]["properties"]["ready"]
    ready["anyOf"] = [{"type": "array", "items": checks}, {"type": "null"}]
    return _finished({**schema, "$defs": definitions}, "a wave file")


def _models(
    kinds: Mapping[str, type[CheckKind]] | Mapping[str, type[SeedKind]], what: str
) -> dict[tuple[str, str], type[BaseModel]]:
    return {(what, name): model_of(kind) for name, kind in kinds.items()}


def _entry(kinds: Mapping[str, Schema]) -> Schema:
    """``kind: {…}``, and ``optional`` beside it."""
    return {
        "type": "object",
        "properties": {**kinds, "optional": {"type": "boolean"}},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 2,
    }


def _optional(definitions: Schema, ref: Schema) -> Schema:
    """The model with ``optional`` among its own keys, as an entry of ``checks`` is written."""
    model = definitions[ref["$ref"].rsplit("/", 1)[-1]]
    return {**model, "properties": {"optional": {"type": "boolean"}, **model["properties"]}}


def _finished(schema: Schema, title: str) -> Schema:
    opened = _opened({**schema, "title": f"envcheck: {title}"})
    definitions = {**opened.get("$defs", {}), "SecretReference": _SECRET, "Variable": _VARIABLE}
    return {"$schema": DIALECT, **opened, "$defs": definitions}


def _opened(node: Any) -> Any:
    """Any text may be ``{secret: NAME}``, any number or truth ``${VAR}``."""
    if isinstance(node, list):
        return [_opened(item) for item in node]
    if not isinstance(node, dict):
        return node
    kind = node.get("type")
    if kind == "string" and not node.keys() & {"enum", "const", "pattern"}:
        return _either(node, "SecretReference")
    if kind in {"integer", "number", "boolean"} and "const" not in node:
        return _either(node, "Variable")
    return {key: _inside(key, value) for key, value in node.items()}


def _inside(key: str, value: Any) -> Any:
    if key in {"properties", "$defs"}:  # any name may stand here, also one of the words below
        return {name: _opened(schema) for name, schema in value.items()}
    data = {"default", "examples", "enum", "const", "required"}
    return value if key in data else _opened(value)


def _either(node: Schema, other: str) -> Schema:
    outside = {key: node[key] for key in _KEPT_OUTSIDE if key in node}
    inside = {key: value for key, value in node.items() if key not in outside}
    return {**outside, "anyOf": [inside, {"$ref": f"#/$defs/{other}"}]}


def rendered() -> dict[str, str]:
    """File name → text of both schemas."""
    schemas = {"environment": environment_schema(), "wave": wave_schema()}
    return {
        f"{name}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in rendered().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))

"""The reference of everything that can be written in YAML, from the kinds' own fields and words.

``python -m envcheck.config.reference FOLDER`` writes it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from envcheck.config.documents import EnvironmentDocument, WaveDocument
from envcheck.config.registries import Registries, model_of
from envcheck.config.schema import AsWritten
from envcheck.config.wording import Schema, Wording, default
from envcheck.model.check import CheckKind

HEAD = """\
# Reference

Written by `python -m envcheck.config.reference docs`; a test keeps it fresh. Any text may be a
secret by reference, `{secret: NAME}`; any value may be a variable, `${NAME}`. An entry of `verify`,
`seed` or `ready` is `kind: {…}`, with `optional: true` beside it where its failure shall only warn.
"""
LISTS_OF_KINDS = {
    "seed": "list of [seeds](#seeds)",
    "verify": "list of [checks](#checks)",
    "ready": "list of [checks](#checks)",
    "checks": "list of [`api`](#api) checks, without the word `api`",
}
LEVELS = "process, network, handshake, login, object, content, behaviour"


def rendered(registries: Registries | None = None) -> str:
    registries = registries or Registries()
    blocks = [
        HEAD,
        *_document("Environment file", "environment", EnvironmentDocument),
        *_document("Wave file", "wave", WaveDocument),
        "## Checks",
        f"How deep a check looks: {LEVELS}. Where a level fails, the deeper ones are not asked.",
    ]
    for name, kind in registries.checks.items():
        blocks += _kind(name, model_of(kind))
        blocks += _asked(kind)
    blocks.append("## Seeds")
    blocks.append("What a seed writes is demanded by verification without being said again.")
    for name, seed in registries.seeds.items():
        blocks += _kind(name, model_of(seed))
    blocks += _servers(registries)
    return "\n\n".join(block.strip() for block in blocks) + "\n"


def _document(title: str, name: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## {title}"
    yield from _shapes(name, model)


def _kind(name: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"### `{name}`"
    yield from _shapes(name, model)


def _shapes(name: str, model: type[BaseModel]) -> Iterator[str]:
    """The model's own keys, then every shape that stands inside it."""
    schema = model.model_json_schema(schema_generator=AsWritten)
    wording = Wording(lambda shape: f"[{shape}](#{_anchor(shape, name)})")
    yield from _described(schema, wording)
    for shape, inner in schema.get("$defs", {}).items():
        if "properties" not in inner:
            continue
        yield f"#### {shape} of {name}"
        yield from _described(inner, wording)


def _described(schema: Schema, wording: Wording) -> Iterator[str]:
    if words := schema.get("description", ""):
        yield words.replace("``", "`")
    yield _table(schema, wording)


def _table(schema: Schema, wording: Wording) -> str:
    rows = ["| Key | Value | Default | |", "| --- | --- | --- | --- |"]
    for key, one in schema["properties"].items():
        must = default(one, required=key in schema.get("required", ()))
        about = one.get("description", "")
        rows.append(
            f"| `{key}` | {LISTS_OF_KINDS.get(key) or wording.of(one)} | {must} | {about} |"
        )
    return "\n".join(rows)


def _anchor(shape: str, name: str) -> str:
    return f"{shape}-of-{name}".lower()


def _asked(kind: type[CheckKind]) -> Iterator[str]:
    """What a kind asks when told nothing but the service, where that is enough to ask anything."""
    try:
        told: Any = model_of(kind).model_validate({"service": "it"})
    except ValidationError:
        return
    rows = ["| Asked without further words | Expected | Level |", "| --- | --- | --- |"]
    rows += [f"| {it.name} | {it.expected} | {it.level.name.lower()} |" for it in told.checks()]
    yield "\n".join(rows)


def _servers(registries: Registries) -> Iterator[str]:
    yield "## Servers recognised"
    yield (
        "By image, command or `x-envcheck: {kind: …}` in the Compose file. Login and readiness are "
        "inferred."
    )
    families: dict[str, list[str]] = {}
    for server in registries.servers:
        words = sys.modules[type(server).__module__].__doc__ or ""
        families.setdefault(" ".join(words.split()), []).append(f"`{server.family}`")
    yield "\n".join(f"- {', '.join(names)}: {words}" for words, names in families.items())


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reference.md").write_text(rendered(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))

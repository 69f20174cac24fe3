"""Keys that are read together: ``environment`` over ``env_file``, ``deploy`` beside ``scale``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from envcheck.config.compose.sources import Sources
from envcheck.config.dotenv import read_variables
from envcheck.config.measures import size
from envcheck.config.nodes import Fields, Items, Node, fields, items, text, truth, whole_number
from envcheck.config.problems import Wrong
from envcheck.config.shapes import pairs


def environment(tree: Fields, sources: Sources) -> dict[str, Any]:
    """``environment`` wins over ``env_file``; a name without a value comes from outside."""
    values: dict[str, str] = {}
    files = tree.get("env_file")
    if files is not None:
        for entry in items(files) if isinstance(files, Items) else (files,):
            values |= _env_file(entry, sources)
    given = tree.get("environment")
    for name, value in pairs(given).items() if given is not None else ():
        found = sources.variables.get(name) if value is None else value
        if found is not None:
            values[name] = found
    return {"environment": values}


def _env_file(entry: Node, sources: Sources) -> dict[str, str]:
    tree = entry if isinstance(entry, Fields) else None
    named = tree.get("path") if tree else entry
    if named is None:
        raise Wrong(entry.place, "env_file without path", "{path: FILE, required: false}")
    path = sources.absolute(named)
    if path.is_file():
        return read_variables(path, sources.variables.get, sources.problems)
    required = tree.get("required") if tree else None
    if required is None or truth(required):
        raise Wrong(
            named.place, f"env_file {text(named)} does not exist", fix=_sample(path, text(named))
        )
    return {}


def _sample(path: Path, words: str) -> str:
    for ending in (".example", ".sample", ".dist"):
        if path.with_name(path.name + ending).is_file():
            return f"copy {words}{ending}"
    return "create it, or say required: false"


def _deploy(tree: Fields, *keys: str) -> Node | None:
    node = tree.get("deploy")
    for key in keys:
        node = None if node is None else fields(node).get(key)
    return node


def limits(tree: Fields, _sources: Sources) -> dict[str, Any]:
    memory = _deploy(tree, "resources", "limits", "memory")
    return {} if memory is None else {"memory_limit": size(memory)}


def replicas(tree: Fields, _sources: Sources) -> dict[str, Any]:
    wanted = tree.get("scale") or _deploy(tree, "replicas")
    return {} if wanted is None else {"replicas": whole_number(wanted)}

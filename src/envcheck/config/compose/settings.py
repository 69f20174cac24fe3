"""Keys that are read together: ``environment`` over ``env_file``, ``deploy`` beside ``scale``."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from envcheck.config.compose.sources import Sources
from envcheck.config.dotenv import read_variables
from envcheck.config.measures import size
from envcheck.config.nodes import Fields, Items, Node, items, text, truth, whole_number
from envcheck.config.problems import Wrong
from envcheck.config.shapes import pairs, with_known_keys

_DEPLOY = {
    *("mode", "endpoint_mode", "replicas", "labels", "rollback_config", "update_config"),
    *("resources", "restart_policy", "placement"),
}


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
    tree = entry if isinstance(entry, Fields) else Fields({"path": entry}, {}, entry.place)
    with_known_keys(tree, {"path", "required", "format"}, sources.problems)
    named, form, required = tree.get("path"), tree.get("format"), tree.get("required")
    if named is None:
        raise Wrong(entry.place, "env_file without path", "{path: FILE, required: false}")
    path = sources.absolute(named)
    if path.is_file():
        raw = form is not None and _raw(form)
        return read_variables(path, sources.variables.get, sources.problems, raw=raw)
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


def _raw(form: Node) -> bool:
    if text(form) != "raw":
        raise Wrong(form.place, f"unknown format {text(form)!r}", "raw")
    return True


def deploy(tree: Fields, sources: Sources) -> dict[str, Any]:
    """``deploy`` is known key by key; only replicas and the memory limit are read."""
    said = _mapping(tree, "deploy", _DEPLOY, sources)
    resources = _mapping(said, "resources", {"limits", "reservations"}, sources)
    limits = _mapping(resources, "limits", {"cpus", "memory", "pids"}, sources)
    memory, wanted = limits.get("memory"), tree.get("scale") or said.get("replicas")
    found: dict[str, Any] = {} if memory is None else {"memory_limit": size(memory)}
    return found if wanted is None else {**found, "replicas": whole_number(wanted)}


def _mapping(tree: Fields, key: str, known: Collection[str], sources: Sources) -> Fields:
    node = tree.get(key)
    return with_known_keys(node, known, sources.problems) if node else Fields({}, {}, tree.place)

"""One service of a Compose file: every key read, carried, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from envcheck.config.compose import health
from envcheck.config.compose.building import build
from envcheck.config.compose.carried import CARRIED
from envcheck.config.compose.mounts import mounts
from envcheck.config.compose.notes import block, labelled
from envcheck.config.compose.ports import exposed, ports
from envcheck.config.compose.settings import environment, limits, replicas
from envcheck.config.compose.sources import Sources
from envcheck.config.measures import duration, size
from envcheck.config.nodes import Fields, Node, is_null, place_of, plain, text
from envcheck.config.problems import Wrong, did_you_mean
from envcheck.config.shapes import named, pairs, texts, words
from envcheck.model.compose import ComposeService
from envcheck.model.problem import Place

_RESTART = re.compile(r"no|always|unless-stopped|on-failure(:\d+)?")
Reader = Callable[[Node, Sources], Any]


def _alone(read: Callable[[Node], Any]) -> Reader:
    return lambda node, _sources: read(node)


def _labels(node: Node) -> Mapping[str, str]:
    return {name: value or "" for name, value in pairs(node).items()}


def _restart(node: Node) -> str:
    policy = text(node)
    if not _RESTART.fullmatch(policy):
        raise Wrong(node.place, repr(policy), "no, always, unless-stopped or on-failure[:N]")
    return policy


def _names(node: Node) -> tuple[str, ...]:
    return tuple(named(node).fields)


_READ: dict[str, tuple[str, Reader]] = {
    "image": ("image", _alone(text)),
    "build": ("build", build),
    "command": ("command", _alone(words)),
    "entrypoint": ("entrypoint", _alone(words)),
    "ports": ("ports", _alone(ports)),
    "expose": ("expose", _alone(exposed)),
    "volumes": ("mounts", mounts),
    "depends_on": ("depends_on", _alone(health.edges)),
    "healthcheck": ("healthcheck", _alone(health.healthcheck)),
    "restart": ("restart", _alone(_restart)),
    "profiles": ("profiles", _alone(texts)),
    "labels": ("labels", _alone(_labels)),
    "networks": ("networks", _alone(_names)),
    "network_mode": ("network_mode", _alone(text)),
    "container_name": ("container_name", _alone(text)),
    "hostname": ("hostname", _alone(text)),
    "working_dir": ("working_dir", _alone(text)),
    "user": ("user", _alone(text)),
    "stop_signal": ("stop_signal", _alone(text)),
    "stop_grace_period": ("stop_grace_period", _alone(duration)),
    "mem_limit": ("memory_limit", _alone(size)),
}
_TOGETHER = frozenset({"environment", "env_file", "deploy", "scale", "x-envcheck"})
KNOWN = frozenset(_READ) | _TOGETHER | CARRIED


def service(name: str, node: Node, place: Place, sources: Sources) -> ComposeService:
    """The service; what is wrong with a key is noted and the key left out."""
    found: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    tree = Fields({}, {}, node.place)
    with sources.problems.noting():
        tree = _mapping(name, node)
    for key in tree.fields:
        with sources.problems.noting():
            found |= _read(tree, key, sources, extra)
    for gather in (environment, limits, replicas):
        with sources.problems.noting():
            found |= gather(tree, sources)
    with sources.problems.noting():
        found |= labelled(found.get("labels", {}), place_of(tree, "labels"))
    if (note := tree.get("x-envcheck")) is not None:
        found |= block(note, tree.keys["x-envcheck"], sources)
    return ComposeService(name=name, place=place, extra=extra, **found)


def _mapping(name: str, node: Node) -> Fields:
    if isinstance(node, Fields) and node.fields.keys() & {"image", "build", "provider"}:
        return node
    if is_null(node) or isinstance(node, Fields):
        raise Wrong(node.place, f"service {name!r} has no image and no build", "one of the two")
    raise Wrong(node.place, f"service {name!r} is no mapping", "a mapping")


def _read(tree: Fields, key: str, sources: Sources, extra: dict[str, Any]) -> dict[str, Any]:
    value = tree.fields[key]
    if key in _READ:
        field, read = _READ[key]
        return {} if is_null(value) else {field: read(value, sources)}
    if key in CARRIED or key.startswith("x-"):
        extra[key] = plain(value)
    elif key not in _TOGETHER:
        raise Wrong(tree.keys[key], f"unknown key {key!r}", fix=did_you_mean(key, KNOWN))
    return {}

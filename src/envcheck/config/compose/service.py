"""One service of a Compose file: every key read, carried, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from envcheck.config.compose import health
from envcheck.config.compose.building import build
from envcheck.config.compose.carried import CARRIED, CARRIED_NETWORK
from envcheck.config.compose.mounts import mounts
from envcheck.config.compose.notes import block, labelled
from envcheck.config.compose.ports import exposed, ports
from envcheck.config.compose.settings import deploy, environment
from envcheck.config.compose.sources import Sources
from envcheck.config.measures import duration, size
from envcheck.config.nodes import Fields, Node, is_null, place_of, plain, text
from envcheck.config.problems import Wrong, did_you_mean
from envcheck.config.shapes import named, pairs, texts, with_known_keys, words
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


def _networks(node: Node, sources: Sources) -> tuple[str, ...]:
    tree = named(node)
    for said in tree.fields.values():
        with_known_keys(said, CARRIED_NETWORK, sources.problems)
    return tuple(tree.fields)


_READ: dict[str, tuple[str, Reader]] = {
    "image": ("image", _alone(text)),
    "build": ("build", build),
    "command": ("command", _alone(words)),
    "entrypoint": ("entrypoint", _alone(words)),
    "ports": ("ports", ports),
    "expose": ("expose", _alone(exposed)),
    "volumes": ("mounts", mounts),
    "depends_on": ("depends_on", health.edges),
    "healthcheck": ("healthcheck", health.healthcheck),
    "restart": ("restart", _alone(_restart)),
    "profiles": ("profiles", _alone(texts)),
    "labels": ("labels", _alone(_labels)),
    "networks": ("networks", _networks),
    "network_mode": ("network_mode", _alone(text)),
    "container_name": ("container_name", _alone(text)),
    "hostname": ("hostname", _alone(text)),
    "working_dir": ("working_dir", _alone(text)),
    "user": ("user", _alone(text)),
    "stop_signal": ("stop_signal", _alone(text)),
    "stop_grace_period": ("stop_grace_period", _alone(duration)),
    "mem_limit": ("memory_limit", _alone(size)),
}
# where a service comes from; ``extends`` is left only where it failed, which was told
_SOURCES = frozenset({"image", "build", "provider", "extends"})
# of these we read a part; the whole is carried for a runtime that wants the rest
_PARTLY = frozenset({"build", "deploy", "networks", "volumes"})
_TOGETHER = frozenset({"extends", "environment", "env_file", "deploy", "scale", "x-envcheck"})
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
    for gather in (environment, deploy):
        with sources.problems.noting():
            found |= gather(tree, sources)
    with sources.problems.noting():
        found |= labelled(found.get("labels", {}), place_of(tree, "labels"))
    if (note := tree.get("x-envcheck")) is not None:
        found |= block(note, tree.keys["x-envcheck"], sources)
    return ComposeService(name=name, place=place, extra=extra, **found)


def _mapping(name: str, node: Node) -> Fields:
    if isinstance(node, Fields) and node.fields.keys() & _SOURCES:
        return node
    if is_null(node) or isinstance(node, Fields):
        raise Wrong(node.place, f"service {name!r} has no image and no build", "one of the two")
    raise Wrong(node.place, f"service {name!r} is no mapping", "a mapping")


def _read(tree: Fields, key: str, sources: Sources, extra: dict[str, Any]) -> dict[str, Any]:
    value = tree.fields[key]
    if key in _PARTLY and not is_null(value):
        extra[key] = plain(value)
    if key in _READ:
        field, read = _READ[key]
        return {} if is_null(value) else {field: read(value, sources)}
    if key in CARRIED or key.startswith("x-"):
        extra[key] = plain(value)
    elif key not in _TOGETHER:
        raise Wrong(tree.keys[key], f"unknown key {key!r}", fix=did_you_mean(key, KNOWN))
    return {}

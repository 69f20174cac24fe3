"""``healthcheck`` and ``depends_on``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from envcheck.config.compose.sources import Sources
from envcheck.config.measures import duration
from envcheck.config.nodes import (
    Fields,
    Node,
    described,
    is_null,
    text,
    truth,
    whole_number,
)
from envcheck.config.problems import Wrong, did_you_mean
from envcheck.config.shapes import named, texts, with_known_keys
from envcheck.model.compose import Edge, Gate, Healthcheck

_FORMS = ("NONE", "CMD", "CMD-SHELL")
_READ: dict[str, Callable[[Node], Any]] = {
    "interval": duration,
    "timeout": duration,
    "start_period": duration,
    "start_interval": duration,
    "retries": whole_number,
}


def healthcheck(node: Node, sources: Sources) -> Healthcheck:
    tree = with_known_keys(node, {*_READ, "test", "disable"}, sources.problems)
    given: dict[str, Any] = {}
    for key in tree.fields.keys() & _READ.keys():
        with sources.problems.noting():
            given[key] = _READ[key](tree.fields[key])
    disable, test = tree.get("disable"), tree.get("test")
    command = () if test is None else _test(test)
    if command[:1] == ("NONE",) or (disable is not None and truth(disable)):
        return Healthcheck(disabled=True)
    return Healthcheck(test=command, **given)


def _test(node: Node) -> tuple[str, ...]:
    if is_null(node):
        return ()
    if not isinstance(node, Fields) and described(node) != "a list":
        return ("CMD-SHELL", text(node))
    command = texts(node)
    if not command or command[0] not in _FORMS:
        raise Wrong(node.place, described(node), "text, or a list that starts with CMD, CMD-SHELL")
    return command


def edges(node: Node, sources: Sources) -> tuple[Edge, ...]:
    return tuple(_edge(name, value, sources) for name, value in named(node).fields.items())


def _edge(name: str, node: Node, sources: Sources) -> Edge:
    tree = with_known_keys(node, {"condition", "required", "restart"}, sources.problems)
    condition, required = tree.get("condition"), tree.get("required")
    restart = tree.get("restart")
    return Edge(
        name,
        Gate.STARTED if condition is None else _gate(condition),
        True if required is None else truth(required),
        False if restart is None else truth(restart),
    )


def _gate(node: Node) -> Gate:
    words = text(node, "a condition")
    if words not in set(Gate):
        raise Wrong(node.place, f"unknown condition {words!r}", fix=did_you_mean(words, set(Gate)))
    return Gate(words)

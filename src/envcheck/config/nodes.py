"""A YAML document as we hold it: plain values, each with the place it was written at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from envcheck.config.problems import Wrong
from envcheck.config.scalars import Value, written
from envcheck.model.problem import Place

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    value: Value
    place: Place
    tag: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    items: tuple[Node, ...]
    place: Place
    tag: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """``keys`` holds the place of each key, ``place`` the mapping's own."""

    fields: Mapping[str, Node]
    keys: Mapping[str, Place]
    place: Place
    tag: str = ""

    def get(self, key: str) -> Node | None:
        return self.fields.get(key)


Node = Scalar | Items | Fields


def plain(node: Node | None) -> Any:
    """The node as dicts, lists and scalars."""
    if isinstance(node, Fields):
        return {key: plain(value) for key, value in node.fields.items()}
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return node.value if node is not None else None


def described(node: Node | None) -> str:
    """What stands there, in the words of a message."""
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return "nothing"
    if isinstance(node, Fields):
        return "a mapping"
    if isinstance(node, Items):
        return "a list"
    return repr(node.value) if isinstance(node.value, str) else written(node.value)


def is_null(node: Node | None) -> bool:
    return node is None or (isinstance(node, Scalar) and node.value is None)


def fields(node: Node, what: str = "a mapping") -> Fields:
    """Raises Wrong for anything but a mapping; nothing at all counts as an empty one."""
    if isinstance(node, Fields):
        return node
    if is_null(node):
        return Fields({}, {}, node.place)
    raise Wrong(node.place, described(node), what)


def items(node: Node, what: str = "a list") -> tuple[Node, ...]:
    if isinstance(node, Items):
        return node.items
    if is_null(node):
        return ()
    raise Wrong(node.place, described(node), what)


def text(node: Node, what: str = "text") -> str:
    if isinstance(node, Scalar) and node.value is not None:
        return written(node.value)
    raise Wrong(node.place, described(node), what)


def whole_number(node: Node, what: str = "a whole number") -> int:
    words = text(node, what)
    if _WHOLE.fullmatch(words):
        return int(words)
    raise Wrong(node.place, described(node), what)


def truth(node: Node) -> bool:
    words = text(node, "true or false").lower()
    if words in {"true", "false"}:
        return words == "true"
    raise Wrong(node.place, described(node), "true or false")


def place_of(tree: Fields, key: str) -> Place:
    """Where a key stands, or the mapping itself where it does not."""
    return tree.keys.get(key, tree.place)

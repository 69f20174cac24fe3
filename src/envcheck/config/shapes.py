"""The shapes Compose allows in more than one way: one or many, list or mapping, words or list."""

from __future__ import annotations

import shlex
from collections.abc import Collection

from envcheck.config.nodes import Fields, Items, Node, Scalar, described, fields, is_null, text
from envcheck.config.problems import Problems, Wrong, did_you_mean


def with_known_keys(node: Node, known: Collection[str], problems: Problems) -> Fields:
    """The mapping; keys we do not know are noted (``x-`` is free). Raises Wrong for none."""
    tree = fields(node)
    for key, place in tree.keys.items():
        if key in tree.fields and key not in known and not key.startswith("x-"):
            problems.add(place, f"unknown key {key!r}", fix=did_you_mean(key, known))
    return tree


def texts(node: Node) -> tuple[str, ...]:
    """A list of texts, or one."""
    if isinstance(node, Items):
        return tuple(text(item) for item in node.items)
    return () if is_null(node) else (text(node, "text or a list of them"),)


def pairs(node: Node) -> dict[str, str | None]:
    """``{A: b}`` or ``[A=b]``; None for a name without a value."""
    tree = keyed(node)
    return {
        key: None if is_null(value) else text(value, "text, a number, true or false")
        for key, value in tree.fields.items()
    }


def keyed(node: Node) -> Fields:
    """``[A=b, C]`` as the mapping it stands for; mappings as they are."""
    if isinstance(node, Fields):
        return node
    if not isinstance(node, Items) and not is_null(node):
        raise Wrong(node.place, described(node), "a mapping or a list of NAME=value")
    tree = Fields({}, {}, node.place, node.tag)
    values: dict[str, Node] = {}
    for item in node.items if isinstance(node, Items) else ():
        name, equals, value = text(item, "NAME=value").partition("=")
        values[name] = Scalar(value if equals else None, item.place)
    places = {name: value.place for name, value in values.items()}
    return Fields(values, places, tree.place, tree.tag)


def named(node: Node) -> Fields:
    """``[a, b]`` as ``{a: , b: }``; mappings as they are."""
    if isinstance(node, Items):
        values: dict[str, Node] = {text(item): Scalar(None, item.place) for item in node.items}
        places = {name: value.place for name, value in values.items()}
        return Fields(values, places, node.place, node.tag)
    if isinstance(node, Fields):
        return node
    if is_null(node):
        return Fields({}, {}, node.place)
    raise Wrong(node.place, described(node), "a list or a mapping")


def words(node: Node) -> tuple[str, ...]:
    """A command: a list of arguments, or one line as a shell would split it."""
    if isinstance(node, Items):
        return tuple(text(item) for item in node.items)
    if is_null(node):
        return ()
    try:
        return tuple(shlex.split(text(node, "text or a list of arguments")))
    except ValueError as error:
        raise Wrong(node.place, f"{described(node)}: {error}", "balanced quotes") from error

"""Parser events to nodes: aliases, ``<<`` merges, duplicate keys, caps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ruamel.yaml import events as ev

from envcheck.config.nodes import Fields, Items, Node, Scalar
from envcheck.config.problems import Problems, Wrong
from envcheck.config.scalars import Value, resolved, written
from envcheck.model.problem import Place

DEEPEST = 64  # levels
MOST = 100_000  # nodes, every alias counted as what it stands for
MERGE = "<<"
CORE = "tag:yaml.org,2002:"
COMPOSE_TAGS = frozenset({"!reset", "!override"})


class Built(NamedTuple):
    """A node, its size with every alias written out, and its height."""

    node: Node
    size: int
    height: int


class Composer:
    """Turns the events of one document into nodes; its methods raise Wrong."""

    def __init__(self, events: Iterator[ev.Event], name: str, problems: Problems) -> None:
        self._events = events
        self._name = name
        self._problems = problems
        self._anchors: dict[str, Built] = {}
        self._total = 0
        self._sizes: dict[int, int] = {}  # by id; every node enters its own when it is made

    def document(self) -> Node:
        node: Node = Scalar(None, Place(self._name, 1, 1))
        seen = 0
        for event in self._events:
            if isinstance(event, ev.StreamStartEvent | ev.StreamEndEvent | ev.DocumentEndEvent):
                continue
            if isinstance(event, ev.DocumentStartEvent):
                seen += 1
                if seen > 1:
                    raise Wrong(self._place(event), "a second document (---)", "one document")
                continue
            node = self._build(event, 1).node
        return node

    def _build(self, event: ev.Event, depth: int) -> Built:
        if depth > DEEPEST:
            raise Wrong(self._place(event), "nesting deeper than 64 levels", "at most 64 levels")
        if isinstance(event, ev.AliasEvent):
            return self._alias(event, depth)
        built = self._fresh(event, depth)
        self._sizes[id(built.node)] = built.size
        self._count(1, event)
        if anchor := _said(event, "anchor"):
            self._anchors[anchor] = built
        return built

    def _fresh(self, event: ev.Event, depth: int) -> Built:
        if isinstance(event, ev.ScalarEvent):
            tag = self._tag(event)
            return Built(Scalar(_value(event, tag), self._place(event), tag), 1, 1)
        if isinstance(event, ev.SequenceStartEvent):
            return self._items(event, depth)
        return self._fields(event, depth)

    def _alias(self, event: ev.AliasEvent, depth: int) -> Built:
        built = self._anchors.get(event.anchor)
        if built is None:
            found = f"*{event.anchor} names no anchor above it"
            raise Wrong(self._place(event), found, "an anchor")
        if depth + built.height > DEEPEST + 1:
            raise Wrong(self._place(event), "nesting deeper than 64 levels", "at most 64 levels")
        self._count(built.size, event)
        return built

    def _count(self, size: int, event: ev.Event) -> None:
        self._total += size
        if self._total > MOST:
            raise Wrong(
                self._place(event),
                "aliases that write out to more than 100,000 values",
                "at most 100,000",
                "this is how an alias bomb looks; write the values out or use fewer aliases",
            )

    def _items(self, event: ev.Event, depth: int) -> Built:
        parts: list[Built] = []
        while not isinstance(part := next(self._events), ev.SequenceEndEvent):
            parts.append(self._build(part, depth + 1))
        node = Items(tuple(part.node for part in parts), self._place(event), self._tag(event))
        size = 1 + sum(part.size for part in parts)
        return Built(node, size, 1 + max((part.height for part in parts), default=0))

    def _fields(self, event: ev.Event, depth: int) -> Built:
        found: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        merged: list[Node] = []
        parts: list[Built] = []
        while not isinstance(key := next(self._events), ev.MappingEndEvent):
            name, place = self._key(key), self._place(key)
            parts.append(self._build(next(self._events), depth + 1))
            if name == MERGE and not _said(key, "style"):
                merged.append(parts[-1].node)
            elif name in found:
                self._repeated(name, place, keys[name])
            else:
                found[name], keys[name] = parts[-1].node, place
        for source in merged:
            self._merge(source, found, keys)
        # a merge shares what it merges: the same part merged twice stands there once
        size = 1 + sum(self._sizes[id(node)] for node in found.values())
        height = 1 + max((part.height for part in parts), default=0)
        return Built(Fields(found, keys, self._place(event), self._tag(event)), size, height)

    def _key(self, event: ev.Event) -> str:
        if isinstance(event, ev.AliasEvent):
            node = self._alias(event, 1).node
            if isinstance(node, Scalar):
                return written(node.value)
        if not isinstance(event, ev.ScalarEvent):
            raise Wrong(self._place(event), "a key that is not text", "text")
        if event.anchor:
            self._anchors[event.anchor] = Built(Scalar(event.value, self._place(event)), 1, 1)
        return str(event.value)

    def _repeated(self, name: str, place: Place, first: Place) -> None:
        found = f"key {name!r} is written twice (first in line {first.line})"
        self._problems.add(place, found, "each key once", "delete one of them")

    def _merge(self, source: Node, found: dict[str, Node], keys: dict[str, Place]) -> None:
        for part in source.items if isinstance(source, Items) else (source,):
            if not isinstance(part, Fields):
                raise Wrong(part.place, "<< merges something that is no mapping", "a mapping")
            for name, node in part.fields.items():
                if name not in found:
                    found[name], keys[name] = node, part.keys[name]

    def _tag(self, event: ev.Event) -> str:
        """Compose's own tags; core tags are looked at by ``_value``; others are refused."""
        tag = _said(event, "tag")
        if not tag or tag == "!" or tag.startswith(CORE) or tag in COMPOSE_TAGS:
            return tag
        raise Wrong(self._place(event), f"unknown tag {tag}", "no tag", "remove it")

    def _place(self, event: ev.Event) -> Place:
        return Place(self._name, event.start_mark.line + 1, event.start_mark.column + 1)


def _said(event: ev.Event, what: str) -> str:
    """An anchor, tag or style; not every event has a slot for each."""
    return str(getattr(event, what, None) or "")


def _value(event: ev.ScalarEvent, tag: str) -> Value:
    words = str(event.value)
    if event.style is not None or tag == "!" or tag == CORE + "str":
        return words
    return resolved(words)

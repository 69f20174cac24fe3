"""Entries of ``seed``, ``verify``, ``ready`` and ``checks``: one kind each, and its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from envcheck.config.nodes import Fields, Node, described, fields, truth
from envcheck.config.problems import Wrong, did_you_mean
from envcheck.config.reading import Reading, Reference
from envcheck.config.registries import model_of
from envcheck.config.validation import located, validated
from envcheck.kind import yaml_key
from envcheck.model.check import CheckKind
from envcheck.model.environment import Declared
from envcheck.model.problem import Place
from envcheck.model.seed import SeedKind

K = TypeVar("K", CheckKind, SeedKind)
REFERENCES = {"service": "service", "as_": "as"}


class Entries:
    """Reads the entries of one wave and collects whom they name."""

    def __init__(self, reading: Reading, wave: int) -> None:
        self._reading = reading
        self._wave = wave
        self.references: list[Reference] = []

    def kinds(
        self, nodes: tuple[Node, ...], known: Mapping[str, type[K]]
    ) -> tuple[Declared[K], ...]:
        """Each entry is ``kind: {fields}`` with an optional ``optional`` beside it."""
        found: list[Declared[K]] = []
        for node in nodes:
            with self._reading.problems.noting():
                name, body, place, optional = _taken_apart(node, known)
                declared = self._declared(known[name], name, body, place, optional)
                found += [declared] if declared else []
        return tuple(found)

    def checks(self, nodes: tuple[Node, ...]) -> tuple[Declared[CheckKind], ...]:
        """Each entry is the fields of the kind ``api``."""
        kind = self._reading.registries.checks["api"]
        found: list[Declared[CheckKind]] = []
        for node in nodes:
            with self._reading.problems.noting():
                body, optional = _without_optional(fields(node, "a check with a name"))
                declared = self._declared(kind, "api", body, body.place, optional)
                found += [declared] if declared else []
        return tuple(found)

    def _declared(
        self, kind: type[K], name: str, body: Fields, place: Place, optional: bool
    ) -> Declared[K] | None:
        reading = self._reading
        model = validated(
            model_of(kind), reading.opened(body), reading.problems, place=place, raw=body
        )
        if model is None:
            return None
        for what, value, loc in _references(model, ()):
            spot = located(body, place, loc)
            self.references.append(Reference(what, value, spot.place, self._wave, name))
        return Declared(cast(Any, model), place, optional)


def _taken_apart(node: Node, known: Mapping[str, Any]) -> tuple[str, Fields, Place, bool]:
    tree, optional = _without_optional(fields(node, "kind: {…}"))
    if len(tree.fields) != 1:
        raise Wrong(tree.place, described(tree), "one kind: {…}", did_you_mean("", known))
    name, body = next(iter(tree.fields.items()))
    if name not in known:
        raise Wrong(tree.keys[name], f"unknown kind {name!r}", fix=did_you_mean(name, known))
    return name, fields(body), tree.keys[name], optional


def _without_optional(tree: Fields) -> tuple[Fields, bool]:
    said = tree.get("optional")
    if said is None:
        return tree, False
    values = {key: value for key, value in tree.fields.items() if key != "optional"}
    return Fields(values, tree.keys, tree.place), truth(said)


def _references(value: Any, loc: tuple[str | int, ...]) -> Iterator[tuple[str, str, Any]]:
    """Fields named ``service`` and ``as`` of the models inside; never what a request body holds."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            here = (*loc, yaml_key(name))
            if name in REFERENCES and isinstance(inner, str) and inner:
                yield REFERENCES[name], inner, here
            else:
                yield from _references(inner, here)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _references(item, (*loc, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _references(item, (*loc, str(key)))

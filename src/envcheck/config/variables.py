"""The variables a file may name: the process' environment over ``.env``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envcheck.config.dotenv import read_variables
from envcheck.config.interpolate import BadTemplate, Template
from envcheck.config.nodes import Fields, Items, Node, Scalar
from envcheck.config.problems import Problems, Wrong
from envcheck.model.problem import Place


@dataclass(frozen=True, slots=True)
class Variables:
    process: Mapping[str, str]
    file: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        value = self.process.get(name)
        return self.file.get(name) if value is None else value


def variables_beside(folder: Path, env: Mapping[str, str], problems: Problems) -> Variables:
    """``.env`` of a folder under the process' environment; no such file is fine."""
    path = folder / ".env"
    if not path.is_file():
        return Variables(env)
    return Variables(env, read_variables(path, env.get, problems))


@dataclass(slots=True)
class Substitution:
    """Replaces variables throughout a tree; remembers which were unset, and where."""

    variables: Variables
    problems: Problems
    bare: bool = True
    unset: list[tuple[str, Place]] = field(default_factory=list)
    _done: dict[int, tuple[Node, Node]] = field(default_factory=dict)

    def apply(self, node: Node) -> Node:
        """A tree of the same shape; what cannot be replaced is noted and left as it was."""
        # shared nodes (aliases) stay shared; the original is kept so that its id stays taken
        known = self._done.get(id(node))
        if known is None:
            known = self._done[id(node)] = (node, self._fresh(node))
        return known[1]

    def _fresh(self, node: Node) -> Node:
        if isinstance(node, Fields):
            parts = {key: self.apply(value) for key, value in node.fields.items()}
            return Fields(parts, node.keys, node.place, node.tag)
        if isinstance(node, Items):
            return Items(tuple(self.apply(item) for item in node.items), node.place, node.tag)
        if isinstance(node.value, str) and "$" in node.value:
            return self._scalar(node, node.value)
        return node

    def _scalar(self, node: Scalar, words: str) -> Scalar:
        template = Template(self.variables.get, self.bare)
        with self.problems.noting():
            try:
                value = template.expand(words)
            except BadTemplate as error:
                raise Wrong(node.place, error.found, fix=error.fix) from error
            self.unset += [(name, node.place) for name in template.unset]
            return Scalar(value, node.place, node.tag)
        return node

"""The files of a project, read once, and what paths in them mean."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from envcheck.config.document import read_mapping, shown
from envcheck.config.nodes import Fields, Node, fields, text
from envcheck.config.problems import Problems
from envcheck.config.variables import Substitution, Variables
from envcheck.model.problem import Place

SECTIONS = ("services", "networks", "volumes", "secrets", "configs")
DEEPEST = 32  # extends of extends, include of include


@dataclass(slots=True)
class Sources:
    """Reads files and remembers against which folder the paths in each of them count."""

    variables: Variables
    problems: Problems
    bases: dict[str, Path] = field(default_factory=dict)
    unset: list[tuple[str, Place]] = field(default_factory=list)
    read: list[Path] = field(default_factory=list)
    _raw: dict[str, Fields | None] = field(default_factory=dict)
    _trees: dict[str, Fields | None] = field(default_factory=dict)

    def absolute(self, node: Node) -> Path:
        """A path as its file means it."""
        words = text(node, "a path")
        if words.startswith("~"):
            words = (self.variables.get("HOME") or "~") + words[1:]
        base = self.bases.get(node.place.file, Path())
        return Path(os.path.abspath(base / words))  # noqa: PTH100 (resolve would follow links)

    def file(self, path: Path, base: Path) -> Fields | None:
        """The file with its variables replaced; None when it cannot be read (noted)."""
        name = shown(path)
        if name not in self._trees:
            raw = self.raw(path, base)
            self._trees[name] = None if raw is None else self._substituted(raw)
        return self._trees[name]

    def raw(self, path: Path, base: Path) -> Fields | None:
        """The file as written."""
        name = shown(path)
        if name not in self._raw:
            self.bases[name] = base
            self.read.append(path)
            self._raw[name] = read_mapping(path, self.problems)
        return self._raw[name]

    def _substituted(self, raw: Fields) -> Fields:
        substitution = Substitution(self.variables, self.problems)
        tree = substitution.apply(raw)
        self.unset += substitution.unset
        return fields(tree)

"""Secrets by reference: ``{secret: NAME}``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from envcheck.config.document import file_text
from envcheck.config.nodes import Fields, Items, Node, Scalar
from envcheck.config.problems import Problems, Wrong
from envcheck.config.variables import Variables
from envcheck.model.compose import ComposeProject
from envcheck.model.problem import Place

RUN_SECRETS = Path("/run/secrets")
_REFERENCE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


@dataclass(slots=True)
class Secrets:
    """Where secrets come from: environment → ``.env`` → declared files → ``/run/secrets``.

    ``used`` holds every one that was resolved, for the gate that keeps them out of all output.
    """

    variables: Variables
    files: dict[str, Path] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)

    def add_project(self, project: ComposeProject) -> None:
        """The Compose files' own ``secrets:``; what was declared before stays."""
        for name, source in project.secrets.items():
            if isinstance(source.get("file"), str):
                self.files.setdefault(name, Path(source["file"]))
            if isinstance(source.get("environment"), str):
                self.aliases.setdefault(name, source["environment"])

    def value(self, name: str) -> str | None:
        """None for a secret that is set nowhere. Raises Wrong for a file that cannot be read."""
        found = self.variables.get(self.aliases.get(name, name))
        if found is None:
            found = self._from_file(name)
        if found is not None:
            self.used[name] = found
        return found

    def _from_file(self, name: str) -> str | None:
        for path in (self.files.get(name), RUN_SECRETS / name):
            if path is not None and path.is_file():
                return file_text(path, "secret").rstrip("\r\n")
        return None

    def demanded(self, name: str, place: Place) -> str:
        """Raises Wrong."""
        found = self.value(name)
        if found is None:
            fix = f"set {name} in the environment or in .env, or put it into {RUN_SECRETS / name}"
            raise Wrong(place, f"secret {name!r} is set nowhere", fix=fix)
        return found

    def resolved(self, node: Node, problems: Problems) -> Node:
        """``{secret: NAME}`` replaced throughout; what is set nowhere is noted."""
        if isinstance(node, Items):
            parts = tuple(self.resolved(item, problems) for item in node.items)
            return Items(parts, node.place, node.tag)
        if not isinstance(node, Fields):
            return node
        name = referenced(node)
        if name:
            with problems.noting():
                return Scalar(self.demanded(name, node.place), node.place)
            return Scalar("", node.place)
        values = {key: self.resolved(value, problems) for key, value in node.fields.items()}
        return Fields(values, node.keys, node.place, node.tag)


def referenced(node: Fields) -> str:
    """The NAME of ``{secret: NAME}``; empty for any other mapping."""
    only = node.get("secret") if len(node.fields) == 1 else None
    if (
        isinstance(only, Scalar)
        and isinstance(only.value, str)
        and _REFERENCE.fullmatch(only.value)
    ):
        return only.value
    return ""

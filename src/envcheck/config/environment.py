"""environment.yaml and what it brings together."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from envcheck.config.compose.project import Read, read_project
from envcheck.config.document import read_mapping, shown
from envcheck.config.documents import EnvironmentDocument
from envcheck.config.nodes import Fields, Items, Node, Scalar, is_null
from envcheck.config.problems import Problems
from envcheck.config.reading import Reading
from envcheck.config.registries import Registries
from envcheck.config.secrets import Secrets
from envcheck.config.validation import validated
from envcheck.config.variables import Substitution, Variables, variables_beside
from envcheck.model.problem import Place


class Declaration:
    """One environment.yaml, its Compose project read, its secrets within reach."""

    def __init__(
        self, path: Path, env: Mapping[str, str], problems: Problems, registries: Registries
    ) -> None:
        self.folder = path.parent
        raw = read_mapping(path, problems) or _nothing(path)
        files = self._compose_files(raw, env, problems)
        variables = _variables(files, env, problems)
        self.compose: Read = read_project(files, variables, problems)
        self.reading = Reading(problems, variables, self._secrets(raw, variables), registries)
        self.tree = self.reading.substituted(raw)
        opened = self.reading.opened(self.tree)
        self.document = validated(
            EnvironmentDocument, opened, problems, place=self.tree.place, raw=self.tree
        )

    @property
    def name(self) -> str:
        return self.document.name if self.document else self.folder.name

    @property
    def fixtures(self) -> Path:
        named = self.document.fixtures if self.document else None
        return Path(os.path.normpath(self.folder / (named or "fixtures")))

    def _compose_files(self, raw: Fields, env: Mapping[str, str], problems: Problems) -> list[Path]:
        """Those that exist; ``.env`` lies beside the first, so it cannot name them."""
        listed = raw.get("compose")
        found: list[Path] = []
        for node in listed.items if isinstance(listed, Items) else ():
            path = self._path(node, env, problems)
            if path is not None and path.is_file():
                found.append(path)
            elif path is not None:
                problems.add(node.place, f"Compose file {shown(path)} does not exist")
        return found

    def _path(self, node: Node, env: Mapping[str, str], problems: Problems) -> Path | None:
        said = Substitution(Variables(env), problems, bare=False).apply(node)
        known = isinstance(said, Scalar) and isinstance(said.value, str) and said.value
        return self.folder / str(known) if known else None

    def _secrets(self, raw: Fields, variables: Variables) -> Secrets:
        """``secrets:`` of the Compose files and of environment.yaml, the latter first."""
        found = Secrets(variables)
        declared = raw.get("secrets")
        for name, node in declared.fields.items() if isinstance(declared, Fields) else ():
            if isinstance(node, Fields):
                _declare(found, name, node, self.folder)
        found.add_project(self.compose.project)
        return found


def _nothing(path: Path) -> Fields:
    return Fields({}, {}, Place(shown(path)))


def _variables(files: Sequence[Path], env: Mapping[str, str], problems: Problems) -> Variables:
    return variables_beside(files[0].parent, env, problems) if files else Variables(env)


def _declare(secrets: Secrets, name: str, node: Fields, folder: Path) -> None:
    file, environment = node.get("file"), node.get("environment")
    if isinstance(file, Scalar) and not is_null(file):
        secrets.files[name] = folder / str(file.value)
    if isinstance(environment, Scalar) and not is_null(environment):
        secrets.aliases[name] = str(environment.value)

"""What the parts of one reading share: files, variables, secrets, problems."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from envcheck.config.document import read_mapping
from envcheck.config.nodes import Fields, fields
from envcheck.config.problems import Problems
from envcheck.config.registries import Registries
from envcheck.config.secrets import Secrets
from envcheck.config.variables import Substitution, Variables
from envcheck.model.problem import Place


@dataclass(frozen=True, slots=True)
class Reading:
    problems: Problems
    variables: Variables
    secrets: Secrets
    registries: Registries

    def mapping(self, path: Path) -> Fields | None:
        """A file of ours with its variables replaced, secrets still references."""
        raw = read_mapping(path, self.problems)
        return None if raw is None else self.substituted(raw)

    def substituted(self, raw: Fields) -> Fields:
        """An unset variable is a mistake here: in our own files nothing becomes empty silently."""
        substitution = Substitution(self.variables, self.problems, bare=False)
        tree = fields(substitution.apply(raw))
        for name, place in substitution.unset:
            fix = f"set {name} in the environment or in .env, or write ${{{name}:-default}}"
            self.problems.add(place, f"variable {name} is not set", fix=fix)
        return tree

    def opened(self, tree: Fields) -> Fields:
        """The tree with its secrets in it; never to be quoted from."""
        return fields(self.secrets.resolved(tree, self.problems))


@dataclass(frozen=True, slots=True)
class Reference:
    """A kind names a service or an identity."""

    what: str  # service | as
    name: str
    place: Place
    wave: int
    by: str

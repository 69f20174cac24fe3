"""The revisions of a folder of Alembic migrations, read without running them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class Unreadable(Exception):  # noqa: N818 (an answer to be judged, not our error)
    """A revision file, or the folder, that cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Revisions:
    """Each revision with those directly below it."""

    below: Mapping[str, tuple[str, ...]]

    @property
    def heads(self) -> tuple[str, ...]:
        lower = {revision for below in self.below.values() for revision in below}
        return tuple(sorted(set(self.below) - lower))

    def reached_by(self, revision: str) -> frozenset[str]:
        """The revision and everything below it."""
        found: set[str] = set()
        ahead = [revision]
        while ahead:
            here = ahead.pop()
            if here not in found:
                found.add(here)
                ahead.extend(self.below.get(here, ()))
        return frozenset(found)

    def missing(self, applied: str, wanted: str) -> tuple[str, ...]:
        """What lies between: in ``wanted``, not in ``applied``."""
        return tuple(sorted(self.reached_by(wanted) - self.reached_by(applied)))


def read_revisions(folder: Path) -> Revisions:
    """Every ``*.py`` of the folder that names a revision. Raises Unreadable."""
    if not folder.is_dir():
        raise Unreadable(f"there is no folder {folder}")
    below: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.rglob("*.py")):
        named = _names(path)
        if named is not None:
            below[named[0]] = named[1]
    if not below:
        raise Unreadable(f"no revision in {folder}")
    return Revisions(below)


def _names(path: Path) -> tuple[str, tuple[str, ...]] | None:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError) as error:
        raise Unreadable(f"{path.name}: {error}") from error
    values = {name: value for node in tree.body for name, value in _assigned(node)}
    revision = values.get("revision")
    if not isinstance(revision, str):
        return None
    return revision, _several(values.get("down_revision"))


def _assigned(node: ast.stmt) -> list[tuple[str, object]]:
    """``revision = "a1"`` and ``revision: str = "a1"``, where the value is a plain literal."""
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets, value = [node.target], node.value
    else:
        return []
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    try:
        literal = ast.literal_eval(value)
    except ValueError:
        return []
    return [(name, literal) for name in names]


def _several(down: object) -> tuple[str, ...]:
    if isinstance(down, str):
        return (down,)
    return tuple(str(one) for one in down) if isinstance(down, tuple | list | set) else ()

"""The files of a project as one tree: overrides, ``extends``, ``include``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from envcheck.config.compose.extends import extended
from envcheck.config.compose.including import included
from envcheck.config.compose.merge import merged
from envcheck.config.compose.sources import Sources
from envcheck.config.document import shown
from envcheck.config.nodes import Fields, Node, fields
from envcheck.model.problem import Place


def project_tree(sources: Sources, files: Sequence[Path], base: Path, depth: int = 0) -> Fields:
    """All files merged in their order, each with its includes and extends resolved first."""
    whole: Node = Fields({}, {}, Place(shown(files[0])) if files else Place(""))
    for path in files:
        tree = sources.file(path, base)
        if tree is None:
            continue
        tree = included(sources, extended(sources, tree), base, depth, project_tree)
        with sources.problems.noting():
            whole = merged(whole, tree)
    return fields(whole)

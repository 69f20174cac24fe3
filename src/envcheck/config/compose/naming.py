"""What a project is called: COMPOSE_PROJECT_NAME, else ``name:``, else its folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from envcheck.config.compose.sources import Sources
from envcheck.config.nodes import Fields, Node, text
from envcheck.config.problems import Wrong
from envcheck.config.variables import Substitution

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def project_name(sources: Sources, files: Sequence[Path], base: Path) -> str:
    chosen = sources.variables.get("COMPOSE_PROJECT_NAME")
    if chosen:
        return normalised(chosen)
    folder = normalised(base.absolute().name)
    for path in reversed(files):
        tree = sources.raw(path, base)
        node = tree.get("name") if isinstance(tree, Fields) else None
        if node is not None:
            with sources.problems.noting():
                return _declared(sources, node)
            break
    return folder


def _declared(sources: Sources, node: Node) -> str:
    name = text(Substitution(sources.variables, sources.problems).apply(node), "a project name")
    if not _NAME.fullmatch(name):
        raise Wrong(
            node.place, f"project name {name!r}", "lower-case letters, digits, - and _ only"
        )
    return name


def normalised(name: str) -> str:
    """As Compose makes a name of a folder's."""
    return re.sub(r"[^a-z0-9_-]", "", name.lower()).lstrip("_-")

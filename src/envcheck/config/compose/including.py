"""``include``: another project beside ours, with a folder and variables of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from envcheck.config.compose.sources import DEEPEST, SECTIONS, Sources
from envcheck.config.document import shown
from envcheck.config.dotenv import read_variables
from envcheck.config.nodes import Fields, Items, Node, described, fields, items, text
from envcheck.config.problems import Wrong
from envcheck.config.shapes import texts, with_known_keys
from envcheck.config.variables import Variables, variables_beside

ReadTree = Callable[[Sources, Sequence[Path], Path, int], Fields]


def included(sources: Sources, tree: Fields, base: Path, depth: int, read: ReadTree) -> Fields:
    entries = tree.get("include")
    if entries is None:
        return tree
    if depth > DEEPEST:
        sources.problems.add(entries.place, "include goes in a circle")
        return tree
    for entry in items(entries) if isinstance(entries, Items) else (entries,):
        with sources.problems.noting():
            tree = _adopted(sources, tree, _include(sources, entry, base, depth, read))
    return tree


def _include(sources: Sources, entry: Node, base: Path, depth: int, read: ReadTree) -> Fields:
    parts = entry if isinstance(entry, Fields) else Fields({"path": entry}, {}, entry.place)
    with_known_keys(parts, {"path", "project_directory", "env_file"}, sources.problems)
    paths = [base / word for word in texts(parts.fields["path"])] if parts.get("path") else []
    if not paths:
        raise Wrong(entry.place, described(entry), "the path of a Compose file")
    for path in paths:
        if not path.is_file():
            raise Wrong(entry.place, f"{shown(path)} does not exist", "a Compose file")
    directory = parts.get("project_directory")
    folder = base / text(directory) if directory is not None else paths[0].parent
    inner = Sources(_inner(sources, parts.get("env_file"), folder, base), sources.problems)
    inner.bases, inner.unset, inner.read = sources.bases, sources.unset, sources.read
    return read(inner, paths, folder, depth + 1)


def _inner(sources: Sources, env_file: Node | None, folder: Path, base: Path) -> Variables:
    outer = {**sources.variables.file, **sources.variables.process}
    if env_file is None:
        return variables_beside(folder, outer, sources.problems)
    found: dict[str, str] = {}
    for word in texts(env_file):
        found |= read_variables(base / word, outer.get, sources.problems)
    return Variables(outer, found)


def _adopted(sources: Sources, tree: Fields, inner: Fields) -> Fields:
    """The included resources beside our own; the same name twice is a conflict."""
    whole, places = dict(tree.fields), dict(tree.keys)
    for section in SECTIONS:
        theirs = inner.get(section)
        if not isinstance(theirs, Fields):
            continue
        ours = fields(whole.get(section) or Fields({}, {}, theirs.place))
        for name in ours.fields.keys() & theirs.fields.keys():
            found = f"{section} {name!r} is included and defined here as well"
            sources.problems.add(ours.keys[name], found, "one definition", "rename one of them")
        whole[section] = Fields(
            {**theirs.fields, **ours.fields}, {**theirs.keys, **ours.keys}, ours.place
        )
        places.setdefault(section, theirs.place)
    return Fields(whole, places, tree.place)

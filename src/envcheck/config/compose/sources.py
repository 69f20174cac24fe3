"""The files of a project as one tree: overrides, ``extends``, ``include``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from envcheck.config.compose.merge import merged
from envcheck.config.document import read_mapping, shown
from envcheck.config.dotenv import read_variables
from envcheck.config.nodes import Fields, Items, Node, Scalar, described, fields, items, text
from envcheck.config.problems import Problems, Wrong, did_you_mean
from envcheck.config.shapes import texts
from envcheck.config.variables import Substitution, Variables, variables_beside
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


def project_tree(sources: Sources, files: Sequence[Path], base: Path, depth: int = 0) -> Fields:
    """All files merged in their order, each with its includes and extends resolved first."""
    whole: Node = Fields({}, {}, Place(shown(files[0])) if files else Place(""))
    for path in files:
        tree = sources.file(path, base)
        if tree is None:
            continue
        tree = _included(sources, _extended(sources, tree), base, depth)
        with sources.problems.noting():
            whole = merged(whole, tree)
    return fields(whole)


def _extended(sources: Sources, tree: Fields) -> Fields:
    services = tree.get("services")
    if not isinstance(services, Fields):
        return tree
    done: dict[str, Node] = {}
    for name, service in services.fields.items():
        done[name] = service
        with sources.problems.noting():
            done[name] = _service(sources, services, name, ())
    return replace(tree, fields={**tree.fields, "services": replace(services, fields=done)})


def _service(
    sources: Sources, services: Fields, name: str, trail: tuple[tuple[str, str], ...]
) -> Node:
    service = services.fields[name]
    if not isinstance(service, Fields) or "extends" not in service.fields:
        return service
    step = (service.place.file, name)
    if step in trail or len(trail) > DEEPEST:
        way = " → ".join([spot for _, spot in trail] + [name])
        raise Wrong(service.keys["extends"], f"extends goes in a circle: {way}")
    others, base_name = _base(sources, services, service.fields["extends"])
    base = _service(sources, others, base_name, (*trail, step))
    own = {key: value for key, value in service.fields.items() if key != "extends"}
    return merged(base, replace(service, fields=own), ("services", name))


def _base(sources: Sources, services: Fields, node: Node) -> tuple[Fields, str]:
    """The services to look in, and the one that is extended. Raises Wrong."""
    wanted: Node | None = node if isinstance(node, Scalar) else fields(node).get("service")
    if wanted is None:
        raise Wrong(node.place, "extends without service", "{service: NAME, file: PATH}")
    file = node.get("file") if isinstance(node, Fields) else None
    if file is not None:
        path = _relative(sources, file)
        tree = sources.file(path, path.parent)
        services = fields((tree and tree.get("services")) or Fields({}, {}, file.place))
    name = text(wanted)
    if name not in services.fields:
        raise Wrong(
            wanted.place,
            f"extends an unknown service {name!r}",
            fix=did_you_mean(name, services.fields),
        )
    return services, name


def _relative(sources: Sources, node: Node) -> Path:
    """A file named beside another; kept relative, so that messages show it as the user would."""
    words = Path(text(node, "a path"))
    return sources.bases.get(node.place.file, Path()) / words


def _included(sources: Sources, tree: Fields, base: Path, depth: int) -> Fields:
    entries = tree.get("include")
    if entries is None:
        return tree
    if depth > DEEPEST:
        sources.problems.add(entries.place, "include goes in a circle")
        return tree
    for entry in items(entries) if isinstance(entries, Items) else (entries,):
        with sources.problems.noting():
            tree = _adopted(sources, tree, _include(sources, entry, base, depth))
    return tree


def _include(sources: Sources, entry: Node, base: Path, depth: int) -> Fields:
    known = {"path", "project_directory", "env_file"}
    parts = (
        entry
        if isinstance(entry, Fields)
        else Fields({"path": entry}, {"path": entry.place}, entry.place)
    )
    for key in parts.fields.keys() - known:
        sources.problems.add(parts.keys[key], f"unknown key {key!r}", fix=did_you_mean(key, known))
    paths = [base / word for word in texts(parts.fields["path"])] if parts.get("path") else []
    if not paths:
        raise Wrong(entry.place, described(entry), "the path of a Compose file")
    directory = parts.get("project_directory")
    folder = base / text(directory) if directory is not None else paths[0].parent
    inner = Sources(_inner(sources, parts.get("env_file"), folder, base), sources.problems)
    inner.bases, inner.unset, inner.read = sources.bases, sources.unset, sources.read
    return project_tree(inner, paths, folder, depth + 1)


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

"""Compose files to a ComposeProject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from envcheck.config.compose.carried import RESOURCES
from envcheck.config.compose.edges import checked, edge_places
from envcheck.config.compose.naming import project_name
from envcheck.config.compose.service import service
from envcheck.config.compose.sources import SECTIONS, Sources
from envcheck.config.compose.tree import project_tree
from envcheck.config.nodes import Fields, Node, fields, plain
from envcheck.config.problems import Problems, did_you_mean
from envcheck.config.shapes import with_known_keys
from envcheck.config.validation import located
from envcheck.config.variables import Variables
from envcheck.model.compose import ComposeProject, ComposeService
from envcheck.model.problem import Place

TOP = frozenset({*SECTIONS, "name", "version", "include", "models"})


@dataclass(frozen=True, slots=True)
class Read:
    """The project, and where it was written."""

    project: ComposeProject
    tree: Fields
    edges: Mapping[tuple[str, str], Place]  # (service, on) → its place under depends_on

    def place(self, service: str, *keys: str) -> Place:
        """Of the deepest of these keys that the service has."""
        return located(self.tree, self.tree.place, ("services", service, *keys)).place


def read_project(files: Sequence[Path], variables: Variables, problems: Problems) -> Read:
    """What is wrong is noted; the project holds what could be read."""
    base = files[0].parent if files else Path()
    sources = Sources(variables, problems)
    name = project_name(sources, files, base)
    sources.variables = replace(
        variables, process={"COMPOSE_PROJECT_NAME": name, **variables.process}
    )
    tree = project_tree(sources, files, base)
    if all(sources.raw(path, base) is not None for path in files):
        _unknown(tree, problems)
    places = edge_places(tree)
    services = checked(_services(tree, sources), places, problems)
    project = ComposeProject(
        name=name,
        files=tuple(sources.read),
        services=services,
        volumes=_section(tree, "volumes", sources),
        networks=_section(tree, "networks", sources),
        secrets=_section(tree, "secrets", sources),
        configs=_section(tree, "configs", sources),
        unset=tuple(dict.fromkeys(sources.unset)),
    )
    read = Read(project, tree, places)
    _references(read, problems)
    return read


def _unknown(tree: Fields, problems: Problems) -> None:
    with_known_keys(tree, TOP, problems)
    if tree.place.file and "services" not in tree.fields:
        problems.add(tree.place, "no services", "a key 'services'")


def _services(tree: Fields, sources: Sources) -> dict[str, ComposeService]:
    found: dict[str, ComposeService] = {}
    with sources.problems.noting():
        services = fields(
            tree.get("services") or Fields({}, {}, tree.place), "a mapping of services"
        )
        for name, node in services.fields.items():
            found[name] = service(name, node, services.keys[name], sources)
    return found


def _section(tree: Fields, section: str, sources: Sources) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    with sources.problems.noting():
        resources = fields(tree.get(section) or Fields({}, {}, tree.place))
        for name, node in resources.fields.items():
            with sources.problems.noting():
                known = with_known_keys(node, RESOURCES[section], sources.problems)
                found[name] = _resource(known, sources)
    return found


def _resource(tree: Fields, sources: Sources) -> dict[str, Any]:
    """As written, a ``file`` made absolute."""
    values: dict[str, Any] = plain(tree)
    file: Node | None = tree.get("file")
    return values if file is None else {**values, "file": str(sources.absolute(file))}


def _references(read: Read, problems: Problems) -> None:
    """Networks and volumes a service names must be declared, as Compose demands."""
    project = read.project
    for one in project.services.values():
        for name in one.networks:
            if name not in project.networks and name != "default":
                found = f"service {one.name!r} uses the undefined network {name!r}"
                fix = did_you_mean(name, project.networks)
                problems.add(read.place(one.name, "networks"), found, fix=fix)
        for mount in one.mounts:
            if mount.type == "volume" and mount.source and mount.source not in project.volumes:
                found = f"service {one.name!r} uses the undefined volume {mount.source!r}"
                fix = did_you_mean(mount.source, project.volumes)
                problems.add(read.place(one.name, "volumes"), found, fix=fix)

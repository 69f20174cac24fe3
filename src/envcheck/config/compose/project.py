"""Compose files to a ComposeProject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from envcheck.config.compose.edges import checked, edge_places
from envcheck.config.compose.naming import project_name
from envcheck.config.compose.service import service
from envcheck.config.compose.sources import SECTIONS, Sources, project_tree
from envcheck.config.nodes import Fields, Node, fields, plain
from envcheck.config.problems import Problems, did_you_mean
from envcheck.config.variables import Variables
from envcheck.model.compose import ComposeProject, ComposeService
from envcheck.model.problem import Place

TOP = frozenset({*SECTIONS, "name", "version", "include", "models"})


@dataclass(frozen=True, slots=True)
class Read:
    """The project, and where each ``depends_on`` edge was written: (service, on) → place."""

    project: ComposeProject
    edges: Mapping[tuple[str, str], Place]


def read_project(files: Sequence[Path], variables: Variables, problems: Problems) -> Read:
    """What is wrong is noted; the project holds what could be read."""
    base = files[0].parent if files else Path()
    sources = Sources(variables, problems)
    name = project_name(sources, files, base)
    sources.variables = replace(
        variables, process={"COMPOSE_PROJECT_NAME": name, **variables.process}
    )
    tree = project_tree(sources, files, base)
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
    _references(project, tree, problems)
    return Read(project, places)


def _unknown(tree: Fields, problems: Problems) -> None:
    for key, place in tree.keys.items():
        if key not in TOP and not key.startswith("x-"):
            problems.add(place, f"unknown key {key!r}", fix=did_you_mean(key, TOP))
    if "services" not in tree.fields:
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
                found[name] = _resource(fields(node), sources)
    return found


def _resource(tree: Fields, sources: Sources) -> dict[str, Any]:
    """As written, a ``file`` made absolute."""
    values: dict[str, Any] = plain(tree)
    file: Node | None = tree.get("file")
    return values if file is None else {**values, "file": str(sources.absolute(file))}


def _references(project: ComposeProject, tree: Fields, problems: Problems) -> None:
    """Networks and volumes a service names must be declared, as Compose demands."""
    for name, known in (("networks", project.networks), ("volumes", project.volumes)):
        for one in project.services.values():
            used = one.networks if name == "networks" else _volumes(one)
            for resource in used:
                if resource not in known and (name, resource) != ("networks", "default"):
                    found = f"service {one.name!r} uses the undefined {name[:-1]} {resource!r}"
                    place = _key_place(tree, one.name, name)
                    problems.add(place or one.place, found, fix=did_you_mean(resource, known))


def _volumes(one: ComposeService) -> tuple[str, ...]:
    named = (mount.source for mount in one.mounts if mount.type == "volume")
    return tuple(source for source in named if source)


def _key_place(tree: Fields, name: str, key: str) -> Place | None:
    services = tree.get("services")
    one = services.get(name) if isinstance(services, Fields) else None
    return one.keys.get(key) if isinstance(one, Fields) else None

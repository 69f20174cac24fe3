"""Who waits for whom: declared edges checked, those Compose implies added, circles found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from envcheck.config.nodes import Fields
from envcheck.config.problems import Problems, Wrong, did_you_mean
from envcheck.config.shapes import named
from envcheck.model.compose import ComposeService, Edge
from envcheck.model.problem import Place

Edges = Mapping[tuple[str, str], Place]


def edge_places(tree: Fields) -> dict[tuple[str, str], Place]:
    """Where each edge of ``depends_on`` is written."""
    found: dict[tuple[str, str], Place] = {}
    services = tree.get("services")
    for name, node in services.fields.items() if isinstance(services, Fields) else ():
        declared = node.get("depends_on") if isinstance(node, Fields) else None
        if declared is not None:
            try:
                found |= {(name, on): place for on, place in named(declared).keys.items()}
            except Wrong:
                continue  # noted where the service is read
    return found


def checked(
    services: Mapping[str, ComposeService], places: Edges, problems: Problems
) -> dict[str, ComposeService]:
    """The services with all their edges; edges to nothing are noted and dropped."""
    found = {name: _with_edges(one, services, places, problems) for name, one in services.items()}
    for circle in _circles(found):
        place = places.get((circle[0], circle[1]), found[circle[0]].place)
        problems.add(place, f"services wait for each other: {' → '.join(circle)}")
    return found


def _with_edges(
    one: ComposeService, services: Mapping[str, ComposeService], places: Edges, problems: Problems
) -> ComposeService:
    edges = {edge.on: edge for edge in one.depends_on}
    edges = {edge.on: edge for edge in _implied(one)} | edges
    for name in [name for name in edges if name not in services]:
        edge = edges.pop(name)
        if edge.required:
            place = places.get((one.name, name), one.place)
            found = f"service {one.name!r} depends on the unknown service {name!r}"
            problems.add(place, found, fix=did_you_mean(name, services))
    return replace(one, depends_on=tuple(edges.values()))


def _implied(one: ComposeService) -> Iterator[Edge]:
    """``links``, ``volumes_from`` and shared namespaces order services as well."""
    for link in _texts(one.extra.get("links")):
        yield Edge(link.split(":")[0], restart=True)
    for source in _texts(one.extra.get("volumes_from")):
        if not source.startswith("container:"):
            yield Edge(source.split(":")[0])
    spaces = [one.network_mode, *(one.extra.get(key) for key in ("ipc", "pid", "uts", "cgroup"))]
    for space in spaces:
        if isinstance(space, str) and space.startswith("service:"):
            yield Edge(space.removeprefix("service:"), restart=True)


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _circles(services: Mapping[str, ComposeService]) -> Iterator[tuple[str, ...]]:
    """Each circle once, as the way round: a → b → a."""
    done: set[str] = set()
    for start in services:
        way: dict[str, None] = {}  # in order, and quick to ask
        stack = [(start, iter(services[start].depends_on))] if start not in done else []
        while stack:
            name, edges = stack[-1]
            way[name] = None
            following = next((edge.on for edge in edges if edge.on not in done), None)
            if following is None:
                done.add(name)
                del way[name]
                stack.pop()
            elif following in way:
                trail = list(way)
                yield (*trail[trail.index(following) :], following)
            else:
                stack.append((following, iter(services[following].depends_on)))

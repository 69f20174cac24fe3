"""How to log in to each service: what its server infers, with what environment.yaml overrides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from envcheck.config.compose.project import Read
from envcheck.config.documents import ConnectionDocument
from envcheck.config.problems import Problems, did_you_mean
from envcheck.config.registries import Registries
from envcheck.model.compose import ComposeService
from envcheck.model.target import Connection


def connections(
    compose: Read,
    overrides: Mapping[str, ConnectionDocument],
    registries: Registries,
    problems: Problems,
) -> dict[str, Connection]:
    """By service; none for a service nothing is known of."""
    found: dict[str, Connection] = {}
    for name, service in compose.project.services.items():
        inferred = _inferred(service, compose, registries, problems)
        said = overrides.get(name)
        given = {} if said is None else said.model_dump(exclude_none=True)
        if inferred is None and given:
            first = next((port.target for port in service.ports), 0)
            inferred = Connection(family=service.kind, port=first)
        if inferred is not None:
            found[name] = replace(inferred, **given)
    return found


def _inferred(
    service: ComposeService, compose: Read, registries: Registries, problems: Problems
) -> Connection | None:
    server = registries.server(service)
    if server is not None:
        return server.connection(service)
    if service.kind:
        families = {one.family for one in registries.servers}
        fix = did_you_mean(service.kind, families)
        place = compose.place(service.name, "x-envcheck", "kind")
        problems.add(place, f"unknown kind of service {service.kind!r}", fix=fix)
    return None

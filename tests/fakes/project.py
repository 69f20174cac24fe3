"""Small environments written in Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from envcheck.model.compose import ComposeProject, ComposeService, Edge, Gate
from envcheck.model.environment import Environment, Wave


def service(name: str, /, **needs: Gate) -> ComposeService:
    edges = tuple(Edge(on.replace("_", "-"), gate) for on, gate in needs.items())
    return ComposeService(name, image="image", depends_on=edges)


def project(*services: ComposeService) -> ComposeProject:
    return ComposeProject("shop", (), {it.name: it for it in services})


def environment(
    declared: ComposeProject, *waves: Wave, **more: Mapping[str, object]
) -> Environment:
    return Environment("shop", Path("waves/shop"), declared, waves, **more)  # type: ignore[arg-type]

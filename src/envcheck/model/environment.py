"""What is declared: Compose project, waves, identities, secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from envcheck.model.check import CheckKind
from envcheck.model.compose import ComposeProject
from envcheck.model.problem import Place
from envcheck.model.seed import Fixtures, SeedKind
from envcheck.model.target import Connection

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Declared(Generic[T]):
    """Something the user wrote, and where."""

    what: T
    place: Place
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Readiness:
    """``successes`` in a row spread over ``stable`` seconds, within ``timeout`` seconds."""

    timeout: float = 120.0
    successes: int = 2
    stable: float = 0.5


@dataclass(frozen=True, slots=True)
class WaveService:
    name: str
    optional: bool = False
    one_shot: bool = False
    readiness: Readiness = Readiness()
    ready: tuple[Declared[CheckKind], ...] = ()
    place: Place = Place("")


@dataclass(frozen=True, slots=True)
class Wave:
    number: int
    name: str
    services: tuple[WaveService, ...]
    seeds: tuple[Declared[SeedKind], ...] = ()
    verify: tuple[Declared[CheckKind], ...] = ()
    checks: tuple[Declared[CheckKind], ...] = ()
    place: Place = Place("")


@dataclass(frozen=True, slots=True)
class IdentitySpec:
    """How to become someone: exactly one of the recipes is set.

    login: {service, post, json, token: jmespath, expires_in: jmespath, refresh: {...}}
    headers: sent as they are · database: {user, password} · jwt: {secret, algorithm, claims, …}
    An empty recipe is nobody.
    """

    name: str
    recipe: str  # login | headers | database | jwt | nobody
    fields: Mapping[str, Any] = field(default_factory=dict)
    place: Place = Place("")


@dataclass(frozen=True, slots=True)
class Environment:
    name: str
    folder: Path
    project: ComposeProject
    waves: tuple[Wave, ...]
    identities: Mapping[str, IdentitySpec] = field(default_factory=dict)
    connections: Mapping[str, Connection] = field(default_factory=dict)  # by service, inferred
    secrets: Mapping[str, str] = field(default_factory=dict)  # name → value, for the gate
    fixtures: Fixtures = Fixtures(Path())
    timeout: float = 600.0
    reports: tuple[str, ...] = ()

    @property
    def project_name(self) -> str:
        return self.project.name

    def wave_of(self, service: str) -> int:
        for wave in self.waves:
            if any(member.name == service for member in wave.services):
                return wave.number
        return 0

"""A Compose project as declared: what both readers (ours, ``docker compose config``) produce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from envcheck.model.problem import Place


class Gate(StrEnum):
    """The condition on a ``depends_on`` edge."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"
    COMPLETED = "service_completed_successfully"


@dataclass(frozen=True, slots=True)
class Port:
    """``host_ip:published:target``; published 0 means the engine chooses."""

    target: int
    published: int = 0
    host_ip: str = ""
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class Mount:
    type: str  # bind | volume | tmpfs
    source: str  # an absolute path for bind, a name for volume, "" for anonymous
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """``service`` waits for ``on``."""

    on: str
    gate: Gate = Gate.STARTED
    required: bool = True
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """Seconds throughout. ``test`` starts with CMD or CMD-SHELL; empty when disabled."""

    test: tuple[str, ...] = ()
    interval: float = 30.0
    timeout: float = 30.0
    retries: int = 3
    start_period: float = 0.0
    start_interval: float = 5.0
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Build:
    context: str
    dockerfile: str = "Dockerfile"
    target: str = ""
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EmbeddedForm:
    """How a service of ours runs without Docker (``x-envcheck: {embedded: …}``).

    ``directory`` and ``requirements`` are absolute after reading. ``command`` runs inside the
    virtual environment made from ``requirements``.
    """

    command: tuple[str, ...]
    directory: Path
    requirements: Path | None = None


@dataclass(frozen=True, slots=True)
class ComposeService:
    name: str
    image: str = ""
    build: Build | None = None
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    expose: tuple[int, ...] = ()
    mounts: tuple[Mount, ...] = ()
    depends_on: tuple[Edge, ...] = ()
    healthcheck: Healthcheck | None = None
    restart: str = "no"
    profiles: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    networks: tuple[str, ...] = ()
    network_mode: str = ""
    container_name: str = ""
    hostname: str = ""
    working_dir: str = ""
    user: str = ""
    replicas: int = 1
    stop_signal: str = ""
    stop_grace_period: float = 10.0
    memory_limit: int = 0  # bytes; 0 means none
    # what x-envcheck or the envcheck.* labels say
    kind: str = ""
    wave: int = 0
    optional: bool = False
    one_shot: bool = False
    embedded: EmbeddedForm | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # keys we carry but do not read
    place: Place = Place("")


@dataclass(frozen=True, slots=True)
class ComposeProject:
    name: str
    files: tuple[Path, ...]
    services: Mapping[str, ComposeService]
    volumes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unset: tuple[tuple[str, Place], ...] = ()  # variables that became empty strings

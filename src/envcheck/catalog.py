"""Every kind by the name it has in YAML. The only list to edit for a new one."""

from __future__ import annotations

from envcheck.model.check import CheckKind
from envcheck.model.seed import SeedKind
from envcheck.model.server import Server

CHECKS: dict[str, type[CheckKind]] = {}

SEEDS: dict[str, type[SeedKind]] = {}

SERVERS: tuple[Server, ...] = ()

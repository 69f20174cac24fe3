"""The kinds a reading may use; the catalog's unless told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from pydantic import BaseModel

from envcheck import catalog
from envcheck.model.check import CheckKind
from envcheck.model.compose import ComposeService
from envcheck.model.seed import SeedKind
from envcheck.model.server import Server


@dataclass(frozen=True, slots=True)
class Registries:
    checks: Mapping[str, type[CheckKind]] = field(default_factory=lambda: catalog.CHECKS)
    seeds: Mapping[str, type[SeedKind]] = field(default_factory=lambda: catalog.SEEDS)
    servers: tuple[Server, ...] = field(default_factory=lambda: catalog.SERVERS)

    def server(self, service: ComposeService) -> Server | None:
        """What the service says of itself wins over what its image looks like."""
        if service.kind:
            return next((one for one in self.servers if one.family == service.kind), None)
        return next((one for one in self.servers if one.recognises(service)), None)


def model_of(kind: type[CheckKind] | type[SeedKind]) -> type[BaseModel]:
    """Every kind is a pydantic model; its protocol only cannot say so."""
    return cast(type[BaseModel], kind)

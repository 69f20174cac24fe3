"""What makes a service ready, where the wave file does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from envcheck.config.documents import ServiceDocument
from envcheck.config.registries import Registries, model_of
from envcheck.model.check import CheckKind
from envcheck.model.compose import ComposeProject, ComposeService, Gate
from envcheck.model.environment import Declared, Readiness, WaveService
from envcheck.model.problem import Place

Ready = tuple[Declared[CheckKind], ...]


@dataclass(frozen=True, slots=True)
class Readying:
    """Joins what the wave file says of a service, what Compose says, and what we know of it."""

    project: ComposeProject
    registries: Registries
    one_shots: frozenset[str] = field(default=frozenset())

    def service(
        self, name: str, said: ServiceDocument, place: Place, ready: Ready | None = None
    ) -> WaveService:
        """``ready`` None: nothing was said, so it is inferred."""
        known = self.project.services.get(name)
        one_shot = name in self.one_shots if said.one_shot is None else said.one_shot
        if ready is None:
            ready = () if known is None or one_shot else self._inferred(known, place)
        return WaveService(
            name=name,
            optional=said.optional or bool(known and known.optional),
            one_shot=one_shot,
            readiness=_readiness(said),
            ready=ready,
            place=place,
        )

    def _inferred(self, service: ComposeService, place: Place) -> Ready:
        server = self.registries.server(service)
        kinds = server.ready(service.name) if server else self._accepting(service)
        return tuple(Declared(kind, place) for kind in kinds)

    def _accepting(self, service: ComposeService) -> Sequence[CheckKind]:
        """Of a service we do not know, that its TCP ports accept is all that can be asked."""
        tcp = self.registries.checks.get("tcp")
        if tcp is None:
            return ()
        ports = dict.fromkeys(port.target for port in service.ports if port.protocol == "tcp")
        asked = [{"service": service.name, "port": port} for port in ports]
        return [model_of(tcp).model_validate(fields) for fields in asked]  # type: ignore[misc]


def one_shots(services: Mapping[str, ComposeService]) -> frozenset[str]:
    """Those that say so, and those whose end another service waits for."""
    awaited = {
        edge.on
        for one in services.values()
        for edge in one.depends_on
        if edge.gate is Gate.COMPLETED
    }
    return frozenset(awaited | {name for name, one in services.items() if one.one_shot})


def _readiness(said: ServiceDocument) -> Readiness:
    given = {
        "timeout": said.timeout,
        "successes": said.successes,
        "stable": said.stable,
    }
    return Readiness(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]

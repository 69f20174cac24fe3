"""What cannot run here, or is not honoured as the Compose file says: said, never ignored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from envcheck.model.compose import ComposeService
from envcheck.model.runtime import Limit
from envcheck.runtimes.embedded.blueprint import Blueprint


def of(blueprint: Blueprint) -> Sequence[Limit]:
    found: list[Limit] = []
    for name, service in blueprint.project.services.items():
        if name in blueprint.without:
            continue
        if name not in blueprint.forms:
            found.append(Limit(name, "run", _why_not(service)))
        else:
            found += [*blueprint.forms[name].limits(service), *_unhonoured(service)]
    return found


def _why_not(service: ComposeService) -> str:
    if service.build and not service.image:
        return "its image is built here, and no x-envcheck: embedded block says how else to run it"
    return f"{service.image or 'its image'} has no form without Docker"


def _unhonoured(service: ComposeService) -> Iterator[Limit]:
    if service.replicas > 1:
        yield Limit(service.name, "compose.replicas", "one process runs, not several replicas")
    if service.memory_limit:
        yield Limit(service.name, "compose.memory-limit", "memory is not limited here")
    if service.restart.startswith("on-failure:"):
        reason = "restarts on failure are not counted: it is restarted without end"
        yield Limit(service.name, "compose.restart", reason)
    if service.network_mode not in {"", "host", "bridge"}:
        reason = (
            f"network_mode {service.network_mode}: every service shares this machine's loopback"
        )
        yield Limit(service.name, "compose.network-mode", reason)
    for key in service.extra:
        if not key.startswith("x-"):
            yield Limit(service.name, f"compose.{key}", f"{key}: means nothing to a local process")

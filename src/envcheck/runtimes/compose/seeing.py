"""What there is to see: states, changes as they happen, addresses, evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from envcheck.model.runtime import Evidence
from envcheck.model.service import Health, Phase, ServiceState
from envcheck.model.target import Endpoint
from envcheck.runtimes.compose.daemon import refused
from envcheck.runtimes.compose.site import Inspected, Site, service_of
from envcheck.runtimes.compose.states import moment, state_of, together
from envcheck.runtimes.compose.watching import Watch

TAIL_LINES = 200
EVERYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104 (an address we read, not one we open)
Deliver = Callable[[ServiceState], None]


class Seeing:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._listeners: list[Deliver] = []
        self._preparing: dict[str, ServiceState] = {}
        self._first_seen: dict[tuple[str, Health], float] = {}

    @contextmanager
    def watching(self, deliver: Deliver) -> Iterator[None]:
        watch = Watch(self._site, self.state, deliver)
        self._listeners.append(deliver)
        watch.begin()
        try:
            yield
        finally:
            watch.end()
            self._listeners.remove(deliver)

    def announce(self, services: Sequence[str], words: str) -> None:
        """Being prepared; without words it is over, and the service absent as before."""
        for name in services:
            phase = Phase.PREPARING if words else Phase.ABSENT
            state = ServiceState(name, phase, self._site.clock.wall(), detail=words)
            if words:
                self._preparing[name] = state
            else:
                self._preparing.pop(name, None)
            for deliver in tuple(self._listeners):
                deliver(state)

    def state(self, service: str) -> ServiceState:
        return self._combined(service, self._site.of(service))

    def states(self) -> Mapping[str, ServiceState]:
        found: dict[str, list[Inspected]] = {}
        for seen in self._site.containers():
            found.setdefault(service_of(seen), []).append(seen)
        return {
            name: self._preparing.get(name) or self._combined(name, found.get(name, []))
            for name in self._site.project.services
        }

    def _combined(self, service: str, seen: Sequence[Inspected]) -> ServiceState:
        declared = self._site.project.services.get(service)
        states = (self._pinned(state_of(service, it)) for it in seen)
        return together(service, states, declared.replicas if declared else 1)

    def _pinned(self, state: ServiceState) -> ServiceState:
        """A health keeps the time it was first seen: every further look moves the engine's."""
        if state.health in (Health.NONE, Health.STARTING):
            return state
        since = self._first_seen.setdefault((state.handle, state.health), state.since)
        return replace(state, since=since)

    def endpoints(self, service: str) -> Mapping[int, Endpoint]:
        """As the engine published them; before the start, as they will be."""
        running = [it for it in self._site.of(service) if it["State"]["Running"]]
        if running:
            return _published(running[0])
        return {
            port.target: Endpoint(_reachable(port.host), self._site.ports.chosen(port))
            for port in self._site.declared.published(service)
            if port.protocol == "tcp" and self._site.ports.chosen(port)
        }

    def collect(self, service: str) -> Evidence:
        seen = self._site.of(service)
        tail = tuple(line for it in seen for line in self._log(it))
        facts = _facts(seen[0]) if seen else {}
        return Evidence(service, self.state(service), tail[-TAIL_LINES:], facts)

    def _log(self, seen: Inspected) -> Iterator[str]:
        since = moment(str(seen["State"].get("StartedAt", "")))
        with refused():
            text = self._site.client.logs(seen["Id"], tail=TAIL_LINES, since=since or None)
        yield from text.decode("utf-8", "replace").splitlines()


def _published(seen: Inspected) -> dict[int, Endpoint]:
    """Where IPv4 and IPv6 are both bound, the first; only TCP."""
    found: dict[int, Endpoint] = {}
    for name, bound in (seen["NetworkSettings"].get("Ports") or {}).items():
        port, _, protocol = name.partition("/")
        if bound and protocol == "tcp":
            found[int(port)] = Endpoint(_reachable(bound[0]["HostIp"]), int(bound[0]["HostPort"]))
    return found


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in EVERYWHERE else host


def _facts(seen: Inspected) -> Mapping[str, str]:
    config, host = seen["Config"], seen["HostConfig"]
    command = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]
    looks = ((seen["State"].get("Health") or {}).get("Log") or [{}])[-1]
    limit = int(host.get("Memory") or 0)
    facts = {
        "runs": str(config["Image"]),
        "image": str(seen["Image"]),
        "command": " ".join(command),
        "container": str(seen["Name"]).lstrip("/"),
        "address": ", ".join(str(it) for it in _published(seen).values()),
        "restart": str((host.get("RestartPolicy") or {}).get("Name", "")),
        "memory limit": f"{limit // 1024**2} MiB" if limit else "",
        "healthcheck said": str(looks.get("Output", "")).strip()[-500:],
    }
    return {name: value for name, value in facts.items() if value}

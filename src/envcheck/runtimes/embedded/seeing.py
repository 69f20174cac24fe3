"""What there is to see: states, changes as they happen, evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from envcheck.model.runtime import Evidence
from envcheck.model.service import Phase, ServiceState
from envcheck.model.target import Endpoint
from envcheck.runtimes.embedded import evidence
from envcheck.runtimes.embedded.site import Site
from envcheck.runtimes.embedded.watching import Watch
from envcheck.system.ports import HOST

Deliver = Callable[[ServiceState], None]


class Seeing:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._listeners: list[Deliver] = []
        self._preparing: dict[str, ServiceState] = {}

    @contextmanager
    def watching(self, deliver: Deliver) -> Iterator[None]:
        watch = Watch(self._site.journal(), self._site.supervised, deliver)
        self._listeners.append(deliver)
        watch.begin()
        try:
            yield
        finally:
            watch.end()
            self._listeners.remove(deliver)

    def announce(self, services: Sequence[str], words: str) -> None:
        """Being prepared; without words it is over, and the service absent as before."""
        phase = Phase.PREPARING if words else Phase.ABSENT
        for name in services:
            state = ServiceState(name, phase, self._site.clock.wall(), detail=words)
            if words:
                self._preparing[name] = state
            else:
                self._preparing.pop(name, None)
            for deliver in tuple(self._listeners):
                deliver(state)

    def states(self) -> Mapping[str, ServiceState]:
        journal = self._site.journal()
        for _ in journal.read():
            continue
        if not self._site.supervised():
            for _ in journal.lose_all(self._site.clock.wall()):
                continue
        absent = {name: ServiceState(name, Phase.ABSENT) for name in self._site.project.services}
        seen = {name: state for name, state in journal.states.items() if name in absent}
        return {**absent, **seen, **self._preparing}

    def endpoints(self, service: str) -> Mapping[int, Endpoint]:
        ports = self._site.blueprint.endpoints(service)
        return {port: Endpoint(HOST, here) for port, here in ports.items()}

    def collect(self, service: str) -> Evidence:
        tail = evidence.log_tail(self._site.layout, service)
        return Evidence(service, self.states()[service], tail, self._facts(service))

    def _facts(self, service: str) -> Mapping[str, str]:
        layout, forms = self._site.layout, self._site.blueprint.forms
        spec = evidence.spec_of(layout, service)
        addresses = sorted({str(endpoint) for endpoint in self.endpoints(service).values()})
        facts = {
            "runs": forms[service].title if service in forms else "",
            "command": " ".join(spec.get("argv", ())),
            "address": ", ".join(addresses),
            "log": str(layout.log(service)),
        }
        return {name: value for name, value in facts.items() if value}

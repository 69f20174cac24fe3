"""A runtime in memory that keeps the promise of ``model.runtime``; ``tests/contract`` holds it to
that. Processes are entries in a ``World``, which outlives the runtime as real ones do."""

from __future__ import annotations

import signal as signals
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from envcheck.errors import StackError
from envcheck.model.clock import Clock
from envcheck.model.compose import ComposeProject, ComposeService
from envcheck.model.runtime import Evidence, Ledger, Limit, Resource
from envcheck.model.seed import Progress
from envcheck.model.service import Phase, ServiceState
from envcheck.model.target import Endpoint

Listener = Callable[[ServiceState], None]
DIES = "dies"  # a label: the service exits at once with this code
FAKED = "faked"  # services with this image run here


@dataclass
class World:
    """What is really there, whoever looks."""

    states: dict[str, ServiceState] = field(default_factory=dict)
    logs: dict[str, list[str]] = field(default_factory=dict)
    started_as: dict[str, ComposeService] = field(default_factory=dict)
    volumes: set[str] = field(default_factory=set)
    installed: set[str] = field(default_factory=set)
    ports: dict[str, dict[int, int]] = field(default_factory=dict)
    moved: list[str] = field(default_factory=list)
    taken: dict[int, str] = field(default_factory=dict)  # port → who holds it
    listeners: list[Listener] = field(default_factory=list)
    next_pid: int = 1000

    def change(self, state: ServiceState) -> None:
        self.states[state.service] = state
        for deliver in tuple(self.listeners):
            deliver(state)


class FakeRuntime:
    name = "fake"

    def __init__(self, project: ComposeProject, world: World, ledger: Ledger, clock: Clock) -> None:
        self._project = project
        self._world = world
        self._ledger = ledger
        self._clock = clock

    def limits(self) -> Sequence[Limit]:
        return [
            Limit(name, "run", f"{service.image} is not faked")
            for name, service in self._project.services.items()
            if service.image != FAKED
        ]

    def versions(self) -> Mapping[str, str]:
        return dict.fromkeys(self._runnable(), "a fake")

    def prepare(self, services: Sequence[str], progress: Progress) -> None:
        missing = [name for name in services if name not in self._world.installed]
        for done, name in enumerate(missing):
            progress(done, len(missing), "installed", f"installing {name}: it is needed")
            words = f"installing {name}"
            self._world.change(ServiceState(name, Phase.PREPARING, self._wall, detail=words))
            self._world.installed.add(name)
            self._world.change(ServiceState(name, Phase.ABSENT, self._wall))
        if missing:
            progress(len(missing), len(missing), "installed")
        self._choose_ports()

    def start(self, service: str) -> None:
        declared = self._runnable().get(service)
        if declared is None:
            raise StackError(f"{service} cannot run here")
        self._choose_ports()
        before = self._world.states.get(service)
        if before and before.phase is Phase.RUNNING:
            if self._world.started_as[service] == declared:
                return
            self.stop([service])
        self._make(declared)

    def _make(self, declared: ComposeService) -> None:
        for mount in declared.mounts:
            self._ledger.made(Resource("volume", mount.source, declared.name))
            self._world.volumes.add(mount.source)
        pid = str(self._world.next_pid)
        self._world.next_pid += 1
        self._ledger.made(Resource("process", pid, declared.name, {"started": pid}))
        self._world.started_as[declared.name] = declared
        self._world.logs[declared.name] = [f"start {pid}"]
        self._run(declared, ServiceState(declared.name, Phase.RUNNING, handle=f"pid {pid}"))

    def _run(self, declared: ComposeService, state: ServiceState) -> None:
        self._world.change(replace(state, since=self._wall))
        if DIES in declared.labels:
            self.die(declared.name, int(declared.labels[DIES]))

    def die(self, service: str, exit_code: int, signal: str = "") -> None:
        """A death nobody asked for."""
        declared = self._world.started_as[service]
        before = self._world.states[service]
        dead = replace(
            before, phase=Phase.EXITED, since=self._wall, exit_code=exit_code, signal=signal,
            died_at=self._wall, handle="",
        )  # fmt: skip
        if declared.restart == "no":
            self._world.change(dead)
            return
        self._world.change(replace(dead, phase=Phase.RESTARTING))
        self._world.next_pid += 1
        handle = f"pid {self._world.next_pid}"
        self._run(declared, replace(
            dead, phase=Phase.RUNNING, restarts=before.restarts + 1, handle=handle
        ))  # fmt: skip

    def kill(self, service: str, number: int) -> None:
        self.die(service, 128 + number, signals.Signals(number).name)

    def watch(self, deliver: Listener) -> AbstractContextManager[None]:
        return self._watching(deliver)

    @contextmanager
    def _watching(self, deliver: Listener) -> Iterator[None]:
        self._world.listeners.append(deliver)
        try:
            yield
        finally:
            self._world.listeners.remove(deliver)

    def states(self) -> Mapping[str, ServiceState]:
        absent = {name: ServiceState(name, Phase.ABSENT) for name in self._project.services}
        return {**absent, **self._world.states}

    def endpoints(self, service: str) -> Mapping[int, Endpoint]:
        ports = self._world.ports.get(service, {})
        return {port: Endpoint("127.0.0.1", here) for port, here in ports.items()}

    def moved(self) -> Sequence[str]:
        return tuple(self._world.moved)

    def healthcheck(self, service: str) -> bool | None:
        return None

    def collect(self, service: str) -> Evidence:
        tail = tuple(self._world.logs.get(service, ()))
        return Evidence(service, self.states()[service], tail, {"runs": "a fake"})

    def log_path(self, service: str) -> str:
        return f"/fake/{service}.log"

    def stop(self, services: Sequence[str]) -> None:
        for name in services:
            state = self._world.states.get(name)
            if state and state.phase in {Phase.RUNNING, Phase.RESTARTING}:
                self._world.change(replace(
                    state, phase=Phase.EXITED, since=self._wall, exit_code=0, signal="",
                    died_at=self._wall, handle="",
                ))  # fmt: skip

    def undo(self, *, run: str | None, volumes: bool) -> Sequence[str]:
        for resource in self._ledger.standing(run):
            if resource.kind == "volume" and not volumes:
                continue
            if resource.kind == "volume":
                self._world.volumes.discard(resource.id)
            else:
                self.stop([resource.service])
                self._world.states.pop(resource.service, None)
            self._ledger.gone(resource)
        return []

    def _runnable(self) -> dict[str, ComposeService]:
        services = self._project.services
        return {name: service for name, service in services.items() if service.image == FAKED}

    def _choose_ports(self) -> None:
        for name, service in self._runnable().items():
            if name not in self._world.ports:
                self._world.ports[name] = {
                    port.target: self._choose(name, port.published) for port in service.ports
                }

    def _choose(self, service: str, published: int) -> int:
        owner = self._world.taken.get(published)
        if owner is None:
            return published
        here = 20000 + len(self._world.moved)
        self._world.moved.append(f"{service}: port {published} is taken by {owner}, using {here}")
        return here

    @property
    def _wall(self) -> float:
        return self._clock.wall()

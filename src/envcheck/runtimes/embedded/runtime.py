"""The embedded runtime: the promise of ``model.runtime`` kept with local processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from envcheck.errors import StackError
from envcheck.model.clock import Clock
from envcheck.model.compose import ComposeProject
from envcheck.model.runtime import Evidence, Ledger, Limit, Resource
from envcheck.model.seed import Progress
from envcheck.model.service import Phase, ServiceState
from envcheck.model.target import Connection, Endpoint
from envcheck.runtimes.embedded import evidence, limits, removal
from envcheck.runtimes.embedded.blueprint import Blueprint
from envcheck.runtimes.embedded.journal import Journal
from envcheck.runtimes.embedded.layout import Layout, write_private
from envcheck.runtimes.embedded.ports import HOST, Ports, free
from envcheck.runtimes.embedded.processes import look
from envcheck.runtimes.embedded.programs import Program
from envcheck.runtimes.embedded.supervision import Supervision
from envcheck.runtimes.embedded.venvs import Venvs
from envcheck.runtimes.embedded.watching import Watch

SUPERVISOR = "supervisor"
MARGIN_SECONDS = 5.0  # beyond the grace periods, before we end things ourselves


class EmbeddedRuntime:
    name = "embedded"

    def __init__(  # noqa: PLR0917 (the order is the runtime's contract with wiring)
        self,
        project: ComposeProject,
        connections: Mapping[str, Connection],
        state: Path,
        cache: Path,
        ledger: Ledger,
        clock: Clock,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self._project = project
        self._layout = Layout(state)
        self._venvs = Venvs(cache, clock, ledger.nonce)
        self._ledger = ledger
        self._clock = clock
        self._supervision = Supervision(self._layout, ledger.nonce)
        self._ports = Ports(self._layout.ports)
        self._blueprint = Blueprint(
            project,
            connections,
            layout=self._layout,
            venvs=self._venvs,
            ports=self._ports,
            without=without,
        )
        self._settled = False
        self._lock = threading.RLock()
        self._listeners: list[Callable[[ServiceState], None]] = []
        self._preparing: dict[str, ServiceState] = {}

    # What it is and can

    def limits(self) -> Sequence[Limit]:
        return limits.of(self._blueprint)

    def versions(self) -> Mapping[str, str]:
        return {name: form.title for name, form in self._blueprint.forms.items()}

    # Bringing up

    def prepare(self, services: Sequence[str], progress: Progress) -> None:
        with self._lock:
            self._make_ground()
            missing = self._blueprint.missing(services)
            for done, (need, names) in enumerate(missing.items()):
                words = f"installing {need.what} (about {need.megabytes} MB): {need.why}"
                progress(done, len(missing), "installed", words)
                self._announce(names, words)
                self._venvs.make(need)
                self._finish_announcement(names)
            if missing:
                progress(len(missing), len(missing), "installed")

    def start(self, service: str) -> None:
        with self._lock:
            self._make_ground()
            running = self._supervision.running(service)
            if not running:
                self._settle_ports(service)
            program = self._blueprint.program(service)
            if running:
                spec = evidence.spec_of(self._layout, service)
                if spec.get("fingerprint") == program.fingerprint:
                    return
                self._stop((service,))
            self._ensure_supervisor()
            self._run(program)

    def _run(self, program: Program) -> None:
        """The intent is on disk before anything exists, the identity right after."""
        intent = Resource("process", f"start of {program.service}", program.service)
        self._ledger.intend(intent)
        self._lay_out(program)
        process = look(self._supervision.start(program))
        if process:  # else it is already over, and its journal says how
            facts = {"started": process.started}
            self._ledger.made(Resource("process", str(process.pid), program.service, facts))
            self._ledger.gone(intent)

    def _lay_out(self, program: Program) -> None:
        for name, folder in self._blueprint.volumes(program.service).items():
            if not folder.exists():
                self._ledger.intend(Resource("volume", name, program.service))
                folder.mkdir(mode=0o711, parents=True)
                self._ledger.made(Resource("volume", name, program.service))
        for folder in program.folders:
            folder.mkdir(parents=True, exist_ok=True)
        for path, text in program.files.items():
            write_private(path, text)
        write_private(
            self._layout.spec(program.service), program.spec(self._layout, self._ledger.nonce)
        )

    def _ensure_supervisor(self) -> None:
        if self._supervision.process() is not None:
            return
        self._end_orphans()
        intent = Resource("process", "start of the supervisor", facts={"role": SUPERVISOR})
        self._ledger.intend(intent)
        process = self._supervision.begin()
        facts = {"started": process.started, "role": SUPERVISOR}
        self._ledger.made(Resource("process", str(process.pid), facts=facts))
        self._ledger.gone(intent)

    def _end_orphans(self) -> None:
        """A supervisor killed without mercy takes its services along; what survived goes now."""
        left = removal.end_all(self._layout, self._ledger)
        if left:
            raise StackError("; ".join(left), "end them by hand")

    def _make_ground(self) -> None:
        """The state folder, and an address for every service before the first one needs it."""
        if not self._layout.run.is_dir():
            folder = Resource("folder", str(self._layout.state))
            self._ledger.intend(folder)
            self._layout.make()
            self._ledger.made(folder)
        if not self._settled:
            running = self._supervision.kept()
            # where nothing runs, published ports that are free again are taken back
            keep = frozenset(self._blueprint.forms) if running else frozenset()
            self._ports.settle(self._blueprint.wishes(), keep=keep)
            self._settled = True

    def _settle_ports(self, service: str) -> None:
        """Its port may have been taken by another since it was chosen."""
        if all(free(port) for port in self._ports.of(service).values()):
            return
        keep = frozenset(self._blueprint.forms) - {service}
        self._ports.settle(self._blueprint.wishes(), keep=keep)

    # Seeing

    def watch(self, deliver: Callable[[ServiceState], None]) -> AbstractContextManager[None]:
        return self._watching(deliver)

    @contextmanager
    def _watching(self, deliver: Callable[[ServiceState], None]) -> Iterator[None]:
        watch = Watch(self._journal(), self._supervised, deliver)
        self._listeners.append(deliver)
        watch.begin()
        try:
            yield
        finally:
            watch.end()
            self._listeners.remove(deliver)

    def states(self) -> Mapping[str, ServiceState]:
        journal = self._journal()
        for _ in journal.read():
            continue
        if not self._supervised():
            for _ in journal.lose_all(self._clock.wall()):
                continue
        absent = {name: ServiceState(name, Phase.ABSENT) for name in self._project.services}
        seen = {name: state for name, state in journal.states.items() if name in absent}
        return {**absent, **seen, **self._preparing}

    def endpoints(self, service: str) -> Mapping[int, Endpoint]:
        ports = self._blueprint.endpoints(service)
        return {port: Endpoint(HOST, here) for port, here in ports.items()}

    def moved(self) -> Sequence[str]:
        return self._ports.moved()

    def healthcheck(self, service: str) -> bool | None:  # noqa: ARG002 (the promise's signature)
        """Declared healthchecks run inside an image; there is none to ask here."""
        return None

    def collect(self, service: str) -> Evidence:
        spec = evidence.spec_of(self._layout, service)
        facts = {"log": self.log_path(service)}
        if spec:
            facts["command"] = " ".join(spec["argv"])
        if service in self._blueprint.forms:
            facts["runs"] = self._blueprint.forms[service].title
        ports = self.endpoints(service)
        if ports:
            facts["address"] = ", ".join(sorted({str(endpoint) for endpoint in ports.values()}))
        tail = evidence.log_tail(self._layout, service)
        return Evidence(service, self.states()[service], tail, facts)

    def log_path(self, service: str) -> str:
        return str(self._layout.log(service))

    # Taking down

    def stop(self, services: Sequence[str]) -> None:
        with self._lock:
            left = self._stop(services)
        if left:
            raise StackError("; ".join(left))

    def undo(self, *, run: str | None, volumes: bool) -> Sequence[str]:
        with self._lock:
            standing = self._ledger.standing(run)
            services = tuple(
                sorted({one.service for one in standing if one.kind == "process"} - {""})
            )
            others = self._supervision.kept().keys() - set(services)
            # what is thrown away with its data need not save it first
            if others and run is not None:
                left = [
                    *self._stop(services, patient=not volumes),
                    *self._remove_services(services),
                ]
            else:
                left = [*self._end_everything(patient=not volumes)]
                left += removal.remove(self._layout.passing)
            if volumes:
                left += self._remove_volumes(standing, everything=run is None)
            removal.remove_if_empty(self._layout.data, self._layout.socket.parent)
            removal.remove_if_empty(self._layout.state)
            if not left:
                self._forget(standing, volumes=volumes, all_gone=run is None or not others)
            return left

    def _stop(self, services: Iterable[str], *, patient: bool = True) -> Sequence[str]:
        """Sentences about what would not end. Without patience they are killed at once."""
        kept = self._supervision.kept()
        asked = [name for name in services if name in kept]
        leaders = [leader for name in asked if (leader := look(kept[name]))]
        self._supervision.ask_to_stop(asked)
        if patient:
            known = self._project.services
            grace = [known[name].stop_grace_period for name in asked if name in known]
            self._supervision.wait_until_down(asked, max(grace, default=10.0) + MARGIN_SECONDS)
        left = [text for leader in leaders for text in removal.end_group(leader)]
        self._supervision.wait_until_down(asked, MARGIN_SECONDS)
        return left

    def _end_everything(self, *, patient: bool) -> Sequence[str]:
        supervisor = self._supervision.process()
        if supervisor and patient:
            self._stop(self._supervision.kept())
            self._supervision.shut_down()
            deadline = time.monotonic() + MARGIN_SECONDS
            while supervisor.alive and time.monotonic() < deadline:
                time.sleep(0.01)
        self._settled = False
        return removal.end_all(self._layout, self._ledger)

    def _remove_services(self, services: Sequence[str]) -> list[str]:
        """Others still run under the same supervisor: only these services' own files go."""
        layout = self._layout
        return [
            text
            for name in services
            for text in removal.remove((layout.spec(name), layout.mark(name), layout.log(name)))
        ]

    def _remove_volumes(self, standing: Sequence[Resource], *, everything: bool) -> Sequence[str]:
        if everything:
            return removal.remove((self._layout.data,))
        names = [resource.id for resource in standing if resource.kind == "volume"]
        return removal.remove(self._layout.volume(name) for name in names)

    def _forget(self, standing: Sequence[Resource], *, volumes: bool, all_gone: bool) -> None:
        for resource in standing:
            kept = resource.kind == "volume" and not volumes
            shared = not resource.service and resource.kind != "volume" and not all_gone
            if not kept and not shared:
                self._ledger.gone(resource)

    # Small questions

    def _journal(self) -> Journal:
        services = self._project.services
        return Journal(
            self._layout.journal,
            lambda name: services[name].restart if name in services else "no",
        )

    def _supervised(self) -> bool:
        return self._supervision.process() is not None

    def _announce(self, services: Sequence[str], words: str) -> None:
        for name in services:
            self._tell(ServiceState(name, Phase.PREPARING, self._clock.wall(), detail=words))

    def _finish_announcement(self, services: Sequence[str]) -> None:
        for name in services:
            self._tell(ServiceState(name, Phase.ABSENT, self._clock.wall()))
            self._preparing.pop(name, None)

    def _tell(self, state: ServiceState) -> None:
        self._preparing[state.service] = state
        for deliver in tuple(self._listeners):
            deliver(state)

"""From nothing to running. Every intent is on disk before the step, every identity right after, so
that a kill at any moment leaves a state the next command finishes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from envcheck.errors import StackError
from envcheck.model.runtime import Resource
from envcheck.model.seed import Progress
from envcheck.runtimes.embedded import evidence, removal
from envcheck.runtimes.embedded.processes import look
from envcheck.runtimes.embedded.programs import Program
from envcheck.runtimes.embedded.site import Site
from envcheck.runtimes.embedded.taking_down import TakingDown
from envcheck.system.files import write_private
from envcheck.system.ports import free

SUPERVISOR = "supervisor"
Announce = Callable[[Sequence[str], str], None]  # services, words; no words: it is over


class BringingUp:
    def __init__(self, site: Site, down: TakingDown) -> None:
        self._site = site
        self._down = down
        self._settled = False

    def prepare(self, services: Sequence[str], progress: Progress, announce: Announce) -> None:
        self._make_ground()
        missing = self._site.blueprint.missing(services)
        for done, (need, names) in enumerate(missing.items()):
            words = f"installing {need.what} (about {need.megabytes} MB): {need.why}"
            progress(done, len(missing), "installed", words)
            announce(names, words)
            try:
                self._site.venvs.make(need)
            finally:
                announce(names, "")
        if missing:
            progress(len(missing), len(missing), "installed")

    def start(self, service: str) -> None:
        self._make_ground()
        running = self._site.supervision.running(service)
        if not running:
            self._settle_ports(service)
        program = self._site.blueprint.program(service)
        if running:
            spec = evidence.spec_of(self._site.layout, service)
            if spec.get("fingerprint") == program.fingerprint:
                return
            self._down.stop((service,))
        self._ensure_supervisor()
        self._run(program)

    def _run(self, program: Program) -> None:
        ledger = self._site.ledger
        intent = Resource("process", f"start of {program.service}", program.service)
        ledger.intend(intent)
        self._lay_out(program)
        process = look(self._site.supervision.start(program))
        if process:  # else it is already over, and its journal says how
            facts = {"started": process.started}
            ledger.made(Resource("process", str(process.pid), program.service, facts))
            ledger.gone(intent)

    def _lay_out(self, program: Program) -> None:
        """Folders before files, data before both: each volume is known before it exists."""
        volumes = self._site.blueprint.volumes(program.service)
        folders = [*volumes.values(), *program.folders]
        for name in sorted(self._absent_volumes(folders)):
            volume = Resource("volume", name, program.service)
            self._site.ledger.intend(volume)
            self._site.layout.volume(name).mkdir(mode=0o711)
            self._site.ledger.made(volume)
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        for path, text in program.files.items():
            write_private(path, text)
        spec = program.spec(self._site.layout, self._site.ledger.nonce)
        write_private(self._site.layout.spec(program.service), spec)

    def _absent_volumes(self, folders: Iterable[Path]) -> set[str]:
        data = self._site.layout.data
        inside = (path.relative_to(data) for path in folders if path.is_relative_to(data))
        return {path.parts[0] for path in inside if not (data / path.parts[0]).exists()}

    def _ensure_supervisor(self) -> None:
        if self._site.supervised():
            return
        # one killed without mercy takes its services along; what survived that goes now
        left = removal.end_all(self._site.layout, self._site.ledger)
        if left:
            raise StackError("; ".join(left), "end them by hand")
        intent = Resource("process", "start of the supervisor", facts={"role": SUPERVISOR})
        self._site.ledger.intend(intent)
        process = self._site.supervision.begin()
        facts = {"started": process.started, "role": SUPERVISOR}
        self._site.ledger.made(Resource("process", str(process.pid), facts=facts))
        self._site.ledger.gone(intent)

    def _make_ground(self) -> None:
        """The state folder, and an address for every service before the first one needs it."""
        layout, blueprint = self._site.layout, self._site.blueprint
        if not layout.run.is_dir():
            folder = Resource("folder", str(layout.state))
            self._site.ledger.intend(folder)
            layout.make()
            self._site.ledger.made(folder)
            self._settled = False
        if not self._settled:
            running = self._site.supervision.kept()
            # where nothing runs, published ports that are free again are taken back
            keep = frozenset(blueprint.forms) if running else frozenset()
            self._site.ports.settle(blueprint.wishes(), keep=keep)
            self._settled = True

    def _settle_ports(self, service: str) -> None:
        """Its port may have been taken by another since it was chosen."""
        ports, blueprint = self._site.ports, self._site.blueprint
        if not all(free(port) for port in ports.of(service).values()):
            ports.settle(blueprint.wishes(), keep=frozenset(blueprint.forms) - {service})

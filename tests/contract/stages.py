"""Where the contract is played: the same small project on each runtime."""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from envcheck.engine.ownership import FileLedger
from envcheck.model.compose import ComposeProject, ComposeService, EmbeddedForm, Mount, Port
from envcheck.model.runtime import Runtime
from envcheck.model.service import ServiceState
from envcheck.runtimes.embedded import EmbeddedRuntime
from envcheck.runtimes.embedded.processes import Process, look, ours
from envcheck.system.clock import SystemClock
from envcheck.system.places import prepare_state
from tests.fakes.runtime import DIES, FAKED, FakeRuntime, World
from tests.servers import free_port

WEB = """
import http.server, os, signal, sys
def leave(*_):
    print("told to stop", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
with open(os.path.join(os.environ["KEPT"], "visits"), "a") as file:
    file.write("x")
print("start", os.getpid(), flush=True)
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.ThreadingHTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


class Stage(Protocol):
    """``web`` serves and keeps a volume; ``sturdy`` is the same, restarted always; ``fails`` and
    ``done`` end by themselves with 3 and 0; ``strange`` has no form here."""

    web_port: int
    first_word: str  # what preparing says the first time
    limited: tuple[str, ...]  # what cannot run here

    def runtime(self, run: str = "first") -> Runtime:
        """As a new command finds it. A different ``run`` is a later one."""
        ...

    def kill(self, service: str, number: int) -> None:
        """From outside, as nobody asked for."""
        ...

    def change(self, service: str) -> None:
        """Edit the Compose file: its environment is another from now on."""
        ...

    def occupy(self, port: int) -> None:
        """A stranger takes the port before anything starts."""
        ...

    def left_over(self) -> list[str]:
        """What is still there, found without the runtime's help; volumes included."""
        ...

    def close(self) -> None: ...


def declared(web_port: int) -> dict[str, ComposeService]:
    kept = (Mount("volume", "kept", "/kept"),)
    web = ComposeService(
        "web",
        environment={"KEPT": "/kept"},
        ports=(Port(8000, web_port),),
        mounts=kept,
        stop_grace_period=5.0,
    )
    sturdy = replace(web, name="sturdy", ports=(), restart="always", mounts=(
        Mount("volume", "sturdy-kept", "/kept"),
    ))  # fmt: skip
    return {
        "web": web,
        "sturdy": sturdy,
        "fails": ComposeService("fails", labels={DIES: "3"}),
        "done": ComposeService("done", labels={DIES: "0"}),
        "strange": ComposeService("strange", image="strange/server:1"),
    }


class FakeStage:
    first_word = "installing"
    limited: tuple[str, ...] = ("strange",)

    def __init__(self, folder: Path) -> None:
        self.web_port = 8000
        self._folder = folder
        self._world = World()
        self._services = {
            name: service if service.image else replace(service, image=FAKED)
            for name, service in declared(self.web_port).items()
        }

    def runtime(self, run: str = "first") -> FakeRuntime:
        ledger = FileLedger(self._folder, run)
        project = ComposeProject("contract", (), self._services)
        return FakeRuntime(project, self._world, ledger, SystemClock())

    def kill(self, service: str, number: int) -> None:
        self.runtime().kill(service, number)

    def change(self, service: str) -> None:
        before = self._services[service]
        self._services[service] = replace(before, environment={**before.environment, "NEW": "1"})

    def occupy(self, port: int) -> None:
        self._world.taken[port] = "pid 1 (stranger)"

    def left_over(self) -> list[str]:
        return [*self._world.states, *self._world.volumes]

    def close(self) -> None:
        self._world.listeners.clear()


class EmbeddedStage:
    first_word = "installing"
    limited: tuple[str, ...] = ("strange",)

    def __init__(self, folder: Path, cache: Path, name: str = "contract") -> None:
        self.web_port = free_port()
        self.state = prepare_state(folder / name)
        self._cache = cache
        self._name = name
        self._strangers: list[closing[object]] = []
        code = folder / f"{name}-code"
        code.mkdir(exist_ok=True)
        self._code = code
        (code / "web.py").write_text(WEB)
        (code / "requirements.txt").write_text(f"# nothing, for {name} in {folder}\n")
        self._services = {
            service.name: _embedded(service, code) for service in declared(self.web_port).values()
        }

    @classmethod
    def again(cls, folder: Path, cache: Path, web_port: int) -> EmbeddedStage:
        """The same stage in another process."""
        stage = cls(folder, cache)
        stage.publish("web", web_port)
        return stage

    @property
    def ledger(self) -> FileLedger:
        return FileLedger(self.state, "first")

    def runtime(self, run: str = "first", clock: SystemClock | None = None) -> EmbeddedRuntime:
        return EmbeddedRuntime(
            ComposeProject(self._name, (), self._services),
            {},
            self.state,
            self._cache,
            FileLedger(self.state, run),
            clock or SystemClock(),
        )

    def kill(self, service: str, number: int) -> None:
        handle = self.runtime().states()[service].handle
        os.kill(int(handle.removeprefix("pid ")), number)

    def change(self, service: str) -> None:
        before = self._services[service]
        self._services[service] = replace(before, environment={**before.environment, "NEW": "1"})

    def occupy(self, port: int) -> None:
        import socket

        stranger = socket.create_server(("127.0.0.1", port))
        self._strangers.append(closing(stranger))

    def publish(self, service: str, port: int) -> None:
        self.web_port = port
        self._services[service] = replace(self._services[service], ports=(Port(8000, port),))

    def command(self, service: str, script: str) -> None:
        form = EmbeddedForm((sys.executable, "-c", script), self._code)
        self._services[service] = replace(self._services[service], embedded=form)

    def environment(self, service: str, variables: dict[str, str]) -> None:
        self._services[service] = replace(self._services[service], environment=variables)

    def supervisor(self) -> Process:
        pid = int((self.state / "run" / "supervisor.pid").read_text())
        process = look(pid)
        assert process is not None
        return process

    def child_of(self, state: ServiceState) -> int:
        """Its first child, as soon as there is one."""
        parent = int(state.handle.removeprefix("pid "))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for process in self.processes():
                if process.parent == parent:
                    return process.pid
        raise AssertionError(f"{parent} never had a child")

    def files(self) -> list[Path]:
        return [path for path in self.state.rglob("*") if not path.is_dir()]

    def processes(self) -> list[Process]:
        return ours(self.ledger.nonce)

    def left_over(self) -> list[str]:
        files = self.files()
        mine = {"ledger.jsonl", "nonce", "lock"}  # the engine's, not the runtime's
        return [
            *(str(path) for path in files if path.name not in mine),
            *(str(path) for path in self.state.iterdir() if path.is_dir()),
            *(str(process) for process in self.processes()),
        ]

    def close(self) -> None:
        for stranger in self._strangers:
            stranger.thing.close()  # type: ignore[attr-defined]
        self.runtime().undo(run=None, volumes=True)


def _embedded(service: ComposeService, code: Path) -> ComposeService:
    if service.image:
        return service
    if DIES in service.labels:
        script = f"import sys; print('goodbye'); sys.exit({service.labels[DIES]})"
        return replace(service, embedded=EmbeddedForm((sys.executable, "-c", script), code))
    command = (sys.executable, "web.py", "--port", "8000" if service.ports else "0")
    needs = code / "requirements.txt" if service.ports else None
    return replace(service, embedded=EmbeddedForm(command, code, needs))

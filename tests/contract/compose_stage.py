"""The contract's project in containers, on the engine this run was given."""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from envcheck.engine.ownership import FileLedger
from envcheck.model.compose import ComposeProject, ComposeService
from envcheck.runtimes.compose import ComposeRuntime
from envcheck.system.clock import SystemClock
from envcheck.system.places import prepare_state
from envcheck.system.process import run
from tests.fakes.runtime import DIES
from tests.servers import free_port

LABEL = "com.docker.compose.project"


class ComposeStage:
    """Its ``web`` image is built in the first preparation; every stage has names of its own."""

    first_word = "building"
    limited: tuple[str, ...] = ()  # containers are what the files were written for

    def __init__(self, folder: Path, image: str, declared: Mapping[str, ComposeService]) -> None:
        self.web_port = free_port()
        self.name = f"contract-{secrets.token_hex(4)}"
        self.state = prepare_state(folder / "state")
        self.file = folder / "compose.yaml"
        self._strangers: list[socket.socket] = []
        self._services = {
            name: replace(service, place=replace(service.place, file=str(self.file)))
            for name, service in declared.items()
        }
        self.written = {name: _written(it, image, self.web_port) for name, it in declared.items()}
        self._write()

    @property
    def ledger(self) -> FileLedger:
        return FileLedger(self.state, "first")

    def runtime(self, run: str = "first", clock: SystemClock | None = None) -> ComposeRuntime:
        project = ComposeProject(self.name, (self.file,), self._services)
        ledger = FileLedger(self.state, run)
        return ComposeRuntime(project, self.state, ledger, clock or SystemClock())

    def kill(self, service: str, number: int) -> None:
        """By the host's pid: what the engine is told to kill it does not restart."""
        pid = json.loads(self._docker("inspect", self.container(service)))[0]["State"]["Pid"]
        os.kill(pid, number)

    def change(self, service: str) -> None:
        self.written[service].setdefault("environment", {})["NEW"] = "1"
        self._write()

    def declare(self, service: str, changes: Mapping[str, Any]) -> None:
        self.written[service] |= changes
        self._write()

    def occupy(self, port: int) -> None:
        self._strangers.append(socket.create_server(("127.0.0.1", port)))

    def container(self, service: str) -> str:
        return f"{self.name}-{service}-1"

    def left_over(self) -> list[str]:
        mine = {"ledger.jsonl", "nonce", "lock"}  # the engine's, not the runtime's
        return [
            *self._listed("ps", "--all"),
            *self._listed("network", "ls"),
            *self._listed("volume", "ls"),
            *(str(path) for path in self.state.rglob("*") if path.name not in mine),
        ]

    def _listed(self, *words: str) -> list[str]:
        return self._docker(*words, "--quiet", "--filter", f"label={LABEL}={self.name}").split()

    def close(self) -> None:
        for stranger in self._strangers:
            stranger.close()
        self.runtime().undo(run=None, volumes=True)
        run(["docker", "image", "rm", "--force", f"{self.name}-web"])

    def _write(self) -> None:
        volumes: dict[str, Any] = {"kept": {}, "sturdy-kept": {}}
        document = {"name": self.name, "services": self.written, "volumes": volumes}
        self.file.write_text(json.dumps(document))

    @staticmethod
    def _docker(*words: str) -> str:
        done = run(["docker", *words])
        assert done.ok, done.err
        return done.out


def _written(service: ComposeService, image: str, web_port: int) -> dict[str, Any]:
    if service.image:
        return {"image": service.image}
    if DIES in service.labels:
        script = f"import sys; print('goodbye'); sys.exit({service.labels[DIES]})"
        return {"image": image, "command": ["python3", "-c", script]}
    written: dict[str, Any] = {
        "image": image,
        "command": ["python3", "-c", _web(), "--port", "8000"],
        "environment": dict(service.environment),
        "restart": service.restart,
        "stop_grace_period": "5s",
        "volumes": [f"{mount.source}:{mount.target}" for mount in service.mounts],
    }
    if service.ports:
        del written["image"]
        written["build"] = {"context": ".", "dockerfile_inline": f"FROM {image}\nENV WEB=1\n"}
        written["ports"] = [f"127.0.0.1:{web_port}:8000"]
    return written


def _web() -> str:
    from tests.contract.stages import WEB

    return WEB.replace("$", "$$").replace('"127.0.0.1"', '"0.0.0.0"')

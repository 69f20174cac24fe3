"""One world per session: real Postgres, Valkey and API process; only neighbours are fakes."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import psycopg
import pytest
import requests
from neighbours import Neighbour, running

import servers

HOME = Path(__file__).parent.parent
SECRET = "a-test-secret-of-at-least-32-bytes"
APP_PASSWORD = "test-app"
PASSWORD = "correct-horse-1"
PLATFORM, ALPHA, BETA = (f"d0000000-0000-4000-8000-00000000000{n}" for n in range(3))
ROOT, ADMIN, MEMBER, OTHER = (f"e0000000-0000-4000-8000-00000000000{n}" for n in range(4))


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="backend-api-"))
    made.chmod(0o711)  # postgres, as another user, must get through
    yield made
    shutil.rmtree(made)


def alembic(owner_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DATABASE_OWNER_URL": owner_url,
        "APP_DB_PASSWORD": APP_PASSWORD,
    }
    command = [sys.executable, "-m", "alembic", *arguments]
    return subprocess.run(
        command, cwd=HOME, env=environment, capture_output=True, text=True, check=False
    )


def as_app(owner_url: str) -> str:
    return owner_url.replace(
        f"embeddings:{servers.OWNER_PASSWORD}", f"embeddings_app:{APP_PASSWORD}"
    )


def migrated(owner_url: str) -> None:
    done = alembic(owner_url, "upgrade", "head")
    assert done.returncode == 0, done.stderr
    populate(owner_url)


ROWS: dict[str, list[tuple[object, ...]]] = {
    "INSERT INTO tenants (id, slug, name) VALUES (%s, %s, 'T')": [
        (PLATFORM, "platform"),
        (ALPHA, "alpha"),
        (BETA, "beta"),
    ],
    "INSERT INTO users (id, email, tenant_id, role, password_hash) VALUES (%s, %s, %s, %s, '')": [
        (ROOT, "root@test.example", PLATFORM, "platform_admin"),
        (ADMIN, "admin@alpha.example", ALPHA, "tenant_admin"),
        (MEMBER, "member@alpha.example", ALPHA, "member"),
        (OTHER, "admin@beta.example", BETA, "tenant_admin"),
    ],
    "INSERT INTO api_keys (tenant_id, name, key_prefix, key_hash) VALUES (%s, 'canary', '', %s)": [
        (ALPHA, "canary of alpha"),
        (BETA, "canary of beta"),
    ],
    "INSERT INTO rate_limits (tenant_id, limit_type, max_requests, window_seconds)"
    " VALUES (%s, 'burst', %s, %s)": [(BETA, 10, 2)],
}


def populate(owner_url: str) -> None:
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    with psycopg.connect(owner_url) as owner, owner.cursor() as cursor:
        for query, rows in ROWS.items():
            cursor.executemany(query, rows)
        cursor.execute("UPDATE users SET password_hash = %s", [hashed])


@dataclass(frozen=True)
class Api:
    url: str
    owner_url: str
    log: Path
    ml_engine: Neighbour
    data_pipeline: Neighbour

    def ask(self, method: str, path: str, token: str = "", **more: object) -> requests.Response:
        headers = dict(more.pop("headers", {}))  # type: ignore[call-overload]
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return requests.request(method, self.url + path, headers=headers, timeout=5, **more)  # type: ignore[arg-type]

    def login(self, email: str, password: str = PASSWORD) -> requests.Response:
        return self.ask("POST", "/api/v1/auth/login", json={"email": email, "password": password})

    def token(self, email: str) -> str:
        return str(self.login(email).json()["access_token"])


@contextmanager
def serving(
    owner_url: str,
    redis_url: str,
    ml_engine: Neighbour,
    pipeline: Neighbour,
    log: Path,
    *,
    airflow_url: str = "",
) -> Iterator[Api]:
    environment = {
        **os.environ,
        "DATABASE_URL": as_app(owner_url),
        "REDIS_URL": redis_url,
        "JWT_SECRET": SECRET,
        "INTERNAL_TOKEN": "test-internal",
        "ML_ENGINE_URL": ml_engine.url,
        "DATA_PIPELINE_URL": pipeline.url,
        "AIRFLOW_URL": airflow_url,
        "CORS_ORIGINS": "http://localhost:3000",
        "RATE_LIMIT_PER_MINUTE": "5000",
    }
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "uvicorn", "backend_api.main:app", "--port", str(port)]
    with log.open("w") as sink, servers.process(command, sink, cwd=HOME, env=environment):
        servers.wait_for(lambda: requests.get(f"{url}/metrics", timeout=1), OSError)
        yield Api(url, owner_url, log, ml_engine, pipeline)


@pytest.fixture(scope="session")
def owner_url(folder: Path) -> Iterator[str]:
    options = servers.initialise(folder / "postgres")
    port = servers.free_port()
    with servers.postgres(folder / "postgres", port, options):
        migrated(servers.owner_url(port))
        yield servers.owner_url(port)


@pytest.fixture(scope="session")
def api(owner_url: str, folder: Path) -> Iterator[Api]:
    port = servers.free_port()
    with (
        servers.valkey(port),
        running() as ml_engine,
        running() as pipeline,
        serving(
            owner_url, servers.redis_url(port), ml_engine, pipeline, folder / "api.log"
        ) as served,
    ):
        yield served


@pytest.fixture(scope="session")
def admin(api: Api) -> str:
    return api.token("admin@alpha.example")


@pytest.fixture(scope="session")
def root(api: Api) -> str:
    return api.token("root@test.example")

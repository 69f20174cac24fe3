"""The pipeline as a real process between a real Postgres, Kafka and S3."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import jwt
import psycopg
import pytest
import requests
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from tests import servers
from tests.servers import OWNER, Process

DEMO = "d0000000-0000-4000-8000-000000000001"
OTHER = "d0000000-0000-4000-8000-000000000002"
SUSPENDED = "d0000000-0000-4000-8000-000000000003"
SECRET = "a-test-signing-key-of-32-bytes-or-more"
INTERNAL = "the-internal-token"
TOPICS = {"item_catalog": 3, "user_interactions": 6}


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="data-pipeline-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _running(process: Process, how: signal.Signals = signal.SIGTERM) -> Iterator[Process]:
    process.start()
    try:
        yield process
    finally:
        process.stop(how)


@pytest.fixture(scope="session")
def database(folder: Path) -> Iterator[Process]:
    for process in _running(servers.postgres(folder)):
        address = url(process)
        _wait(lambda address=address: psycopg.connect(address).close(), psycopg.OperationalError)
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE tenants (id uuid PRIMARY KEY, status text)")
            for tenant, status in ((DEMO, "active"), (OTHER, "active"), (SUSPENDED, "suspended")):
                connection.execute("INSERT INTO tenants VALUES (%s, %s)", (tenant, status))
        yield process


@pytest.fixture(scope="session")
def s3(folder: Path) -> Iterator[Process]:
    for process in _running(servers.s3(folder)):
        client = storage(process)
        for bucket in ("embeddings-item-data", "embeddings-user-data"):
            client.create_bucket(Bucket=bucket)
        client.close()
        yield process


def broker(folder: Path) -> Iterator[Process]:
    for process in _running(servers.kafka(folder), signal.SIGKILL):
        create_topics(process)
        yield process


@dataclass
class Pipeline:
    """What a test does with the running application."""

    process: Process

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.process.port}{path}", timeout=10, **options)

    def upload(
        self, kind: str, content: str | bytes, name: str = "x.csv", **headers: str
    ) -> requests.Response:
        return requests.post(
            f"http://127.0.0.1:{self.process.port}/api/v1/uploads/{kind}",
            files={"file": (name, content)},
            headers=headers or bearer(),
            timeout=30,
        )

    def status(self, upload_id: str, tenant: str = DEMO) -> dict[str, Any]:
        return dict(self.get(f"/api/v1/uploads/{upload_id}", headers=bearer(tenant)).json())

    def delivered(self, upload_id: str) -> bool:
        return bool(self.status(upload_id)["status"] == "delivered")

    def log(self) -> str:
        return self.process.log.read_text()


def application(database: Process, s3: Process, kafka: Process, folder: Path) -> Iterator[Pipeline]:
    environment = {
        "DATABASE_URL": url(database),
        "JWT_SECRET": SECRET,
        "INTERNAL_TOKEN": INTERNAL,
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{s3.port}",
        "S3_ACCESS_KEY": "key",
        "S3_SECRET_KEY": "the-s3-secret",
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{kafka.port}",
        "QUEUE_PATH": str(folder / "queue" / "queue.db"),
        "MAX_UPLOAD_BYTES": "3000000",
    }
    for process in _running(servers.application(folder, environment)):
        yield Pipeline(process)


def url(database: Process) -> str:
    return f"postgresql://embeddings:{OWNER}@127.0.0.1:{database.port}/postgres"


def storage(s3: Process) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3.port}",
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="the-s3-secret",
    )


def bearer(tenant: str = DEMO, **changed: Any) -> dict[str, str]:
    claims = {
        "sub": "e0000000-0000-4000-8000-000000000001",
        "tenant_id": tenant,
        "email": "admin@demo.com",
        "role": "tenant_admin",
        "type": "access",
        "exp": int(time.time()) + 3600,
        **changed,
    }
    secret = claims.pop("secret", SECRET)
    return {"Authorization": f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"}


def create_topics(kafka: Process) -> None:
    admin = KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{kafka.port}")
    wanted = {n: {"num_partitions": c, "replication_factor": 1} for n, c in TOPICS.items()}
    admin.create_topics(wanted)
    admin.close()


def events(kafka: Process, topic: str) -> list[Any]:
    consumer = KafkaConsumer(bootstrap_servers=f"127.0.0.1:{kafka.port}", fetch_max_wait_ms=20)
    consumer.assign([TopicPartition(topic, number) for number in range(TOPICS[topic])])
    consumer.seek_to_beginning()
    found: list[Any] = []
    while batch := consumer.poll(timeout_ms=300, max_records=10_000):
        found += [record for some in batch.values() for record in some]
    consumer.close()
    return found


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """A hang guard, not a measurement."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def _wait(attempt: Callable[[], object], refusal: type[Exception]) -> None:
    def works() -> bool:
        try:
            attempt()
        except refusal:
            return False
        return True

    until(works)

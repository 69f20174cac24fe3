"""Each server that stands in for an image: it comes up on a free port and means what it says."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
import redis
import requests
from botocore.client import Config
from botocore.exceptions import ClientError

from envcheck.engine.ledger import FileLedger
from envcheck.model.compose import ComposeProject, ComposeService, Mount, Port
from envcheck.model.service import Phase
from envcheck.model.target import Connection, Endpoint
from envcheck.runtimes.embedded import EmbeddedRuntime
from envcheck.system.clock import SystemClock
from envcheck.system.places import cache_folder, prepare_state
from tests.contract.test_runtime import nothing

pytestmark = pytest.mark.real

POSTGRES = ComposeService(
    "db",
    image="postgres:17",
    environment={"POSTGRES_USER": "owner", "POSTGRES_PASSWORD": "right one", "POSTGRES_DB": "shop"},
    ports=(Port(5432),),
    mounts=(Mount("volume", "db-data", "/var/lib/postgresql/data"),),
    command=("postgres", "-c", "max_connections=37"),
)
REDIS = ComposeService(
    "cache",
    image="redis:8",
    command=("redis-server", "--requirepass", 'right "one"', "--save", "", "--maxmemory", "32mb"),
    ports=(Port(6379),),
)
KAFKA = ComposeService("broker", image="apache/kafka:4.1.0", ports=(Port(9092),), expose=(29092,))
S3 = ComposeService("store", image="made/here", kind="s3", ports=(Port(9000), Port(9001)))
CONNECTIONS = {
    "db": Connection("postgres", 5432, "owner", "right one", "shop"),
    "cache": Connection("redis", 6379, password='right "one"'),
    "broker": Connection("kafka", 9092),
    "store": Connection("s3", 9000, "rightKey", "right-secret"),
}
OWNER, SECRET = "right one", "right-secret"
Host = Callable[[ComposeService], EmbeddedRuntime]


@pytest.fixture
def host() -> Iterator[Host]:
    """Not below pytest's own folder: as root, the database's user could not reach it."""
    folder = Path(tempfile.mkdtemp(prefix="envcheck-tests-"))
    folder.chmod(0o711)
    state = prepare_state(folder / "state" / "servers")
    made: list[EmbeddedRuntime] = []

    def run(service: ComposeService) -> EmbeddedRuntime:
        project = ComposeProject("servers", (), {service.name: service})
        ledger = FileLedger(state, "only")
        runtime = EmbeddedRuntime(
            project, CONNECTIONS, state, cache_folder(), ledger, SystemClock()
        )
        made.append(runtime)
        runtime.prepare([service.name], nothing)
        runtime.start(service.name)
        return runtime

    yield run
    left = list(made[-1].undo(run=None, volumes=True))
    shutil.rmtree(folder)
    assert left == []


def until(attempt: Callable[[], Any], *errors: type[Exception]) -> Any:
    """What it answers as soon as it does not fail; a hang guard of 30 s."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return attempt()
        except errors:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def sql(runtime: EmbeddedRuntime, statement: str, password: str = OWNER) -> Any:
    port = runtime.endpoints("db")[5432].port
    url = {"host": "127.0.0.1", "port": port, "user": "owner", "password": password}
    with psycopg.connect(dbname="shop", connect_timeout=2, **url) as connection:  # type: ignore[arg-type]
        cursor = connection.execute(statement)  # type: ignore[call-overload]
        return cursor.fetchone()[0] if cursor.description else None


def asked(runtime: EmbeddedRuntime, statement: str) -> Any:
    return until(lambda: sql(runtime, statement), psycopg.OperationalError)


def with_scripts(folder: Path, **scripts: str) -> ComposeService:
    folder.mkdir()
    folder.chmod(0o700)  # a checkout its server user cannot look into
    for name, text in scripts.items():
        (folder / name.replace("__", ".")).write_text(text)
    mounts = (*POSTGRES.mounts, Mount("bind", str(folder), "/docker-entrypoint-initdb.d"))
    return replace(POSTGRES, mounts=mounts)


def test_postgres_has_the_user_and_database_and_honours_its_command(host: Host) -> None:
    runtime = host(POSTGRES)
    assert asked(runtime, "SELECT current_user || ' ' || current_database()") == "owner shop"
    assert asked(runtime, "SHOW max_connections") == "37"
    assert asked(runtime, "SHOW listen_addresses") == "127.0.0.1"


def test_postgres_refuses_a_wrong_password(host: Host) -> None:
    runtime = host(POSTGRES)
    asked(runtime, "SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        sql(runtime, "SELECT 1", password="wrong one")


def test_postgres_runs_its_init_scripts_once_and_in_order(host: Host, tmp_path: Path) -> None:
    service = with_scripts(
        tmp_path / "init",
        **{
            "1-table__sql": "CREATE TABLE runs (who text);",
            "2-row__sh": 'psql -d "$POSTGRES_DB" -c "INSERT INTO runs VALUES (\'shell\')"',
        },
    )
    runtime = host(service)
    assert asked(runtime, "SELECT count(*) || min(who) FROM runs") == "1shell"
    runtime.stop(["db"])
    runtime.start("db")
    assert asked(runtime, "SELECT count(*) FROM runs") == 1


def test_postgres_ends_when_an_init_script_fails_and_is_not_half_made(
    host: Host, tmp_path: Path
) -> None:
    service = with_scripts(tmp_path / "init", **{"1__sql": "CREATE TABLE a (); SELECT nonsense;"})
    runtime = host(service)
    until(lambda: _dead(runtime), AssertionError)
    tail = "\n".join(runtime.collect("db").log_tail)
    assert 'column "nonsense" does not exist' in tail
    (tmp_path / "init" / "1.sql").write_text("CREATE TABLE a ();")
    runtime.start("db")
    assert asked(runtime, "SELECT count(*) FROM a") == 0


def _dead(runtime: EmbeddedRuntime) -> None:
    assert runtime.states()["db"].phase is Phase.EXITED


def test_postgres_keeps_its_data_unless_volumes_go(host: Host) -> None:
    runtime = host(POSTGRES)
    asked(runtime, "CREATE TABLE kept AS SELECT 1 AS one")
    assert list(runtime.undo(run=None, volumes=False)) == []
    again = host(POSTGRES)
    assert asked(again, "SELECT one FROM kept") == 1
    assert list(again.undo(run=None, volumes=True)) == []
    with pytest.raises(psycopg.errors.UndefinedTable):
        asked(host(POSTGRES), "SELECT one FROM kept")


def test_valkey_honours_the_command_of_redis(host: Host) -> None:
    runtime = host(REDIS)
    port = runtime.endpoints("cache")[6379].port
    client = redis.Redis(port=port, password='right "one"', decode_responses=True)
    until(client.ping, redis.ConnectionError)
    assert client.config_get("maxmemory") == {"maxmemory": str(32 * 1024 * 1024)}
    assert client.config_get("save") == {"save": ""}
    client.close()


def test_valkey_refuses_a_wrong_password_and_none(host: Host) -> None:
    runtime = host(REDIS)
    port = runtime.endpoints("cache")[6379].port
    for password in ("wrong", None):
        with redis.Redis(port=port, password=password) as client:
            answer = until(lambda client=client: _refused(client), redis.ConnectionError)
        assert not answer.startswith("let in")


def _refused(client: Any) -> str:
    try:
        return f"let in: {client.ping()}"
    except redis.AuthenticationError as error:
        return str(error)


def test_tansu_advertises_the_address_it_is_dialled_at(host: Host) -> None:
    from kafka import KafkaAdminClient

    runtime = host(KAFKA)
    endpoints = runtime.endpoints("broker")
    assert endpoints[9092] == endpoints[29092]
    until(lambda: reached(endpoints[9092]), ConnectionError)
    admin = KafkaAdminClient(bootstrap_servers=str(endpoints[9092]), bootstrap_timeout_ms=5000)
    (broker,) = admin.describe_cluster()["brokers"]
    admin.close()
    assert (broker["host"], broker["port"]) == ("127.0.0.1", endpoints[9092].port)


def test_the_limits_declared_for_tansu_are_true(host: Host) -> None:
    """When one of these fails, the broker has learned it: drop the limit."""
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
    from kafka.errors import IncompatibleBrokerVersion

    runtime = host(KAFKA)
    endpoint = runtime.endpoints("broker")[9092]
    until(lambda: reached(endpoint), ConnectionError)
    admin = KafkaAdminClient(bootstrap_servers=str(endpoint))
    admin.create_topics([NewTopic("events", 1, 1)])
    with pytest.raises(IncompatibleBrokerVersion):
        admin.create_partitions({"events": NewPartitions(2)})
    topic = ConfigResource(ConfigResourceType.TOPIC, "events")
    assert admin.describe_configs([topic]) == {"topic": {"events": {}}}
    admin.close()
    producer = KafkaProducer(bootstrap_servers=str(endpoint))
    for number in range(10):
        producer.send("events", b"%d" % number)
    producer.send("never-made", b"1").get(5)
    producer.flush()
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=str(endpoint))
    assert "never-made" in consumer.topics()
    end = TopicPartition("events", 0)
    assert consumer.end_offsets([end])[end] < 10
    consumer.close()


def reached(endpoint: Endpoint) -> None:
    socket.create_connection((endpoint.host, endpoint.port), 1).close()


def s3(runtime: EmbeddedRuntime, key: str = "rightKey", secret: str = SECRET) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=f"http://{runtime.endpoints('store')[9000]}",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1}),
    )


def test_moto_takes_the_keys_of_the_compose_file_and_no_others(host: Host) -> None:
    from botocore.exceptions import EndpointConnectionError

    runtime = host(S3)
    right = s3(runtime)
    until(lambda: right.create_bucket(Bucket="shelf"), EndpointConnectionError)
    right.put_object(Bucket="shelf", Key="a/b.txt", Body=b"hello")
    assert right.get_object(Bucket="shelf", Key="a/b.txt")["Body"].read() == b"hello"
    for key, secret, code in (
        ("wrongKey", "right-secret", "InvalidAccessKeyId"),
        ("rightKey", "wrong-secret", "SignatureDoesNotMatch"),
    ):
        with pytest.raises(ClientError) as refused:
            s3(runtime, key, secret).list_buckets()
        assert refused.value.response["Error"]["Code"] == code
        with pytest.raises(ClientError):
            s3(runtime, key, secret).put_object(Bucket="shelf", Key="x", Body=b"")
    url = f"http://{runtime.endpoints('store')[9000]}"
    assert requests.get(f"{url}/shelf/a/b.txt", timeout=5).status_code == 403
    assert requests.post(f"{url}/moto-api/reset-auth", data="999", timeout=5).status_code == 403


def test_moto_has_no_console_and_says_so(host: Host) -> None:
    runtime = host(S3)
    assert 9001 not in runtime.endpoints("store")
    assert "s3.console" in {limit.capability for limit in runtime.limits()}

"""Postgres, Redis and S3 recognised in Compose files, and how to log in to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from envcheck.model.compose import ComposeService, Mount, Port
from envcheck.model.server import Server
from envcheck.servers import postgres, redis, s3

STORES: dict[str, Server] = {
    "postgres": postgres.SERVER,
    "redis": redis.SERVER,
    "s3": s3.SERVER,
}


def service(image: str = "", command: str = "", **fields: object) -> ComposeService:
    return ComposeService(name="x", image=image, command=tuple(command.split()), **fields)  # type: ignore[arg-type]


def families(of: ComposeService) -> list[str]:
    return [name for name, server in STORES.items() if server.recognises(of)]


@pytest.mark.parametrize(
    ("image", "family"),
    [
        ("postgres", "postgres"),
        ("postgres:17-alpine", "postgres"),
        ("docker.io/library/postgres:16@sha256:0123", "postgres"),
        ("public.ecr.aws/docker/library/postgres:16", "postgres"),
        ("registry.example:5000/mirror/postgres:16", "postgres"),
        ("ghcr.io/immich-app/postgres:14-vectorchord", "postgres"),
        ("postgis/postgis:16-3.4", "postgres"),
        ("pgvector/pgvector:pg17", "postgres"),
        ("timescale/timescaledb:latest-pg16", "postgres"),
        ("timescale/timescaledb-ha:pg16", "postgres"),
        ("supabase/postgres:15.1", "postgres"),
        ("bitnami/postgresql:16", "postgres"),
        ("bitnamilegacy/postgresql:16", "postgres"),
        ("redis:7-alpine", "redis"),
        ("redis/redis-stack:latest", "redis"),
        ("redis/redis-stack-server", "redis"),
        ("valkey/valkey:8", "redis"),
        ("bitnami/valkey:8.0", "redis"),
        ("docker.dragonflydb.io/dragonflydb/dragonfly", "redis"),
        ("minio/minio:RELEASE.2025-01-01", "s3"),
        ("quay.io/minio/minio", "s3"),
        ("bitnami/minio", "s3"),
        ("localstack/localstack:4", "s3"),
        ("motoserver/moto", "s3"),
    ],
)
def test_a_store_is_recognised_by_its_image(image: str, family: str) -> None:
    assert families(service(image)) == [family]


@pytest.mark.parametrize(
    "image",
    [
        "prometheuscommunity/postgres-exporter",
        "quay.io/prometheuscommunity/postgres-exporter:v0.15",
        "wrouesnel/postgres_exporter",
        "prodrigestivill/postgres-backup-local:17",
        "schickling/postgres-backup-s3",
        "dpage/pgadmin4",
        "edoburu/pgbouncer",
        "bitnami/pgbouncer",
        "bitnami/pgpool",
        "bitnami/postgres-exporter",
        "postgrest/postgrest",
        "supabase/postgres-meta:v0.80",
        "oliver006/redis_exporter:latest",
        "rediscommander/redis-commander",
        "redis/redisinsight",
        "redislabs/redisinsight",
        "bitnami/redis-sentinel",
        "bitnami/redis-exporter",
        "minio/mc",
        "minio/console",
        "bitnami/minio-client",
        "mongo",
        "mysql:8",
        "acme/postgres-importer",
        "acme/my-redis-app",
        "",
    ],
)
def test_what_only_has_the_name_in_it_is_left_alone(image: str) -> None:
    assert families(service(image)) == []


@pytest.mark.parametrize(
    ("image", "command", "recognised"),
    [
        ("postgres:17", "postgres -c max_connections=200", True),
        ("postgres:17", "-c max_connections=200", True),
        ("postgres:17", "docker-entrypoint.sh postgres", True),
        ("postgres:17", "sh -c exec postgres -p 5433", True),
        ("postgres:17", "psql -h postgres -U postgres -f /seed.sql", False),
        ("postgres:17", "pg_dump -h db -U postgres app", False),
        ("postgres:17", "sh -c until pg_isready -h postgres ; do sleep 1; done", False),
        ("redis:8", "redis-server --requirepass x", True),
        ("redis:8", "--requirepass x", True),
        ("redis:8", "/etc/redis/redis.conf --port 7000", True),
        ("redis:8", "sh -c redis-server --requirepass $PASS", True),
        ("redis:8", "redis-cli -h redis-server FLUSHALL", False),
        ("redis:8", "redis-sentinel /etc/sentinel.conf", False),
        ("redis:8", "redis-server /etc/sentinel.conf --sentinel", False),
        ("minio/minio", "server /data --console-address :9001", True),
        ("minio/minio", "sh -c mkdir -p /data/b && minio server /data", True),
        ("minio/minio", "mc mb local/bucket", False),
        ("chrislusf/seaweedfs", "server -s3 -dir=/data", True),
        ("chrislusf/seaweedfs", "s3 -filer=filer:8888", True),
        ("chrislusf/seaweedfs", "master -ip=master", False),
    ],
)
def test_a_client_that_comes_with_the_image_is_no_server(
    image: str, command: str, recognised: bool
) -> None:
    assert bool(families(service(image, command))) is recognised


def test_a_service_that_says_what_it_is_is_believed() -> None:
    assert families(service("acme/own:1", kind="s3")) == ["s3"]
    assert families(service("postgres:17", kind="http")) == []


def test_localstack_without_s3_is_no_s3() -> None:
    assert families(service("localstack/localstack", environment={"SERVICES": "sqs,sns"})) == []
    assert families(service("localstack/localstack", environment={"SERVICES": "sqs,s3"})) == ["s3"]


def login(of: ComposeService) -> tuple[str, str, str, int]:
    connection = STORES[families(of)[0]].connection(of)
    return (connection.user, connection.password, connection.database, connection.port)


@pytest.mark.parametrize(
    ("image", "environment", "expected"),
    [
        ("postgres", {"POSTGRES_PASSWORD": "p"}, ("postgres", "p", "postgres", 5432)),
        (
            "postgres",
            {"POSTGRES_USER": "u", "POSTGRES_PASSWORD": "p"},
            ("u", "p", "u", 5432),
        ),
        (
            "postgis/postgis",
            {"POSTGRES_USER": "u", "POSTGRES_PASSWORD": "p", "POSTGRES_DB": "d", "PGPORT": "5433"},
            ("u", "p", "d", 5433),
        ),
        ("postgres", {"POSTGRES_HOST_AUTH_METHOD": "trust"}, ("postgres", "", "postgres", 5432)),
        (
            "bitnami/postgresql",
            {"POSTGRESQL_PASSWORD": "p", "POSTGRESQL_DATABASE": "d"},
            ("postgres", "p", "d", 5432),
        ),
        (
            "bitnami/postgresql",
            {"POSTGRESQL_USERNAME": "u", "POSTGRESQL_PASSWORD": "p"},
            ("u", "p", "postgres", 5432),
        ),
        (
            "bitnami/postgresql",
            {"POSTGRESQL_POSTGRES_PASSWORD": "admin", "POSTGRESQL_PASSWORD": "p"},
            ("postgres", "admin", "postgres", 5432),
        ),
        ("redis", {"REDIS_PASSWORD": "means nothing to it"}, ("", "", "", 6379)),
        ("bitnami/redis", {"REDIS_PASSWORD": "p"}, ("", "p", "", 6379)),
        ("bitnami/redis", {"ALLOW_EMPTY_PASSWORD": "yes"}, ("", "", "", 6379)),
        (
            "bitnami/valkey",
            {"VALKEY_PASSWORD": "p", "VALKEY_PORT_NUMBER": "7000"},
            ("", "p", "", 7000),
        ),
        ("redis/redis-stack", {"REDIS_ARGS": "--requirepass p"}, ("", "p", "", 6379)),
        ("dragonflydb/dragonfly", {"DFLY_requirepass": "p"}, ("", "p", "", 6379)),
        ("minio/minio", {}, ("minioadmin", "minioadmin", "", 9000)),
        (
            "minio/minio",
            {"MINIO_ROOT_USER": "u", "MINIO_ROOT_PASSWORD": "p"},
            ("u", "p", "", 9000),
        ),
        ("minio/minio", {"MINIO_ACCESS_KEY": "u", "MINIO_SECRET_KEY": "p"}, ("u", "p", "", 9000)),
        (
            "bitnami/minio",
            {"MINIO_ROOT_USER": "u", "MINIO_ROOT_PASSWORD": "p", "MINIO_API_PORT_NUMBER": "9900"},
            ("u", "p", "", 9900),
        ),
        ("localstack/localstack", {}, ("test", "test", "", 4566)),
    ],
)
def test_the_login_is_what_the_image_makes_of_its_environment(
    image: str, environment: dict[str, str], expected: tuple[str, str, str, int]
) -> None:
    assert login(service(image, environment=environment)) == expected


@pytest.mark.parametrize(
    ("command", "password", "port"),
    [
        (("redis-server", "--requirepass", "p", "--save", ""), "p", 6379),
        (("redis-server", "--requirepass=p", "--port", "7000"), "p", 7000),
        (("--requirepass", "a", "--requirepass", "b"), "b", 6379),
        (("sh", "-c", "redis-server --requirepass 'p q'"), "p q", 6379),
        (("sh", "-c", "redis-server --requirepass $PASS"), "from env", 6379),
        (("sh", "-c", 'exec redis-server --requirepass "${PASS}"'), "from env", 6379),
        (("sh", "-c", "redis-server --requirepass ${NONE:-fallback}"), "fallback", 6379),
        (("redis-server", "--requirepass"), "", 6379),
    ],
)
def test_a_password_on_redis_command_line_is_found(
    command: tuple[str, ...], password: str, port: int
) -> None:
    found = ComposeService(
        name="r", image="redis:8", command=command, environment={"PASS": "from env"}
    )
    assert login(found) == ("", password, "", port)


def test_a_password_in_a_mounted_configuration_is_found(tmp_path: Path) -> None:
    (tmp_path / "redis.conf").write_text('# requirepass no\nport 6379\nrequirepass "p"\n')
    found = service(
        "redis:8",
        "redis-server /etc/redis/redis.conf",
        mounts=(Mount("bind", str(tmp_path), "/etc/redis", read_only=True),),
    )
    assert login(found) == ("", "p", "", 6379)


def test_a_secret_in_a_mounted_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "password.txt").write_text("from the file\n")
    found = service(
        "postgres:17",
        environment={"POSTGRES_PASSWORD_FILE": "/run/secrets/db"},
        mounts=(Mount("bind", str(tmp_path / "password.txt"), "/run/secrets/db"),),
    )
    assert login(found)[1] == "from the file"


def test_a_secret_nobody_mounted_from_here_is_unknown_not_an_error() -> None:
    found = service(
        "postgres:17",
        environment={"POSTGRES_PASSWORD_FILE": "/run/secrets/db"},
        mounts=(Mount("volume", "secrets", "/run/secrets"),),
    )
    assert login(found)[1] == ""


def test_an_image_of_ones_own_is_asked_at_the_port_that_looks_like_s3() -> None:
    own = service(
        "acme/minio:local",
        "server /data --console-address :9001",
        kind="s3",
        environment={"MINIO_ROOT_USER": "u", "MINIO_ROOT_PASSWORD": "p"},
        ports=(Port(9001), Port(9000)),
    )
    assert login(own) == ("u", "p", "", 9000)


def test_an_address_on_the_command_line_moves_the_port() -> None:
    moved = service("minio/minio", "server /data --address :9100 --console-address :9001")
    assert login(moved)[3] == 9100


@pytest.mark.parametrize("name", STORES)
def test_ready_means_a_login_and_no_more(name: str) -> None:
    (kind,) = STORES[name].ready("store")
    assert [check.name for check in kind.checks()] == ["port", "protocol", "login"]
    assert {check.service for check in kind.checks()} == {"store"}

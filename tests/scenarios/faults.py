"""What can be wrong in an environment: broken on purpose, always undone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.scenarios.doors import AirflowDoor, kafka_of, redis_of, s3_of, sql
from tests.scenarios.stage import Stage, eventually

TECHGADGETS = "d0000000-0000-4000-8000-000000000003"


@contextmanager
def topic_deleted(stage: Stage, topic: str = "alerts") -> Iterator[None]:
    with kafka_of(stage) as kafka:
        kafka.delete_topics([topic])
    try:
        yield
    finally:
        assert stage.seed().code == 0  # what the fix says


@contextmanager
def bucket_deleted(stage: Stage, bucket: str = "embeddings-training-data") -> Iterator[None]:
    s3_of(stage).delete_bucket(Bucket=bucket)
    try:
        yield
    finally:
        assert stage.seed().code == 0


@contextmanager
def statement(stage: Stage, wrong: str, right: str) -> Iterator[None]:
    """One SQL statement does it, another undoes it."""
    sql(stage, wrong)
    try:
        yield
    finally:
        sql(stage, right)


def table_dropped(stage: Stage, table: str = "usage_logs"):
    """To whoever looks, a renamed table is gone."""
    away = f"{table}_away"
    return statement(
        stage, f"ALTER TABLE {table} RENAME TO {away}", f"ALTER TABLE {away} RENAME TO {table}"
    )


def column_dropped(stage: Stage, table: str = "tenants", column: str = "settings"):
    rename = f"ALTER TABLE {table} RENAME COLUMN"
    return statement(stage, f"{rename} {column} TO away", f"{rename} away TO {column}")


def migration_at(stage: Stage, revision: str):
    [[head]] = sql(stage, "SELECT version_num FROM alembic_version")
    update = "UPDATE alembic_version SET version_num ="
    return statement(stage, f"{update} '{revision}'", f"{update} '{head}'")


def row_security_off(stage: Stage, table: str = "api_keys"):
    alter = f"ALTER TABLE {table}"
    return statement(
        stage, f"{alter} DISABLE ROW LEVEL SECURITY", f"{alter} ENABLE ROW LEVEL SECURITY"
    )


def role_is_superuser(stage: Stage):
    alter = "ALTER ROLE embeddings_app"
    return statement(stage, f"{alter} SUPERUSER", f"{alter} NOSUPERUSER")


def role_password_changed(stage: Stage):
    alter = "ALTER ROLE embeddings_app PASSWORD"
    return statement(stage, f"{alter} 'another'", f"{alter} '{stage.secrets['APP_DB_PASSWORD']}'")


@contextmanager
def rows_removed(stage: Stage) -> Iterator[None]:
    sql(stage, "DELETE FROM users WHERE email = 'analyst@demo.com'")
    try:
        yield
    finally:
        assert stage.seed().code == 0


@contextmanager
def rate_limiter_off(stage: Stage) -> Iterator[None]:
    sql(stage, f"UPDATE rate_limits SET max_requests = 100000 WHERE tenant_id = '{TECHGADGETS}'")
    try:
        yield
    finally:
        sql(stage, f"DELETE FROM rate_limits WHERE tenant_id = '{TECHGADGETS}'")
        assert stage.seed().code == 0


@contextmanager
def redis_password_changed(stage: Stage) -> Iterator[None]:
    with redis_of(stage) as client:
        client.config_set("requirepass", "another")
        try:
            yield
        finally:
            client.config_set("requirepass", stage.secrets["REDIS_PASSWORD"])


@contextmanager
def redis_out_of_memory(stage: Stage) -> Iterator[None]:
    with redis_of(stage) as client:
        client.config_set("maxmemory", 1)
        client.config_set("maxmemory-policy", "noeviction")
        try:
            yield
        finally:
            client.config_set("maxmemory", 0)


@contextmanager
def killed(stage: Stage, service: str) -> Iterator[None]:
    """As the kernel kills; no restart policy brings it back, `up` does."""
    os.kill(stage.pids()[service], signal.SIGKILL)
    eventually(lambda: stage.status()[service]["state"] == "exited")
    try:
        yield
    finally:
        assert stage.up().code == 0


@contextmanager
def restarted_with(stage: Stage, service: str, variable: str, value: str) -> Iterator[None]:
    """The Compose file gives this one service another value, and it alone is started anew."""
    path = stage.compose / "compose.yaml"
    before = path.read_text()
    path.write_text(_with_value(before, service, variable, value))
    try:
        yield
    finally:
        path.write_text(before)
        assert stage.up().code == 0


def _with_value(compose: str, service: str, variable: str, value: str) -> str:
    head, mark, rest = compose.partition(f"\n  {service}:\n")
    old = f"      {variable}: ${{{variable}}}\n"
    assert mark
    assert old in rest
    return head + mark + rest.replace(old, f"      {variable}: {value}\n", 1)


@contextmanager
def dag_file_broken(stage: Stage, name: str = "data_quality_check.py") -> Iterator[None]:
    """Until Airflow has noticed: before that nothing is wrong with the environment."""
    airflow = AirflowDoor(stage)
    path = stage.compose / "airflow/dags" / name
    before = path.read_text()
    path.write_text("from airflow.sdk import dag\nimport a_module_nobody_installed\n")
    eventually(airflow.broken_files)
    try:
        yield
    finally:
        path.write_text(before)
        eventually(lambda: not airflow.broken_files())


@contextmanager
def dag_paused(stage: Stage, dag: str) -> Iterator[None]:
    airflow = AirflowDoor(stage)
    airflow.pause(dag, paused=True)
    try:
        yield
    finally:
        airflow.pause(dag, paused=False)

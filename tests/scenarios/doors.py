"""Straight to the servers of a stage, past the product: how a scenario breaks things and mends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import psycopg
import redis
import requests
from kafka import KafkaAdminClient

from tests.scenarios.stage import Stage


def sql(stage: Stage, *statements: str) -> list[Any]:
    """Each in a transaction of its own, as the owner of the database; the rows of the last."""
    with psycopg.connect(
        host="127.0.0.1",
        port=stage.port("postgres"),
        user="embeddings",
        password=stage.secrets["POSTGRES_PASSWORD"],
        dbname="embeddings_db",
        autocommit=True,
    ) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def redis_of(stage: Stage) -> Iterator[Any]:
    """Stays logged in while the password changes."""
    client = redis.Redis(
        port=stage.port("redis"),
        password=stage.secrets["REDIS_PASSWORD"],
        single_connection_client=True,
    )
    try:
        yield client
    finally:
        client.close()


@contextmanager
def kafka_of(stage: Stage) -> Iterator[Any]:
    client = KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{stage.port('kafka')}")
    try:
        yield client
    finally:
        client.close()


def s3_of(stage: Stage) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{stage.port('minio')}",
        aws_access_key_id=stage.secrets["S3_ACCESS_KEY"],
        aws_secret_access_key=stage.secrets["S3_SECRET_KEY"],
        region_name="us-east-1",
    )


class AirflowDoor:
    """Airflow's REST interface, as its administrator."""

    def __init__(self, stage: Stage) -> None:
        self._base = f"http://127.0.0.1:{stage.port('airflow-apiserver')}"
        who = {"username": "admin", "password": stage.secrets["AIRFLOW_ADMIN_PASSWORD"]}
        token = self._answered(requests.post(f"{self._base}/auth/token", json=who, timeout=20))
        self._headers = {"Authorization": f"Bearer {token['access_token']}"}

    def ask(self, path: str) -> Any:
        url = f"{self._base}/api/v2/{path}"
        return self._answered(requests.get(url, headers=self._headers, timeout=20))

    def pause(self, dag: str, *, paused: bool) -> None:
        url = f"{self._base}/api/v2/dags/{dag}?update_mask=is_paused"
        body = {"is_paused": paused}
        self._answered(requests.patch(url, json=body, headers=self._headers, timeout=20))

    def broken_files(self) -> int:
        return int(self.ask("importErrors")["total_entries"])

    def _answered(self, response: requests.Response) -> Any:
        response.raise_for_status()
        return response.json()

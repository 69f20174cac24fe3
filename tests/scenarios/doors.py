"""Straight to the servers of a stage, past the product: how a scenario breaks things and mends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import psycopg
import redis
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

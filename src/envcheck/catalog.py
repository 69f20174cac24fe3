"""Every kind by the name it has in YAML. The only list to edit for a new one."""

from __future__ import annotations

from collections.abc import Callable

from envcheck.checks.airflow import Airflow
from envcheck.checks.api.kind import Api
from envcheck.checks.http import Http
from envcheck.checks.kafka import Kafka
from envcheck.checks.postgres import Postgres
from envcheck.checks.redis import Redis
from envcheck.checks.s3 import S3
from envcheck.checks.tcp import Tcp
from envcheck.model.check import CheckKind
from envcheck.model.record import Record
from envcheck.model.seed import SeedKind
from envcheck.model.server import Server
from envcheck.reporting import ending, json_report, junit
from envcheck.seeds.job import Job
from envcheck.seeds.kafka_events import KafkaEvents
from envcheck.seeds.kafka_topics import KafkaTopics
from envcheck.seeds.postgres_rows import PostgresRows
from envcheck.seeds.s3_buckets import S3Buckets
from envcheck.seeds.sample_data import SampleData
from envcheck.servers import airflow, kafka, postgres, redis, s3, web

CHECKS: dict[str, type[CheckKind]] = {
    "postgres": Postgres,
    "redis": Redis,
    "kafka": Kafka,
    "airflow": Airflow,
    "http": Http,
    "tcp": Tcp,
    "api": Api,
    "s3": S3,
}

SEEDS: dict[str, type[SeedKind]] = {
    "kafka-topics": KafkaTopics,
    "s3-buckets": S3Buckets,
    "postgres-rows": PostgresRows,
    "sample-data": SampleData,
    "kafka-events": KafkaEvents,
    "job": Job,
}

SERVERS: tuple[Server, ...] = (
    postgres.SERVER,
    redis.SERVER,
    s3.SERVER,
    kafka.SERVER,
    airflow.SERVER,
    airflow.PROCESS,
    web.SERVER,
    web.PROXY,
)

REPORTS: dict[str, Callable[[Record], str]] = {
    "text": ending.render,
    "json": json_report.render,
    "junit": junit.render,
}

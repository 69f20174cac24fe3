"""The servers the real tests lean on: right login in, wrong login out, gone when stopped."""

from __future__ import annotations

import boto3
import psycopg
import pytest
import redis
from botocore.config import Config
from botocore.exceptions import ClientError
from kafka import KafkaAdminClient

from envcheck.model.outcome import Observation
from envcheck.system.tcp import unreachable
from tests.servers import KafkaServer, LocalServer, PostgresServer, RedisServer, S3Server

pytestmark = pytest.mark.real


def _s3(server: LocalServer, secret: str = ""):
    connection = server.target.connection
    return boto3.client(
        "s3",
        endpoint_url=server.target.url(),
        region_name="us-east-1",
        aws_access_key_id=connection.user,
        aws_secret_access_key=secret or connection.password,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def test_postgres_lets_only_the_right_password_in(postgres_server: PostgresServer) -> None:
    dsn = f"host=127.0.0.1 port={postgres_server.port} user=embeddings dbname=embeddings_db"
    with psycopg.connect(dsn, password=postgres_server.password) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn, password="wrong")


def test_redis_lets_only_the_right_password_in(redis_server: RedisServer) -> None:
    with redis.Redis(port=redis_server.port, password=redis_server.password) as client:
        assert client.ping()
    with (
        redis.Redis(port=redis_server.port, password="wrong", retry=None) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_s3_lets_only_the_right_key_in(s3_server: S3Server) -> None:
    client = _s3(s3_server)
    client.create_bucket(Bucket="lent")
    client.put_object(Bucket="lent", Key="a", Body=b"b" * 100_000)
    assert len(client.get_object(Bucket="lent", Key="a")["Body"].read()) == 100_000
    client.delete_object(Bucket="lent", Key="a")
    client.delete_bucket(Bucket="lent")
    client.close()
    wrong = _s3(s3_server, secret="wrong")
    with pytest.raises(ClientError):
        wrong.list_buckets()
    wrong.close()


def test_kafka_answers_and_is_gone_when_stopped(kafka_server: KafkaServer) -> None:
    admin = KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{kafka_server.port}")
    admin.list_topics()
    admin.close()
    kafka_server.stop()
    try:
        gone = unreachable(kafka_server.target.endpoint())
        assert isinstance(gone, Observation)
        assert gone.cause == "network.refused"
    finally:
        kafka_server.start()
    assert unreachable(kafka_server.target.endpoint()) is None

"""The Kafka clients of the seeds: quick to give up, refusals by error class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from envcheck.model.outcome import Observation, broken, not_yet
from envcheck.model.seed import SeedFailed
from envcheck.model.target import Target
from envcheck.system.tcp import unreachable

BOOTSTRAP_MS = 2000
SEED = "run `envcheck seed`, which creates the topic"


@contextmanager
def asked(target: Target) -> Iterator[dict[str, Any]]:
    """The settings every client needs. Raises SeedFailed, also in place of a client's errors."""
    refused = unreachable(target.endpoint())
    if refused is not None:
        raise SeedFailed(refused)
    from kafka.errors import KafkaError

    try:
        yield {
            "bootstrap_servers": str(target.endpoint()),
            "bootstrap_timeout_ms": BOOTSTRAP_MS,
            "client_id": "envcheck",
        }
    except KafkaError as error:
        raise SeedFailed(refusal(target, error)) from error


@contextmanager
def administered(target: Target) -> Iterator[Any]:
    """An admin client. Raises SeedFailed."""
    with asked(target) as settings:
        from kafka import KafkaAdminClient

        admin = KafkaAdminClient(**settings, request_timeout_ms=5000)
        try:
            yield admin
        finally:
            admin.close()


def partitions(admin: Any) -> Mapping[str, int]:
    """Every topic and its number of partitions. Asks for all of them: asking for one by name may
    create it on a broker that creates topics by itself."""
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}


def topic_missing(target: Target, topics: list[str], there: Mapping[str, int]) -> Observation:
    return broken(
        f"{target.service} has no topic {', '.join(topics)}",
        cause="kafka.topic-missing",
        fix=SEED,
        evidence=(f"topics there: {', '.join(sorted(there)) or 'none'}",),
    )


def refusal(target: Target, error: Exception) -> Observation:
    from kafka.errors import BrokerResponseError

    name = type(error).__name__
    if isinstance(error, BrokerResponseError) and not error.retriable:
        return broken(
            f"{target.service} refuses: {name}",
            cause="kafka.refused",
            fix="look up that Kafka error; the broker's log has its reason",
        )
    return not_yet(
        f"{target.service} gave no Kafka answer in time: {name}",
        cause="kafka.no-answer",
        fix="see whether the port speaks Kafka and its advertised address is reachable from here",
    )

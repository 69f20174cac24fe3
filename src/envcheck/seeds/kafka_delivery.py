"""Messages to a topic, with the deliveries counted: by librdkafka where it is installed and the
broker takes it, else by kafka-python. Both choose the same partition for a key."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from envcheck.seeds.kafka_marks import HEADER

DELIVERY_SECONDS = 30.0  # how long one message may stay unacknowledged
BATCH_BYTES = 256 * 1024  # measured: ten times the default, a third of the time
TICK = 1000  # messages between two looks at the stop

Tick = Callable[[int], None]


class Message(NamedTuple):
    key: bytes
    value: bytes
    mark: bytes


def deliver(
    settings: Mapping[str, Any], topic: str, messages: Iterable[Message], tick: Tick
) -> int:
    """Send all and wait for the acknowledgements; how many came. ``tick`` hears how many were sent
    and may raise, which abandons the rest. Raises kafka.errors.KafkaError."""
    if importlib.util.find_spec("confluent_kafka") is not None:
        return by_librdkafka(settings, topic, messages, tick)
    return by_kafka_python(settings, topic, messages, tick)


def by_kafka_python(
    settings: Mapping[str, Any], topic: str, messages: Iterable[Message], tick: Tick
) -> int:
    from kafka import KafkaProducer

    producer = KafkaProducer(
        **settings,
        acks="all",
        linger_ms=5,
        batch_size=BATCH_BYTES,
        max_block_ms=5000,
        delivery_timeout_ms=int(DELIVERY_SECONDS * 1000),
        request_timeout_ms=10_000,
        allow_auto_create_topics=False,
    )
    try:
        pending = []
        for number, (key, value, mark) in enumerate(messages):
            if number % TICK == 0:
                tick(number)
            headers = [(HEADER, mark)]
            pending.append(producer.send(topic, value=value, key=key, headers=headers))
        _flush(producer, lambda: tick(len(pending)))
        return sum(future.succeeded() for future in pending)
    finally:
        _close(producer)


def _flush(producer: Any, tick: Callable[[], None]) -> None:
    """Until every message is acknowledged or given up, in steps a stop can come between."""
    from kafka.errors import KafkaTimeoutError

    for _ in range(int(DELIVERY_SECONDS * 4)):
        try:
            producer.flush(timeout=0.25)
        except KafkaTimeoutError:
            tick()
        else:
            return


def _close(producer: Any) -> None:
    """What is still under way after a second is abandoned: the marks tell next time what arrived,
    and the reason we stop must not be hidden by the producer's own complaint."""
    from kafka.errors import KafkaTimeoutError

    with contextlib.suppress(KafkaTimeoutError):
        producer.close(timeout=1.0)


def by_librdkafka(
    settings: Mapping[str, Any], topic: str, messages: Iterable[Message], tick: Tick
) -> int:
    rdkafka = importlib.import_module("confluent_kafka")
    delivered = 0

    def count(error: Any, _message: Any) -> None:
        nonlocal delivered
        delivered += error is None

    producer = rdkafka.Producer(
        {
            "bootstrap.servers": settings["bootstrap_servers"],
            "client.id": settings["client_id"],
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "linger.ms": 5,
            "message.timeout.ms": int(DELIVERY_SECONDS * 1000),
            "queue.buffering.max.messages": 1_000_000,
            "allow.auto.create.topics": False,
            "log_level": 0,  # what matters comes back as the count
        },
        error_cb=lambda _error: None,
    )
    number = 0
    for number, (key, value, mark) in enumerate(messages, 1):
        producer.produce(topic, value, key, headers=[(HEADER, mark)], on_delivery=count)
        if number % TICK == 0:
            producer.poll(0)
            tick(number)
    for _ in range(int(DELIVERY_SECONDS * 4)):
        if not producer.flush(0.25):
            break
        tick(number)
    return delivered

"""Kafka as delivery needs it: send and count, and look up what has arrived."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from data_pipeline.outbox import Event, Flight

UPLOAD, ROW = "upload-id", "upload-row"
BOOTSTRAP_MS = 2000
DELIVERY_MS = 120_000  # a producer repeats by itself, in order and without doubling, this long
READ_SECONDS = 30.0


class Away(Exception):  # noqa: N818 (a state of the world, not a fault of ours)
    """Kafka does not answer, or has no such topic."""


class Broker:
    """One producer and one consumer, made when first needed and again after ``drop``."""

    def __init__(self, servers: str) -> None:
        self._settings = {
            "bootstrap_servers": servers.split(","),
            "bootstrap_timeout_ms": BOOTSTRAP_MS,
            "client_id": "data-pipeline",
            "allow_auto_create_topics": False,
        }
        self._producer: Any = None
        self._consumer: Any = None

    def ends(self, topic: str) -> Mapping[int, int]:
        """Where each partition ends, or before that: never after. Raises Away."""
        with self._asking():
            partitions = self._partitions(topic)
            ends = self._reader().end_offsets(partitions, timeout_ms=5000)
            return {partition.partition: end for partition, end in ends.items()}

    def send(self, events: Sequence[Event], stopped: Callable[[], bool]) -> bool:
        """True when every one was acknowledged. Raises Away."""
        from kafka.errors import KafkaTimeoutError

        with self._asking():
            producer = self._writer()
            sent = [
                producer.send(
                    event.topic,
                    value=event.value,
                    key=event.key,
                    headers=[(UPLOAD, event.upload.encode()), (ROW, str(event.row).encode())],
                )
                for event in events
            ]
            while not stopped():
                with contextlib.suppress(KafkaTimeoutError):
                    producer.flush(timeout=0.5)
                    break
            return all(future.succeeded() for future in sent)

    def arrived(self, flight: Flight) -> set[tuple[str, int]]:
        """(upload, row) of every event since the flight took off. Raises Away."""
        from kafka import TopicPartition

        found: set[tuple[str, int]] = set()
        with self._asking():
            self._partitions(flight.topic)
            reader = self._reader()
            partitions = [TopicPartition(flight.topic, number) for number in flight.offsets]
            reader.assign(partitions)
            for partition in partitions:
                reader.seek(partition, flight.offsets[partition.partition])
            until = time.monotonic() + READ_SECONDS
            while not _at_end(reader, partitions):
                for records in reader.poll(timeout_ms=200).values():
                    found.update(filter(None, map(_identity, records)))
                if time.monotonic() > until:
                    raise Away(f"{flight.topic} could not be read to its end")
        return found

    def drop(self) -> None:
        """Let go of the connections; what is under way is abandoned."""
        from kafka.errors import KafkaError

        for client, options in ((self._producer, {"timeout": 1}), (self._consumer, {})):
            if client is not None:
                with contextlib.suppress(KafkaError):
                    client.close(**options)
        self._producer = self._consumer = None

    def _partitions(self, topic: str) -> list[Any]:
        from kafka import TopicPartition

        numbers = self._reader().partitions_for_topic(topic)
        if not numbers:
            raise Away(f"there is no topic {topic}")
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    def _writer(self) -> Any:
        from kafka import KafkaProducer

        if self._producer is None:
            self._producer = KafkaProducer(
                **self._settings,
                acks="all",
                linger_ms=5,
                batch_size=256 * 1024,
                max_block_ms=5000,
                delivery_timeout_ms=DELIVERY_MS,
            )
        return self._producer

    def _reader(self) -> Any:
        from kafka import KafkaConsumer

        if self._consumer is None:
            self._consumer = KafkaConsumer(
                **self._settings,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=50,
                max_poll_records=5000,
            )
        return self._consumer

    @contextlib.contextmanager
    def _asking(self) -> Any:
        from kafka.errors import KafkaError

        try:
            yield
        except KafkaError as error:
            raise Away(type(error).__name__) from error


def _at_end(reader: Any, partitions: Sequence[Any]) -> bool:
    """By the high watermark that comes with each answer: it is right where end offsets lag."""
    marks = [(reader.highwater(one), reader.position(one)) for one in partitions]
    return all(mark is not None and position >= mark for mark, position in marks)


def _identity(record: Any) -> tuple[str, int] | None:
    headers = {name: value for name, value in record.headers if value is not None}
    upload, row = headers.get(UPLOAD, b""), headers.get(ROW, b"")
    return (upload.decode("utf-8", "replace"), int(row)) if upload and row.isdigit() else None

"""The event that a model was published. Kafka away costs a warning, never the training."""

from __future__ import annotations

import json
import logging
import socket
import threading
from datetime import UTC, datetime

from ml_engine.run import Run

TOPIC = "model_deployed"
log = logging.getLogger("ml_engine.announcement")


class Announcer:
    """Says it in the background: the caller's answer does not wait for Kafka."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka

    def __call__(self, run: Run) -> None:
        threading.Thread(target=self._announce, args=(run,), name="announce", daemon=True).start()

    def _announce(self, run: Run) -> None:
        try:
            _send(self._kafka, run.tenant_id, _event(run))
        except Exception as error:  # noqa: BLE001 (the edge of the background thread)
            reason = f"event on {TOPIC} not sent: {type(error).__name__}: {error}"
            run.warnings.append(reason)
            log.warning(reason, extra={"fields": {"run_id": run.run_id}})


def _event(run: Run) -> bytes:
    event = {
        "event": TOPIC,
        "tenant_id": run.tenant_id,
        "version": run.version,
        "ndcg_at_10": run.ndcg_at_10,
        "run_id": run.run_id,
        "timestamp": datetime.now(UTC).isoformat(),
    }
    return json.dumps(event).encode()


def _send(kafka: str, key: str, event: bytes) -> None:
    """Raises when the broker has not confirmed within about five seconds."""
    _demand_listener(kafka.split(",", maxsplit=1)[0])
    from kafka import KafkaProducer

    producer = KafkaProducer(
        bootstrap_servers=kafka.split(","),
        bootstrap_timeout_ms=2000,
        max_block_ms=2000,
        request_timeout_ms=2000,
        delivery_timeout_ms=3000,
        enable_idempotence=False,
        acks=1,
        retries=0,
        allow_auto_create_topics=False,
    )
    try:
        producer.send(TOPIC, key=key.encode(), value=event).get(timeout=5)
    finally:
        producer.close(timeout=1)


def _demand_listener(address: str) -> None:
    """A closed port is known at once; kafka-python would try it for as long as it may."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), timeout=1).close()

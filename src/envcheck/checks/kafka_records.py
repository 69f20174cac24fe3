"""Records: one written, some read. By assignment and offset, so no group is ever joined."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from envcheck.checks.kafka_wire import NO_ERROR, Talk
from envcheck.checks.reach import Amiss
from envcheck.model.outcome import Observation, broken, not_yet

EARLIEST, LATEST = -2, -1  # the timestamps Kafka understands as the ends of a partition
FETCH_BYTES = 1024 * 1024
FETCH_WAIT_MS = 250
_MAGIC = 2  # the record format since Kafka 0.11


@dataclass(frozen=True, slots=True)
class Record:
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


def write(talk: Talk, topic: str, partition: int, key: bytes, value: bytes) -> int:
    """Append one record, acknowledged by every replica; its offset. Raises Amiss."""
    from kafka.protocol.producer import ProduceRequest

    data = ProduceRequest.TopicProduceData
    part = data.PartitionProduceData(index=partition, records=_batch(key, value))
    request = ProduceRequest(
        transactional_id=None,
        acks=-1,
        timeout_ms=1500,
        topic_data=[data(name=topic, partition_data=[part])],
    )
    said = talk.ask(request).responses[0].partition_responses[0]
    _check(said.error_code, f"{topic}-{partition}", "write to")
    return int(said.base_offset)


def read(talk: Talk, topic: str, offsets: Mapping[int, int]) -> tuple[list[Record], dict[int, int]]:
    """What is there from these offsets on (at most 1 MB a partition), and where to read on."""
    from kafka.protocol.consumer import FetchRequest

    part = FetchRequest.FetchTopic.FetchPartition
    parts = [
        part(partition=index, fetch_offset=offset, partition_max_bytes=FETCH_BYTES)
        for index, offset in offsets.items()
    ]
    request = FetchRequest(
        max_wait_ms=FETCH_WAIT_MS,
        min_bytes=1,
        max_bytes=16 * FETCH_BYTES,
        session_id=0,
        session_epoch=-1,
        topics=[FetchRequest.FetchTopic(topic=topic, partitions=parts)],
    )
    records: list[Record] = []
    for said in talk.ask(request).responses[0].partitions:
        _check(said.error_code, f"{topic}-{said.partition_index}", "read from")
        records += _records(said.partition_index, said.records, offsets[said.partition_index])
    return records, {**offsets, **{record.partition: record.offset + 1 for record in records}}


def ends(talk: Talk, topic: str, partitions: Sequence[int], at: int = LATEST) -> dict[int, int]:
    """The offset the next record will get (or, at EARLIEST, that of the first one kept)."""
    from kafka.protocol.consumer import ListOffsetsRequest

    topics = ListOffsetsRequest.ListOffsetsTopic
    parts = [topics.ListOffsetsPartition(partition_index=p, timestamp=at) for p in partitions]
    said = talk.ask(
        ListOffsetsRequest(replica_id=-1, topics=[topics(name=topic, partitions=parts)])
    )
    for part in said.topics[0].partitions:
        _check(part.error_code, f"{topic}-{part.partition_index}", "ask for the end of")
    return {part.partition_index: part.offset for part in said.topics[0].partitions}


def _batch(key: bytes, value: bytes) -> bytes:
    from kafka.record import MemoryRecordsBuilder

    builder = MemoryRecordsBuilder(_MAGIC, 0, 1 << 20)
    builder.append(timestamp=int(time.time() * 1000), key=key, value=value, headers=[])
    builder.close()
    return bytes(builder.buffer())


def _records(partition: int, data: Any, first: int) -> list[Record]:
    """A broker sends whole batches: what lies before the offset asked for is dropped here."""
    from kafka.record import MemoryRecords

    found: list[Record] = []
    batches = MemoryRecords(bytes(data or b""))
    while (batch := batches.next_batch()) is not None:
        if not batch.is_control_batch:
            found += [Record(partition, r.offset, r.key, r.value) for r in batch]
    return [record for record in found if record.offset >= first]


def _check(code: int, where: str, verb: str) -> None:
    if code != NO_ERROR:
        raise Amiss(refusal(code, f"could not {verb} {where}"))


def refusal(code: int, what: str) -> Observation:
    """What a broker's error number means, by number: the texts move."""
    from kafka.errors import for_code

    name = for_code(code).__name__.removesuffix("Error")
    observed = f"{what}: {name} (Kafka error {code})"
    if code in _HEALING:
        return not_yet(
            observed, cause=_HEALING[code], fix="wait for the election, then see the log"
        )
    cause, fix = _FINAL.get(code, ("kafka.error", "see the broker's log"))
    return broken(observed, cause=cause, fix=fix)


_HEALING = {
    3: "kafka.topic-missing",  # also said for a moment after a topic was made
    5: "kafka.no-leader",
    6: "kafka.no-leader",
    7: "kafka.silent",
    9: "kafka.no-leader",
    14: "kafka.coordinator-missing",
    15: "kafka.coordinator-missing",
    16: "kafka.coordinator-missing",
    19: "kafka.replicas-missing",
    56: "kafka.disk",
}
_FINAL = {
    10: ("kafka.message-too-large", "raise max.message.bytes, or send less"),
    17: ("kafka.topic-invalid", "correct the name of the topic"),
    29: ("kafka.denied", "grant the user access to the topic (ACL)"),
    30: ("kafka.denied", "grant the user access to the group (ACL)"),
    38: (
        "kafka.replication-factor",
        "use a replication factor no larger than the number of brokers",
    ),
    44: ("kafka.policy", "see the broker's topic policy"),
    87: (
        "kafka.invalid-record",
        "the topic is compacted or validated: name another for the round trip",
    ),
}

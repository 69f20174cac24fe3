"""A message with a mark nobody else has is written to a topic and read back."""

from __future__ import annotations

import uuid

from envcheck.checks.kafka_cluster import NO_LEADER, Cluster, cluster, talk_to
from envcheck.checks.kafka_records import read, write
from envcheck.checks.kafka_wire import Talk
from envcheck.checks.reach import Amiss
from envcheck.model.check import Scene
from envcheck.model.outcome import Observation, not_yet, passed

KEY = b"envcheck"  # one key, so that a compacted topic keeps at most one of ours


def round_trip(service: str, as_: str, topic: str, scene: Scene) -> Observation:
    """Write to partition 0, read from the offset the broker gave. Leaves one record there."""
    mark = f"envcheck {uuid.uuid4()}".encode()
    with talk_to(scene, service, as_) as talk:
        found = cluster(talk)
        with talk.with_broker(found.brokers, _leader(topic, found)) as leader:
            offset = write(leader, topic, 0, KEY, mark)
            return _read_back(leader, topic, offset, mark)


def _leader(topic: str, found: Cluster) -> int:
    if topic not in found.topics:
        raise Amiss(
            not_yet(
                f"the topic of the round trip does not exist: {topic}",
                cause="kafka.topic-missing",
                expected=f"a message written to {topic} is read back",
                fix=f"create {topic} (`envcheck seed`), or name another topic",
            )
        )
    leader = found.topics[topic].partitions[0].leader
    if leader == NO_LEADER:
        raise Amiss(
            not_yet(f"no leader for {topic}-0", cause="kafka.no-leader", fix="see the logs")
        )
    return leader


def _read_back(talk: Talk, topic: str, offset: int, mark: bytes) -> Observation:
    """The broker may answer a fetch empty-handed once; the second look settles it."""
    for _ in range(2):
        records, _next = read(talk, topic, {0: offset})
        if any(record.value == mark for record in records):
            return passed(f"a message written to {topic}-0 at offset {offset} was read back")
    return not_yet(
        f"the message written to {topic}-0 at offset {offset} cannot be read back",
        cause="kafka.round-trip",
        expected="the same message at that offset",
        fix="see the broker's log: replication, log directories, retention of the topic",
    )

"""What a broker says of its cluster, in our own nouns. Asking never creates a topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from envcheck.checks.kafka_wire import Talk
from envcheck.checks.reach import reached
from envcheck.model.check import Scene
from envcheck.model.target import Connection, Endpoint

NO_LEADER = -1


@dataclass(frozen=True, slots=True)
class Partition:
    index: int
    leader: int  # NO_LEADER while none is elected
    replicas: int


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    internal: bool
    partitions: Sequence[Partition]


@dataclass(frozen=True, slots=True)
class Cluster:
    id: str
    brokers: Mapping[int, Endpoint]  # as advertised
    topics: Mapping[str, Topic] = field(default_factory=dict)


def login_of(scene: Scene, service: str, as_: str = "") -> Connection | None:
    """How to log in: the identity's user where one is named, else what the Compose file says."""
    connection = scene.target(service).connection
    if not as_:
        return connection
    identity = scene.identity(as_)
    options = connection.options if connection else {}
    port = connection.port if connection else 9092
    return Connection("kafka", port, identity.user, identity.password, options=options)


def talk_to(scene: Scene, service: str, as_: str = "") -> Talk:
    """A conversation with the service, yet to be entered. Raises Amiss when nothing listens."""
    return Talk(reached(scene, service), login_of(scene, service, as_))


def cluster(talk: Talk) -> Cluster:
    """All brokers and topics."""
    from kafka.protocol.metadata import MetadataRequest

    said = talk.ask(MetadataRequest(topics=None, allow_auto_topic_creation=False))
    topics = (
        Topic(
            topic.name,
            bool(topic.is_internal),
            [
                Partition(p.partition_index, p.leader_id, len(p.replica_nodes))
                for p in topic.partitions
            ],
        )
        for topic in said.topics
    )
    brokers = {broker.node_id: Endpoint(broker.host, broker.port) for broker in said.brokers}
    return Cluster(said.cluster_id or "", brokers, {topic.name: topic for topic in topics})

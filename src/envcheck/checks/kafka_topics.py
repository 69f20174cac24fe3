"""Topics as declared: present, with their partitions, replicas, leaders and configuration."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from pydantic import Field

from envcheck.checks.kafka_cluster import NO_LEADER, Cluster, Topic
from envcheck.checks.kafka_wire import Talk
from envcheck.kind import Kind
from envcheck.model.outcome import Observation, broken, not_yet, passed

TOPIC_RESOURCE = 2  # DescribeConfigs' number for a topic


class TopicSpec(Kind):
    """``name: 6`` is short for ``name: {partitions: 6}``; what is not said is not looked at."""

    partitions: int | None = Field(default=None, ge=1)
    replication: int | None = Field(default=None, ge=1)
    config: Mapping[str, str | int | bool] = Field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.partitions} partitions" if self.partitions else "present"


def topics(wanted: Mapping[str, TopicSpec], _talk: Talk, found: Cluster) -> Observation:
    """The first topic that is missing, has other partitions, or other replicas."""
    missing = [name for name in wanted if name not in found.topics]
    if missing:
        return _missing(missing, found)
    for name, spec in wanted.items():
        wrong = _shape(spec, found.topics[name])
        if wrong is not None:
            return wrong
    count = sum(len(found.topics[name].partitions) for name in wanted)
    return passed(f"{len(wanted)} topics with {count} partitions")


def leaders(wanted: Mapping[str, TopicSpec], _talk: Talk, found: Cluster) -> Observation:
    """Of the declared topics, or of all where none is declared."""
    looked = [topic for topic in found.topics.values() if not wanted or topic.name in wanted]
    orphans = [
        f"{topic.name}-{part.index}"
        for topic in looked
        for part in topic.partitions
        if part.leader == NO_LEADER or part.leader not in found.brokers
    ]
    if not orphans:
        return passed(f"every partition of {len(looked)} topics has a leader")
    return not_yet(
        f"no leader for {len(orphans)} partitions, first {orphans[0]}",
        cause="kafka.no-leader",
        expected="a leader for every partition",
        fix="start the brokers that hold the replicas, or see why no leader is elected",
        evidence=(f"without a leader: {', '.join(orphans)}", f"brokers: {sorted(found.brokers)}"),
    )


def config(wanted: Mapping[str, Mapping[str, object]], talk: Talk, _found: Cluster) -> Observation:
    """Settings of topics as declared, compared as text."""
    from kafka.protocol.admin import DescribeConfigsRequest

    asked = [
        DescribeConfigsRequest.DescribeConfigsResource(
            resource_type=TOPIC_RESOURCE, resource_name=name, configuration_keys=list(keys)
        )
        for name, keys in wanted.items()
    ]
    answer = talk.ask(DescribeConfigsRequest(resources=asked))
    for said in answer.results:
        there = {entry.name: entry.value for entry in said.configs}
        for key, value in wanted[said.resource_name].items():
            if there.get(key) != _text(value):
                return _other_config(said.resource_name, key, value, there.get(key))
    return passed(f"configuration of {len(wanted)} topics as declared")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _missing(missing: list[str], found: Cluster) -> Observation:
    there = sorted(name for name, topic in found.topics.items() if not topic.internal)
    near = {name: get_close_matches(name, there, 1) for name in missing}
    hints = [f"{name}: the nearest there is {close[0]}" for name, close in near.items() if close]
    plural = "topics do" if len(missing) > 1 else "topic does"
    return not_yet(
        f"{plural} not exist: {', '.join(missing)}",
        cause="kafka.topic-missing",
        expected="every declared topic",
        fix=f"create {missing[0]} (`envcheck seed`, or the init job), or correct its name",
        evidence=(*hints, f"there are: {', '.join(there) or 'none'}"),
    )


def _shape(spec: TopicSpec, topic: Topic) -> Observation | None:
    count = len(topic.partitions)
    if spec.partitions and count != spec.partitions:
        return _other_count(topic.name, count, spec.partitions)
    replicas = min((part.replicas for part in topic.partitions), default=0)
    if spec.replication and replicas != spec.replication:
        return broken(
            f"{topic.name} has {replicas} replicas",
            cause="kafka.replication-factor",
            expected=f"{spec.replication} replicas",
            fix="reassign the partitions, or recreate the topic",
        )
    return None


def _other_count(name: str, count: int, wanted: int) -> Observation:
    fix = f"kafka-topics.sh --alter --topic {name} --partitions {wanted}"
    lost = "recreate the topic: partitions can be added, never taken away"
    maybe = ("one partition is the broker's default: it may have been created by a first message",)
    return broken(
        f"{name} has {count} partition{'s' if count != 1 else ''}",
        cause="kafka.partition-count",
        expected=f"{wanted} partitions",
        fix=fix if count < wanted else lost,
        evidence=maybe if count == 1 else (),
    )


def _other_config(topic: str, key: str, wanted: object, found: object) -> Observation:
    return broken(
        f"{topic}: {key} is {found}",
        cause="kafka.topic-config",
        expected=f"{key}: {_text(wanted)}",
        fix=f"kafka-configs.sh --alter --topic {topic} --add-config {key}={_text(wanted)}",
    )

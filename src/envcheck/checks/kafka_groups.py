"""Consumer groups: who is in them, how far they are behind. None is joined."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from envcheck.checks.kafka_cluster import Cluster
from envcheck.checks.kafka_records import ends, refusal
from envcheck.checks.kafka_wire import NO_ERROR, Talk
from envcheck.checks.reach import Amiss
from envcheck.kind import Kind
from envcheck.model.outcome import Observation, not_yet, passed


class GroupSpec(Kind):
    """A batch consumer that is away between its runs is ``members: 0``."""

    members: int = Field(default=1, ge=0)
    max_lag: int | None = Field(default=None, ge=0)


def members(group: str, wanted: int, talk: Talk, found: Cluster) -> Observation:
    """Consumers that are in the group right now."""
    from kafka.protocol.admin import DescribeGroupsRequest

    with _coordinator(group, talk, found) as there:
        said = there.ask(DescribeGroupsRequest(groups=[group])).groups[0]
    if said.error_code != NO_ERROR:
        raise Amiss(refusal(said.error_code, f"group {group} cannot be described"))
    count = len(said.members)
    if count >= wanted:
        return passed(f"group {group}: {count} members, {said.group_state}")
    return not_yet(
        f"group {group} has {count} members ({said.group_state or 'Dead'})",
        cause="kafka.no-members" if count == 0 else "kafka.members-missing",
        expected=f"{wanted} members",
        fix="see whether the consumer's service runs, and whether its group.id is this one",
    )


def lag(group: str, most: int, talk: Talk, found: Cluster) -> Observation:
    """Messages the group has yet to commit, over all partitions it ever committed."""
    with _coordinator(group, talk, found) as there:
        committed = _committed(group, there, found)
    behind = {
        f"{topic}-{index}": end - offsets[index]
        for topic, offsets in committed.items()
        for index, end in _ends(talk, found, topic, list(offsets)).items()
    }
    total = sum(behind.values())
    if total <= most:
        return passed(f"group {group} is {total} messages behind")
    worst = max(behind, key=lambda part: behind[part])
    return not_yet(
        f"group {group} is {total} messages behind",
        cause="kafka.group-lag",
        expected=f"at most {most}",
        fix="see whether the consumer's service runs and what it stumbles over (its log)",
        evidence=(f"furthest behind: {worst} by {behind[worst]}",),
    )


def _coordinator(group: str, talk: Talk, found: Cluster) -> Talk:
    """A conversation with the group's coordinator, yet to be entered."""
    from kafka.protocol.metadata import FindCoordinatorRequest

    said = talk.ask(FindCoordinatorRequest(key=group, key_type=0))
    if said.error_code != NO_ERROR:
        raise Amiss(refusal(said.error_code, f"no coordinator for group {group}"))
    return talk.with_broker(found.brokers, said.node_id)


def _committed(group: str, talk: Talk, found: Cluster) -> Mapping[str, Mapping[int, int]]:
    from kafka.protocol.consumer import OffsetFetchRequest

    asked = OffsetFetchRequest.OffsetFetchRequestTopic
    topics = [
        asked(name=topic.name, partition_indexes=[part.index for part in topic.partitions])
        for topic in found.topics.values()
        if not topic.internal
    ]
    said = talk.ask(OffsetFetchRequest(group_id=group, topics=topics))
    if said.error_code:  # None in the versions that have no such field
        raise Amiss(refusal(said.error_code, f"offsets of group {group}"))
    return {
        topic.name: {
            part.partition_index: part.committed_offset
            for part in topic.partitions
            if part.committed_offset >= 0
        }
        for topic in said.topics
    }


def _ends(talk: Talk, found: Cluster, topic: str, partitions: list[int]) -> dict[int, int]:
    """Each partition's end is its leader's to say."""
    led: dict[int, list[int]] = {}
    for part in found.topics[topic].partitions:
        if part.index in partitions:
            led.setdefault(part.leader, []).append(part.index)
    known: dict[int, int] = {}
    for node, mine in led.items():
        with talk.with_broker(found.brokers, node) as there:
            known |= ends(there, topic, mine)
    return known

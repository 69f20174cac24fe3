"""An event that must appear on a Kafka topic because of a request. No group is joined."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from envcheck.checks.api.memory import Memory
from envcheck.checks.json_words import shown
from envcheck.checks.kafka_cluster import Cluster, cluster, login_of, talk_to
from envcheck.checks.kafka_records import Record, ends, read
from envcheck.checks.kafka_wire import Talk
from envcheck.checks.matching import Matchers, difference
from envcheck.checks.reach import Amiss, reached
from envcheck.kind import Kind, Seconds
from envcheck.model.outcome import not_yet


class Message(Kind):
    """A record written after the check began whose key and JSON value match (``where``)."""

    service: str
    topic: str
    key: str = ""
    where: Matchers = Field(default_factory=dict)
    within: Seconds = Field(default=5.0, gt=0, le=60)

    def __str__(self) -> str:
        return f"a message on {self.topic} where {shown(self.where)} within {self.within:g}s"

    def note(self, memory: Memory) -> None:
        """Remember where the topic ends now, before anything is asked. Raises Amiss."""
        with talk_to(memory.scene, self.service) as talk:
            found = cluster(talk)
            offsets: dict[int, int] = {}
            for node, parts in self._led(found).items():
                with talk.with_broker(found.brokers, node) as leader:
                    offsets |= ends(leader, self.topic, parts)
        memory.offsets[self.service, self.topic] = offsets

    def await_(self, memory: Memory, as_: str) -> Any:
        """The JSON value of the first record that matches. Raises Amiss at the end of its time."""
        scene, key = memory.scene, str(memory.filled(self.key, as_))
        where = memory.filled(self.where, as_)
        end, seen = scene.now() + self.within, 0
        while True:
            for record in self._new(memory):
                seen += 1
                value = _value(record)
                if key in ("", _text(record.key)) and difference(value, where) is None:
                    return value
            if scene.now() >= end or not scene.pause(0.05):
                raise Amiss(self._missing(where, key, seen))

    def _new(self, memory: Memory) -> list[Record]:
        """What came since the last time, and remember how far we have read."""
        place = self.service, self.topic
        endpoint = reached(memory.scene, self.service)
        records: list[Record] = []
        with Talk(endpoint, login_of(memory.scene, self.service)) as talk:
            found = cluster(talk)
            for node, parts in self._led(found).items():
                offsets = {part: memory.offsets[place].get(part, 0) for part in parts}
                with talk.with_broker(found.brokers, node) as leader:
                    new, offsets = read(leader, self.topic, offsets)
                records += new
                memory.offsets[place] |= offsets
        return records

    def _led(self, found: Cluster) -> dict[int, list[int]]:
        """Partitions by the broker that leads them. Raises Amiss when there is no such topic."""
        if self.topic not in found.topics:
            raise Amiss(
                not_yet(
                    f"topic does not exist: {self.topic}",
                    cause="kafka.topic-missing",
                    fix=f"create {self.topic} (`envcheck seed`, or the init job)",
                    culprit=self.service,
                )
            )
        led: dict[int, list[int]] = {}
        for part in found.topics[self.topic].partitions:
            led.setdefault(part.leader, []).append(part.index)
        return led

    def _missing(self, where: Any, key: str, seen: int) -> Any:
        wanted = f"where {shown(where)}" + (f" with key {key}" if key else "")
        return not_yet(
            f"no message on {self.topic} {wanted} in {self.within:g}s",
            cause="api.event-missing",
            expected=str(self),
            fix="see the log of the service that should write it, and its queue or outbox",
            evidence=(f"{seen} other messages came in that time",),
        )


def _value(record: Record) -> Any:
    try:
        return json.loads(record.value or b"null")
    except ValueError:
        return _text(record.value)


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")

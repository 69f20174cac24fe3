"""The kind ``kafka``: brokers, topics, leaders, the advertised address, groups, a round trip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from envcheck.checks import kafka_groups, kafka_round_trip, kafka_topics
from envcheck.checks.kafka_address import advertised
from envcheck.checks.kafka_cluster import Cluster, cluster, talk_to
from envcheck.checks.kafka_groups import GroupSpec
from envcheck.checks.kafka_topics import TopicSpec
from envcheck.checks.kafka_wire import Talk
from envcheck.checks.reach import answering, reached
from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, not_yet, passed

ELECTION_SECONDS = 10.0  # a new topic may be without a leader that long and be healthy


def _topic(value: Any) -> Any:
    return {"partitions": value} if isinstance(value, int) else value or {}


class Kafka(Kind):
    """A Kafka broker answers in its protocol; its topics have their partitions and leaders; it can
    be reached at the address it advertises; a message written can be read back; consumer groups
    keep up. Topics are never created by asking, and no group is joined."""

    kind: ClassVar[str] = "kafka"

    service: str
    as_: str = ""
    brokers: int = Field(default=1, ge=1)
    topics: Mapping[
        str, Annotated[TopicSpec, BeforeValidator(_topic, json_schema_input_type=int | TopicSpec)]
    ] = Field(default_factory=dict)
    advertised: bool = True
    round_trip: str = ""
    groups: Mapping[str, GroupSpec] = Field(default_factory=dict)

    def checks(self) -> Sequence[Check]:
        return (*self._server(), *self._objects(), *self._groups(), *self._behaviour())

    def _server(self) -> list[Check]:
        wanted = f"{self.brokers} broker{'s' if self.brokers > 1 else ''}"
        found = [
            self._check("port", Level.NETWORK, self._port, "accepts a connection"),
            self._check("brokers", Level.HANDSHAKE, self._asking(self._brokers), wanted),
        ]
        if self.advertised:
            look, expected = self._asking(advertised), "an address that leads back to the broker"
            found.append(self._check("advertised-address", Level.OBJECT, look, expected))
        return found

    def _objects(self) -> list[Check]:
        leaders = self._asking(partial(kafka_topics.leaders, self.topics))
        expected = "a leader for every partition"
        checks = [self._check("leaders", Level.OBJECT, leaders, expected, grace=ELECTION_SECONDS)]
        if self.topics:
            expected = ", ".join(f"{name} ({spec})" for name, spec in self.topics.items())
            look = self._asking(partial(kafka_topics.topics, self.topics))
            checks.append(self._check("topics", Level.OBJECT, look, expected))
        configs = {name: spec.config for name, spec in self.topics.items() if spec.config}
        if configs:
            look, needs = (
                self._asking(partial(kafka_topics.config, configs)),
                {"kafka.topic-config"},
            )
            checks.append(
                self._check("topic-config", Level.CONTENT, look, str(configs), needs=needs)
            )
        return checks

    def _groups(self) -> list[Check]:
        checks = []
        for name, spec in self.groups.items():
            look = self._asking(partial(kafka_groups.members, name, spec.members))
            expected = f"{spec.members} members or more"
            checks.append(self._check(f"group {name}", Level.CONTENT, look, expected))
            if spec.max_lag is not None:
                look = self._asking(partial(kafka_groups.lag, name, spec.max_lag))
                expected, needs = f"at most {spec.max_lag} messages behind", {"kafka.end-offsets"}
                checks.append(
                    self._check(f"lag of {name}", Level.BEHAVIOUR, look, expected, needs=needs)
                )
        return checks

    def _behaviour(self) -> list[Check]:
        if not self.round_trip:
            return []
        login = partial(kafka_round_trip.round_trip, self.service, self.as_, self.round_trip)
        expected = f"a message written to {self.round_trip} is read back"
        return [self._check("round-trip", Level.BEHAVIOUR, login, expected)]

    def _check(
        self,
        name: str,
        level: Level,
        look: Callable[[Scene], Observation],
        expected: str,
        *,
        needs: set[str] | None = None,
        grace: float | None = None,
    ) -> Check:
        return Check(
            name,
            self.service,
            level,
            answering(look),
            expected,
            "kafka",
            needs=frozenset(needs or ()),
            grace=grace,
        )

    def _asking(
        self, judge: Callable[[Talk, Cluster], Observation]
    ) -> Callable[[Scene], Observation]:
        """A look that asks for the cluster first and hands it to ``judge``."""

        def look(scene: Scene) -> Observation:
            with talk_to(scene, self.service, self.as_) as talk:
                return judge(talk, cluster(talk))

        return look

    def _port(self, scene: Scene) -> Observation:
        return passed(f"{reached(scene, self.service)} accepts a connection")

    def _brokers(self, _talk: Talk, found: Cluster) -> Observation:
        known = ", ".join(f"{node} at {at}" for node, at in found.brokers.items()) or "none"
        if len(found.brokers) >= self.brokers:
            return passed(f"{len(found.brokers)} of {self.brokers} brokers: {known}")
        return not_yet(
            f"{len(found.brokers)} of {self.brokers} brokers are in the cluster: {known}",
            cause="kafka.brokers-missing",
            expected=f"{self.brokers} brokers",
            fix="see the logs of the brokers that are missing, and their quorum voters",
        )

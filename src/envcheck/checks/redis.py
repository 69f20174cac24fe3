"""The kind ``redis``: a Redis or Valkey server, judged by its replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from envcheck.checks import redis_behaviour as behaviour
from envcheck.checks.reach import answering, reached
from envcheck.checks.redis_greeting import speaks
from envcheck.checks.redis_session import Door, asking
from envcheck.checks.redis_talk import Talk
from envcheck.kind import Count, Kind, Seconds
from envcheck.model.amount import amount
from envcheck.model.check import Check, Level, Look, Scene
from envcheck.model.outcome import Observation, passed


class Redis(Kind):
    """A Redis or Valkey server lets the client in; it takes, keeps and deletes a key of ours.

    `as` is an identity with user and password (without it: what the Compose file says).
    `database` is the index the application uses. `role` is `master` or `replica`. `evictions`
    is how many keys it may have evicted (`0`, `"< 100"`). `writable: false` and
    `persistence: false` switch those two off.
    """

    kind: ClassVar[str] = "redis"

    service: str
    as_: str = ""
    database: int | None = Field(default=None, ge=0)
    port: int | None = Field(default=None, ge=1, le=65535)
    role: Literal["master", "replica"] | None = None
    writable: bool = True
    persistence: bool = True
    evictions: Count | None = None
    latency_p95: Seconds | None = None

    @property
    def door(self) -> Door:
        return Door(self.service, self.as_, self.database, self.port)

    def checks(self) -> Sequence[Check]:
        return (
            self._check("port", Level.NETWORK, answering(self._port), "accepts a connection"),
            self._check(
                "protocol", Level.HANDSHAKE, answering(self._protocol), "speaks Redis' protocol"
            ),
            self._asked("login", Level.LOGIN, behaviour.logged_in, "lets the client in"),
            *self._deeper(),
        )

    def _check(self, name: str, level: Level, look: Look, expected: str) -> Check:
        return Check(name, self.service, level, look, expected, kind=self.kind)

    def _asked(
        self, name: str, level: Level, ask: Callable[[Talk], Observation], expected: str
    ) -> Check:
        return self._check(name, level, asking(self.door, ask), expected)

    def _deeper(self) -> Iterator[Check]:
        if self.role is not None:
            yield self._asked("role", Level.OBJECT, behaviour.in_role(self.role), self.role)
        if self.persistence:
            yield self._asked(
                "persistence", Level.CONTENT, behaviour.saves, "no save to disk has failed"
            )
        if self.evictions is not None:
            expected = f"{amount(self.evictions)} keys evicted"
            yield self._asked(
                "evictions", Level.CONTENT, behaviour.evicts(self.evictions), expected
            )
        if self.writable and self.role != "replica":
            expected = "writes, reads, expires and deletes"
            yield self._asked("round-trip", Level.BEHAVIOUR, behaviour.round_trip, expected)
        if self.latency_p95 is not None:
            expected = f"p95 ≤ {self.latency_p95 * 1000:g} ms"
            ask = behaviour.answers_within(self.latency_p95)
            yield self._asked("latency", Level.BEHAVIOUR, ask, expected)

    def _port(self, scene: Scene) -> Observation:
        return passed(f"{reached(scene, self.service, self.port)} accepts a connection")

    def _protocol(self, scene: Scene) -> Observation:
        return speaks(reached(scene, self.service, self.port))

"""The kind ``s3``: any server that speaks S3 (MinIO, SeaweedFS, LocalStack, …)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from envcheck.checks import s3_buckets as buckets
from envcheck.checks.reach import answering
from envcheck.checks.s3_greeting import speaks_s3
from envcheck.checks.s3_objects import Objects, holds
from envcheck.checks.s3_session import Door, asking
from envcheck.checks.s3_wrong_keys import refuses_wrong_keys
from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Look
from envcheck.model.outcome import Observation, passed
from envcheck.system.s3 import REGION

AUTH_ENFORCED = frozenset({"s3.auth-enforced"})


class S3(Kind):
    """A server that speaks S3 accepts the key; then whatever is named.

    `as` is an identity with user (key id) and password (secret); without it the server's own key
    from the Compose file. `round-trip` names a bucket in which an object of ours is written, read
    and deleted. `versioning` says of buckets `enabled`, `suspended` or `off`. `objects` maps
    `bucket/prefix/` to `{count: ">= 1", parquet-rows: 500, schema: {item_id: string}}`.
    """

    kind: ClassVar[str] = "s3"

    service: str
    as_: str = ""
    region: str = REGION
    port: int | None = Field(default=None, ge=1, le=65535)
    buckets: tuple[str, ...] = ()
    versioning: dict[str, Literal["enabled", "suspended", "off"]] = Field(default_factory=dict)
    objects: dict[str, Objects] = Field(default_factory=dict)
    round_trip: str = ""
    wrong_key_refused: bool = False

    def checks(self) -> Sequence[Check]:
        door = Door(self.service, self.as_, self.region, self.port)
        own = [*self.buckets, *filter(None, [self.round_trip])]
        return (
            self._check("port", Level.NETWORK, _port(door), "accepts a connection"),
            self._check("protocol", Level.HANDSHAKE, speaks_s3(door), "speaks S3"),
            self._check(
                "login", Level.LOGIN, asking(door, buckets.logged_in(own)), "accepts the key"
            ),
            *self._declared(door),
            *self._behaviour(door),
        )

    def _check(self, name: str, level: Level, look: Look, expected: str) -> Check:
        return Check(name, self.service, level, look, expected, kind=self.kind)

    def _declared(self, door: Door) -> Iterator[Check]:
        def at(name: str, level: Level, ask: Callable[[Any], Observation], expected: str) -> Check:
            return self._check(name, level, asking(door, ask), expected)

        if self.buckets:
            expected = ", ".join(self.buckets)
            yield at("buckets", Level.OBJECT, buckets.buckets_exist(self.buckets), expected)
        if self.versioning:
            expected = ", ".join(f"{name}: {state}" for name, state in self.versioning.items())
            ask = buckets.versions_kept(self.versioning)
            yield at("versioning", Level.CONTENT, ask, expected)
        for place, wanted in self.objects.items():
            ask = holds(place, wanted)
            yield at(f"objects {place}", Level.CONTENT, ask, f"{wanted} under {place}")

    def _behaviour(self, door: Door) -> Iterator[Check]:
        if self.round_trip:
            look = asking(door, buckets.round_trip(self.round_trip))
            expected = f"writes, reads and deletes in {self.round_trip}"
            yield self._check("round-trip", Level.BEHAVIOUR, look, expected)
        if self.wrong_key_refused:
            yield replace(
                self._check(
                    "wrong-key",
                    Level.BEHAVIOUR,
                    refuses_wrong_keys(door),
                    "a wrong key is refused",
                ),
                needs=AUTH_ENFORCED,
            )


def _port(door: Door) -> Look:
    return answering(lambda scene: passed(f"{door.reach(scene)} accepts a connection"))

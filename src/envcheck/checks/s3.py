"""The kind ``s3``: any server that speaks S3 (MinIO, SeaweedFS, LocalStack, …)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from envcheck.checks import s3_buckets as buckets
from envcheck.checks.reach import answering
from envcheck.checks.s3_codes import garbled, lost, silent
from envcheck.checks.s3_objects import Objects, holds
from envcheck.checks.s3_session import REGION, Door, Login, asking, judged, status_of
from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Look, Scene
from envcheck.model.outcome import Observation, broken, not_yet, passed
from envcheck.model.target import Endpoint
from envcheck.system.http import Answered, Unanswered, fetch

# A server that is not up yet fails in its own words, whatever they look like.
SERVER_ERROR, STARTING = 500, 503
# As a client would ask, but as nobody: moto fails where no signature is offered at all.
UNSIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=envcheck/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
}
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
            self._check("protocol", Level.HANDSHAKE, _protocol(door), "speaks S3"),
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
                    _refuses_wrong_keys(door),
                    "a wrong key is refused",
                ),
                needs=AUTH_ENFORCED,
            )


def _port(door: Door) -> Look:
    return answering(lambda scene: passed(f"{door.reach(scene)} accepts a connection"))


def _protocol(door: Door) -> Look:
    def look(scene: Scene) -> Observation:
        endpoint = door.reach(scene)
        if door.scheme(scene) != "http":
            return passed(f"{endpoint} is asked over TLS, at login")
        try:
            return _judge_greeting(endpoint, _greeting(endpoint))
        except Unanswered as none:
            return _unanswered(endpoint, none)

    return answering(look)


def _greeting(endpoint: Endpoint) -> Answered:
    return fetch("GET", endpoint, "/", headers=UNSIGNED, timeout=2.0)


def _judge_greeting(endpoint: Endpoint, answer: Answered) -> Observation:
    """An S3 server answers in XML, refusing or not; a console sends a page or a way to one."""
    kind = next((v for k, v in answer.headers.items() if k.lower() == "content-type"), "")
    if answer.status >= SERVER_ERROR:
        return not_yet(
            f"it is not ready: HTTP {answer.status}",
            cause="s3.starting-up" if answer.status == STARTING else "s3.failing",
            fix="wait; its log says what is missing",
        )
    if answer.text.lstrip()[:14].lower().startswith(("<!doctype html", "<html")):
        return broken(
            f"{endpoint} serves web pages: it is the console, not the S3 API",
            cause="s3.console-port",
            fix="use the API's port (9000 where the console is 9001)",
            evidence=(f"HTTP {answer.status}, {kind}",),
        )
    return passed(f"{endpoint} answers HTTP {answer.status}, {kind or 'without a body'}")


def _unanswered(endpoint: Endpoint, none: Unanswered) -> Observation:
    if none.kind == "silent":
        return silent(str(endpoint))
    if none.kind == "reset":
        return lost(str(endpoint), none.detail)
    return garbled(str(endpoint), none.detail)


def _refuses_wrong_keys(door: Door) -> Look:
    def look(scene: Scene) -> Observation:
        login = door.login(scene)
        wrong = {
            "an unknown key": replace(login, key=f"envcheck{secrets.token_hex(6)}"),
            "a wrong secret": replace(login, secret=secrets.token_hex(20)),
        }
        return judged(login, lambda: _all_refused(door, wrong))

    return answering(look)


def _all_refused(door: Door, wrong: dict[str, Login]) -> Observation:
    accepted = [name for name, login in wrong.items() if _accepted(door, login)]
    if not accepted:
        return passed(f"refused: {', '.join(wrong)}")
    return broken(
        f"it accepts {' and '.join(accepted)}",
        cause="s3.wrong-key-accepted",
        fix="switch the server's authentication on",
    )


def _accepted(door: Door, login: Login) -> bool:
    from botocore.exceptions import ClientError

    try:
        door.client(login).list_buckets()
    except ClientError as error:
        if status_of(error.response) in (401, 403):
            return False
        raise
    return True

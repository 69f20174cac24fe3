"""Many requests until the rate limit speaks, its Retry-After taken at its word, and recovery."""

from __future__ import annotations

from collections import deque
from email.utils import parsedate_to_datetime

from pydantic import Field

from envcheck.checks.api.expect import Expect
from envcheck.checks.api.memory import Memory
from envcheck.checks.api.request import Exchange, Request
from envcheck.checks.reach import Amiss
from envcheck.kind import Kind, Seconds
from envcheck.model.outcome import Observation, broken

SETTLE = 0.2  # seconds after Retry-After: it is rounded to whole seconds, and clocks tick
RETRY_MOST = 120.0
ASKING = 10.0  # seconds spent on asking, at most


class TooSlow(Exception):  # noqa: N818 (neither we nor the service are wrong: nothing was proven)
    """The requests never came as fast as the limit is declared, so nothing is known of it."""


class Burst(Kind):
    """Requests until one answers ``until-status``, which it must before ``times`` of them came
    ``within`` that time; that answer must fit ``answer`` and name a Retry-After of at most
    ``recovers-within``, after which the request is answered again."""

    times: int = Field(ge=1, le=1000)
    within: Seconds = Field(default=60.0, gt=0, le=60)
    until_status: int = 429
    answer: Expect | None = None
    recovers_within: Seconds = Field(default=10.0, gt=0, le=RETRY_MOST)

    def __str__(self) -> str:
        return f"{self.until_status} before {self.limit}, and an answer after Retry-After"

    @property
    def limit(self) -> str:
        return f"{self.times} requests in {self.within:g}s"

    @property
    def seconds(self) -> float:
        """The longest it may take."""
        return ASKING + self.recovers_within + SETTLE

    def run(self, request: Request, expect: Expect, memory: Memory, as_: str) -> Exchange:
        """The answer after recovery. Raises Amiss, TooSlow."""
        limited = self._until(request, expect, memory, as_)
        if self.answer is not None:
            wanted = self.answer.model_copy(update={"status": self.until_status})
            wanted.judge(limited, memory)
        pause = self._retry_after(limited)
        if pause > self.recovers_within:
            observed = f"Retry-After is {pause:g}s"
            raise Amiss(_late(limited, observed, f"at most {self.recovers_within:g}s"))
        memory.scene.pause(pause + SETTLE)
        after = request.send(memory, as_)
        if after.answer.status == self.until_status:
            observed = f"still {self.until_status}, {pause + SETTLE:g}s after the first"
            raise Amiss(_late(after, observed, "an answer after Retry-After"))
        return after

    def _until(self, request: Request, expect: Expect, memory: Memory, as_: str) -> Exchange:
        """On a busy machine the first ones are slow: it goes on until they come fast enough."""
        now = memory.scene.now
        begun, sent = now(), deque[float](maxlen=self.times)
        while now() - begun < ASKING:
            sent.append(now())
            exchange = request.send(memory, as_)
            if exchange.answer.status == self.until_status:
                return exchange
            expect.judge(exchange, memory)
            if len(sent) == self.times and now() - sent[0] <= self.within:
                raise Amiss(_unlimited(exchange, self.limit, self.until_status))
        raise TooSlow(f"never {self.limit}: the machine or the service is too slow to tell")

    def _retry_after(self, limited: Exchange) -> float:
        headers = {name.lower(): value for name, value in limited.answer.headers.items()}
        said = headers.get("retry-after", "")
        if said.isdigit():
            return float(said)
        try:  # a date is as good, by the server's own clock
            then, now = parsedate_to_datetime(said), parsedate_to_datetime(headers["date"])
            return max((then - now).total_seconds(), 0.0)
        except (ValueError, TypeError, KeyError) as error:
            raise Amiss(_no_retry_after(limited, said)) from error


def _unlimited(exchange: Exchange, limit: str, status: int) -> Observation:
    return _broken(
        exchange,
        f"{limit}, and none was answered {status}",
        "api.no-rate-limit",
        f"{status} before {limit}",
        "switch the rate limit on, or lower it for the tenant of this check",
    )


def _no_retry_after(exchange: Exchange, said: str) -> Observation:
    return _broken(
        exchange,
        f"Retry-After is {said!r}" if said else "there is no Retry-After",
        "api.no-retry-after",
        "Retry-After in seconds, or a date",
        "send Retry-After with every 429, so that clients know when to come back",
    )


def _late(exchange: Exchange, observed: str, expected: str) -> Observation:
    fix = "let the window run out by itself; refused requests must not prolong it"
    return _broken(exchange, observed, "api.no-recovery", expected, fix)


def _broken(exchange: Exchange, observed: str, cause: str, expected: str, fix: str) -> Observation:
    return broken(
        f"{exchange.asked}: {observed}",
        cause=cause,
        expected=expected,
        fix=fix,
        evidence=exchange.evidence,
        culprit=exchange.service,
    )

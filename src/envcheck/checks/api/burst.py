"""Many requests until the rate limit speaks, its Retry-After taken at its word, and recovery."""

from __future__ import annotations

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


class Burst(Kind):
    """At most ``times`` requests until one answers ``until-status``; that one must fit ``answer``
    and name a Retry-After of at most ``recovers-within``, after which it is answered again."""

    times: int = Field(ge=1, le=1000)
    until_status: int = 429
    answer: Expect | None = None
    recovers_within: Seconds = Field(default=10.0, gt=0, le=RETRY_MOST)

    def __str__(self) -> str:
        return f"{self.until_status} within {self.times} requests, and recovery after Retry-After"

    def run(self, request: Request, expect: Expect, memory: Memory, as_: str) -> Exchange:
        """The answer after recovery. Raises Amiss."""
        limited, count = self._until(request, expect, memory, as_)
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
            observed = f"still {self.until_status} after {count} requests and {pause + SETTLE:g}s"
            raise Amiss(_late(after, observed, "an answer after Retry-After"))
        return after

    def _until(
        self, request: Request, expect: Expect, memory: Memory, as_: str
    ) -> tuple[Exchange, int]:
        for count in range(1, self.times + 1):
            exchange = request.send(memory, as_)
            if exchange.answer.status == self.until_status:
                return exchange, count
            expect.judge(exchange, memory)
        raise Amiss(_unlimited(exchange, self.times, self.until_status))

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


def _unlimited(exchange: Exchange, times: int, status: int) -> Observation:
    return _broken(
        exchange,
        f"{times} requests in a row, and none was answered {status}",
        "api.no-rate-limit",
        f"{status} within {times} requests",
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

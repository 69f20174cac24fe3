"""One step: ask (or wait for a message), judge, remember."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import Field, model_validator

from envcheck.checks.api.burst import Burst
from envcheck.checks.api.expect import Expect, json_of, quick_enough
from envcheck.checks.api.memory import Memory, names
from envcheck.checks.api.message import Message
from envcheck.checks.api.request import Exchange, Request
from envcheck.checks.json_paths import MISSING, find
from envcheck.checks.json_words import shown
from envcheck.checks.matching import Matchers, difference
from envcheck.checks.reach import Amiss
from envcheck.kind import Kind, Seconds
from envcheck.model.outcome import Answer, broken

POLL_SECONDS = 0.2


class Hopeless(Amiss):
    """It will never hold."""


class Eventually(Kind):
    """Asked again until it holds. ``broken`` are matchers of an answer that will never become
    right: it ends the waiting at once."""

    within: Seconds = Field(gt=0, le=600)
    broken: Matchers = Field(default_factory=dict)


class Step(Kind):
    """A request with what must come back, or a message that must appear; ``capture`` keeps values
    of the answer (jmespath) for later steps."""

    name: str = ""
    as_: str = ""
    request: Request | None = None
    message: Message | None = None
    expect: Expect = Expect()
    capture: dict[str, str] = Field(default_factory=dict)
    eventually: Eventually | None = None
    burst: Burst | None = None

    @model_validator(mode="after")
    def _one_deed(self) -> Step:
        if (self.request is None) == (self.message is None):
            raise ValueError("expected either request or message")
        if self.burst and self.request is None:
            raise ValueError("a burst needs a request")
        return self

    @property
    def service(self) -> str:
        deed = self.request or self.message
        return deed.service if deed else ""

    @property
    def title(self) -> str:
        if self.request:
            return self.name or f"{self.request.method.upper()} {self.request.path}"
        return self.name or str(self.message)

    @property
    def seconds(self) -> float:
        """The longest it may take."""
        if self.message:
            return self.message.within + 3.0
        asking = self.request.timeout * (3 if self.expect.within else 1) if self.request else 0.0
        asking += self.eventually.within if self.eventually else 0.0
        return asking + (self.burst.seconds if self.burst else 0.0)

    @property
    def needs(self) -> Iterator[str]:
        return names(self.model_dump())

    def run(self, memory: Memory, as_: str = "", *, foreign: bool = False) -> None:
        """Raises Amiss with the first thing that differs."""
        who = self.as_ or as_
        if self.eventually is None:
            self._once(memory, who, foreign)
            return
        end = memory.scene.now() + self.eventually.within
        while True:
            try:
                self._once(memory, who, foreign)
                return
            except Hopeless:
                raise
            except Amiss as amiss:
                if memory.scene.now() >= end or not memory.scene.pause(POLL_SECONDS):
                    raise _still(amiss, self.eventually.within) from amiss

    def _once(self, memory: Memory, who: str, foreign: bool) -> None:
        if self.message:
            body = self.message.await_(memory, who)
        elif self.request and self.burst:
            after = self.burst.run(self.request, self.expect, memory, who)
            body = self._judged(after, memory, who, foreign)
        elif self.request:
            body = self._judged(self.request.send(memory, who), memory, who, foreign)
        self._keep(body, memory)

    def _judged(self, exchange: Exchange, memory: Memory, who: str, foreign: bool) -> Any:
        request = self.request
        if self.eventually and self.eventually.broken:
            self._hopeless(exchange, self.eventually.broken)
        body = self.expect.judge(exchange, memory, foreign=foreign)
        if self.expect.within and request and (request.safe or not self.capture):
            quick_enough(exchange, self.expect.within, lambda: request.send(memory, who))
        return json_of(exchange) if self.capture and body is None else body

    def _hopeless(self, exchange: Exchange, signs: dict[str, Any]) -> None:
        try:
            body = exchange.answer.json()
        except ValueError:
            return
        if difference(body, signs) is not None:
            return
        observed = ", ".join(f"{path} is {shown(find(path, body))}" for path in signs)
        raise Hopeless(
            broken(
                f"{exchange.asked}: {observed}",
                cause="api.broken-for-good",
                expected=str(self.expect),
                fix="see the log of the service: it has given up by itself",
                evidence=exchange.evidence,
                culprit=exchange.service,
            )
        )

    def _keep(self, body: Any, memory: Memory) -> None:
        for name, path in self.capture.items():
            value = find(path, body)
            if value is MISSING or value is None:
                raise Amiss(
                    broken(
                        f"{self.title}: {path} is {shown(value)}",
                        cause="api.body",
                        expected=f"a value at {path}",
                        fix="correct what the service answers, or the check",
                        culprit=self.service,
                    )
                )
            memory.values[name] = value


def _still(amiss: Amiss, within: float) -> Amiss:
    """At the end of the patience: it was given its time, so nobody need ask again."""
    said = amiss.observation
    observed = f"{said.observed} (still, after {within:g}s)"
    return Amiss(replace(said, answer=Answer.NOT_YET, observed=observed))


def prefixed(amiss: Amiss, prefix: str) -> Amiss:
    """The same, saying which step it was."""
    said = amiss.observation
    return Amiss(replace(said, observed=f"{prefix}: {said.observed}"))

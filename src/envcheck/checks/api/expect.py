"""What must come back; the first thing that differs is what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from envcheck.checks.api.memory import Memory
from envcheck.checks.api.request import Exchange
from envcheck.checks.api.schema import Schema, nonconformity
from envcheck.checks.api.tokens import Token
from envcheck.checks.api.verdicts import wrong_status
from envcheck.checks.json_paths import MISSING
from envcheck.checks.json_words import mismatch, shown, valid_expected, valid_named
from envcheck.checks.matching import Matchers, difference
from envcheck.checks.reach import Amiss
from envcheck.kind import Kind, Seconds
from envcheck.model.outcome import broken

Status = int | tuple[int, ...] | None


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


class Expect(Kind):
    """Without ``status``, any success (2xx). ``text`` is contained in the body, or a mapping of
    matchers; ``headers`` are matched whatever the case of their names."""

    status: Status = None
    within: Seconds | None = None
    headers: Annotated[dict[str, Any], AfterValidator(valid_named)] = Field(default_factory=dict)
    json_: Matchers = Field(default_factory=dict)
    text: Annotated[Any, AfterValidator(valid_expected)] = None
    schema_: Schema = Field(default_factory=dict)
    jwt: Annotated[
        tuple[Token, ...], BeforeValidator(_listed, json_schema_input_type=Token | list[Token])
    ] = ()

    def __str__(self) -> str:
        parts = [f"status {shown_status(self.status)}"]
        parts += [f"{path}: {shown(value)}" for path, value in self.json_.items()]
        parts += [f"{name}: {shown(value)}" for name, value in self.headers.items()]
        parts += [f"within {self.within * 1000:.0f} ms"] if self.within else []
        parts += [f"{token.token} as declared" for token in self.jwt]
        return ", ".join(parts)

    def judge(self, exchange: Exchange, memory: Memory, *, foreign: bool = False) -> Any:
        """The JSON body, or None where none was asked for. Raises Amiss. ``foreign``: a refusal is
        expected because the thing belongs to somebody else."""
        self._judge_status(exchange, foreign)
        self._judge_headers(exchange, memory)
        self._judge_text(exchange, memory)
        if not (self.json_ or self.schema_ or self.jwt):
            return None
        body = json_of(exchange)
        self._judge_body(exchange, body, memory)
        return body

    def _judge_status(self, exchange: Exchange, foreign: bool) -> None:
        if not _fits(exchange.answer.status, self.status):
            raise Amiss(wrong_status(exchange, self.status, foreign=foreign))

    def _judge_headers(self, exchange: Exchange, memory: Memory) -> None:
        there = {name.lower(): value for name, value in exchange.answer.headers.items()}
        for name, expected in memory.filled(self.headers, exchange.as_).items():
            value = there.get(name.lower(), MISSING)
            wrong = mismatch(value, expected)
            if wrong:
                observed = f"header {name} is {shown(value)}"
                _amiss(exchange, observed, f"{name}: {wrong}", "api.header")

    def _judge_text(self, exchange: Exchange, memory: Memory) -> None:
        expected = memory.filled(self.text, exchange.as_)
        if isinstance(expected, str):
            expected = {"contains": expected}
        wrong = mismatch(exchange.answer.text, expected) if expected else ""
        if wrong:
            _amiss(exchange, "the body's text is another", f"text {wrong}", "api.body")

    def _judge_body(self, exchange: Exchange, body: Any, memory: Memory) -> None:
        wrong = difference(body, memory.filled(self.json_, exchange.as_))
        if wrong is not None:
            _amiss(exchange, str(wrong), wrong.expected, "api.body")
        wrong = nonconformity(body, self.schema_)
        if wrong is not None:
            _amiss(exchange, str(wrong), wrong.expected, "api.schema")
        for token in self.jwt:
            token.judge(exchange, body)


def quick_enough(exchange: Exchange, within: float, again: Callable[[], Exchange]) -> None:
    """A slow answer is asked for twice more; the median counts. Raises Amiss."""
    if exchange.answer.seconds <= within:
        return
    samples = sorted([exchange.answer.seconds, again().answer.seconds, again().answer.seconds])
    if samples[1] > within:
        took = ", ".join(f"{sample * 1000:.0f} ms" for sample in samples)
        _amiss(exchange, f"took {samples[1] * 1000:.0f} ms", f"within {within * 1000:.0f} ms",
               "api.too-slow", (f"three answers took {took}",))  # fmt: skip


def json_of(exchange: Exchange) -> Any:
    """Raises Amiss when the body is no JSON."""
    try:
        return exchange.answer.json()
    except ValueError as error:
        raise Amiss(_wrong(exchange, "the body is no JSON", "a JSON body", "api.body")) from error


def shown_status(status: Status) -> str:
    if status is None:
        return "2xx"
    return " or ".join(map(str, status)) if isinstance(status, tuple) else str(status)


def _fits(found: int, wanted: Status) -> bool:
    if wanted is None:
        return 200 <= found < 300  # noqa: PLR2004 (any success)
    return found in (wanted if isinstance(wanted, tuple) else (wanted,))


_FIXES: Mapping[str, str] = {
    "api.header": "correct the header the service sends",
    "api.body": "correct what the service answers, or the check",
    "api.schema": "correct the service's answer, or the schema",
    "api.too-slow": "see where the time goes: a cold cache, a missing index, a slow dependency",
}


def _wrong(
    exchange: Exchange, observed: str, expected: str, cause: str, more: tuple[str, ...] = ()
) -> Any:
    return broken(
        f"{exchange.asked}: {observed}",
        cause=cause,
        expected=expected,
        fix=_FIXES[cause],
        evidence=(*exchange.evidence, *more),
        culprit=exchange.service,
    )


def _amiss(
    exchange: Exchange, observed: str, expected: str, cause: str, more: tuple[str, ...] = ()
) -> None:
    raise Amiss(_wrong(exchange, observed, expected, cause, more))

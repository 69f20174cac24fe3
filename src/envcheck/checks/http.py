"""The kind ``http``: a service answers a request with the status and body it should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from envcheck.checks.exchange import no_answer, said
from envcheck.checks.matching import Matchers, difference
from envcheck.checks.reach import Amiss, address, answering
from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Answer, Observation, passed
from envcheck.system.http import Answered, Unanswered, fetch

MISDIRECTED = (401, 403, 405)  # what a service still starting does not say: the question is wrong


class Http(Kind):
    """A request is answered with the status and the body it should. ``status: any`` takes every
    answer that is HTTP at all."""

    kind: ClassVar[str] = "http"

    service: str
    get: str = Field(default="", pattern="^(/|$)")
    head: str = Field(default="", pattern="^(/|$)")
    post: str = Field(default="", pattern="^(/|$)")
    port: int | None = Field(default=None, ge=1, le=65535)
    as_: str = ""
    headers: Mapping[str, str] = Field(default_factory=dict)
    body: Any = None
    status: int | tuple[int, ...] | Literal["any"] = 200
    json_: Matchers = Field(default_factory=dict)
    text: str = ""

    @model_validator(mode="after")
    def _one_request(self) -> Http:
        if sum(map(bool, (self.get, self.head, self.post))) != 1:
            raise ValueError("expected exactly one of get, head, post with a path such as /health")
        return self

    @property
    def asked(self) -> str:
        method = "GET" if self.get else "HEAD" if self.head else "POST"
        return f"{method} {self.get or self.head or self.post}"

    def checks(self) -> Sequence[Check]:
        look = answering(self._look)
        return (Check(self.asked, self.service, Level.HANDSHAKE, look, self._expected(), "http"),)

    def _expected(self) -> str:
        wanted = "any status" if self.status == "any" else f"status {_either(self.status)}"
        parts = [wanted, *(f"{path}: {value}" for path, value in self.json_.items())]
        return ", ".join([*parts, f"text {self.text!r}"] if self.text else parts)

    def _look(self, scene: Scene) -> Observation:
        answer = self._answer(scene)
        self._judge_status(answer)
        self._judge_body(answer)
        return passed(f"{self.asked} answered {answer.status}", evidence=said(self.asked, answer))

    def _answer(self, scene: Scene) -> Answered:
        headers = dict(scene.identity(self.as_).headers) if self.as_ else {}
        method, path = self.asked.split(" ", 1)
        endpoint = address(scene, self.service, self.port)
        try:
            return fetch(
                method,
                endpoint,
                path,
                headers={**headers, **self.headers},
                json=self.body,
                timeout=2.5,  # seconds: the whole look must end within three
            )
        except Unanswered as error:
            raise Amiss(no_answer(self.asked, error)) from error

    def _judge_status(self, answer: Answered) -> None:
        wanted = self.status
        if wanted == "any" or answer.status in (wanted if isinstance(wanted, tuple) else (wanted,)):
            return
        final = Answer.BROKEN if answer.status in MISDIRECTED else Answer.NOT_YET
        raise Amiss(
            Observation(
                final,
                f"{self.asked} answered {answer.status}",
                f"status {_either(wanted)}",
                "http.status",
                _FIXES.get(answer.status, _FIXES[answer.status // 100]),
                said(self.asked, answer),
            )
        )

    def _judge_body(self, answer: Answered) -> None:
        if self.text and self.text not in answer.text:
            self._wrong_body(answer, "the text is not in the body", f"text {self.text!r}")
        if not self.json_:
            return
        try:
            body = answer.json()
        except ValueError:
            self._wrong_body(answer, "the body is no JSON", "a JSON body")
        wrong = difference(body, self.json_)
        if wrong is not None:
            self._wrong_body(answer, str(wrong), wrong.expected)

    def _wrong_body(self, answer: Answered, observed: str, expected: str) -> None:
        raise Amiss(
            Observation(
                Answer.NOT_YET,  # health bodies change while a service warms up
                f"{self.asked}: {observed}",
                expected,
                "http.body",
                f"see the log of {self.service}, and the checks its body names",
                said(self.asked, answer),
            )
        )


_FIXES = {
    401: "give the check an identity (`as:`), or let the path be asked without one",
    403: "give the check an identity that may ask this (`as:`)",
    404: "correct the path, or see why the service does not serve it",
    405: "correct the method of the check",
    429: "the rate limit is spent: raise it for this environment, or ask less",
    1: "see what stands in front of the service",
    2: "correct the expected status, or the service",
    3: "ask the path it redirects to; redirects are not followed",
    4: "correct the request of the check, or the service",
    5: "see the service's log: it failed to answer",
}


def _either(status: int | tuple[int, ...] | str) -> str:
    return " or ".join(map(str, status)) if isinstance(status, tuple) else str(status)

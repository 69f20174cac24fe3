"""A job as an HTTP interface offers it: what it is asked, how it is followed, what it leaves."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from envcheck.kind import Kind
from envcheck.model.check import Scene
from envcheck.model.outcome import Observation, broken
from envcheck.model.seed import SeedFailed
from envcheck.seeds.job_http import Expression, Reply, Request, ask, expect_success, search
from envcheck.seeds.job_waiting import Patience


class Expected(Kind):
    """The answer that means: it is there. ``json`` maps jmespath expressions to values."""

    status: int = 200
    json_: dict[Expression, Any] = Field(default_factory=dict)

    def differs(self, reply: Reply) -> str:
        """Empty when the reply is as expected, else the first thing that is not."""
        if reply.status != self.status:
            return f"{reply.what} answered {reply.status}, not {self.status}"
        for expression, value in self.json_.items():
            found = search(expression, reply.data)
            if found != value or isinstance(found, bool) != isinstance(value, bool):
                return f"{reply.what}: {expression} is {found!r}, not {value!r}"
        return ""


class Unless(Kind):
    as_: str = ""
    request: Request
    expect: Expected = Expected()


class OverHttp(Kind):
    """Start it with one request, then ask until ``done`` or ``failed`` (jmespath) holds.

    ``{{name}}`` in the poll's path is taken from the answer to the request.
    """

    as_: str = ""
    request: Request
    poll: Request
    done: Expression
    failed: Expression = "`false`"

    def run(self, scene: Scene, patience: Patience) -> None:
        started = expect_success(ask(scene, self.request, self.as_), "job.refused")
        poll = self.poll.filled(started.data)
        while True:
            reply = expect_success(ask(scene, poll, self.as_), "job.lost")
            if search(self.done, reply.data) is True:
                return
            if search(self.failed, reply.data) is True:
                raise SeedFailed(_failed(self.request.service, reply))
            patience.wait(str(search("step || status", reply.data) or "running"))


def _failed(service: str, reply: Reply) -> Observation:
    return broken(
        f"{service} says the job failed",
        cause="job.failed",
        fix=f"see the reason in the answer and in the log of {service}",
        evidence=reply.evidence,
    )

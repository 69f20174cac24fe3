"""HTTP as a job speaks it: a request of the fixture's author, an answer nobody vouches for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, model_validator

from envcheck.kind import Kind
from envcheck.model.check import Scene
from envcheck.model.outcome import Observation, broken, not_yet
from envcheck.model.seed import SeedFailed
from envcheck.system.http import Unanswered, fetch

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
PATIENT = 20.0  # seconds: a server that trains or starts tasks answers late without being broken
EXCERPT = 200  # characters of a body shown as evidence


def compiled(expression: str) -> str:
    """The expression itself; ValueError says where it is no jmespath."""
    import jmespath

    jmespath.compile(expression)
    return expression


Expression = Annotated[str, AfterValidator(compiled)]


def search(expression: str, data: Any) -> Any:
    """None also where the data are not of the kind the expression needs: they come from outside."""
    import jmespath

    try:
        return jmespath.search(expression, data)
    except jmespath.exceptions.JMESPathError:
        return None


class Request(Kind):
    """One request: exactly one of get, post, put, patch holds the path."""

    service: str
    get: str = ""
    post: str = ""
    put: str = ""
    patch: str = ""
    json_: Any = None

    @model_validator(mode="after")
    def _one_method(self) -> Request:
        if sum(map(bool, (self.get, self.post, self.put, self.patch))) != 1:
            raise ValueError("expected exactly one of get, post, put, patch")
        return self

    @property
    def method(self) -> str:
        return next(name for name in ("get", "post", "put", "patch") if getattr(self, name)).upper()

    @property
    def path(self) -> str:
        return self.get or self.post or self.put or self.patch

    def filled(self, values: Any) -> Request:
        """``{{name}}`` in the path replaced by what jmespath finds under it in ``values``."""

        def value(found: re.Match[str]) -> str:
            said = search(found[1], values)
            return quote(str("" if said is None else said), safe="")

        path = PLACEHOLDER.sub(value, self.path)
        return self.model_copy(update={self.method.lower(): path})


@dataclass(frozen=True, slots=True)
class Reply:
    """``data`` is None where the body is no JSON."""

    what: str
    status: int
    data: Any
    text: str

    @property
    def evidence(self) -> tuple[str, ...]:
        return (f"{self.what} answered {self.status}: {self.text[:EXCERPT]}",)


def ask(scene: Scene, request: Request, who: str, seconds: float = PATIENT) -> Reply:
    """Send it as the named identity. Raises SeedFailed where no answer comes back in time."""
    target = scene.target(request.service)
    headers: Mapping[str, str] = scene.identity(who).headers if who else {}
    what = f"{request.method} {request.path} on {request.service}"
    try:
        answer = fetch(
            request.method,
            target.endpoint(),
            request.path,
            headers=headers,
            json=request.json_,
            timeout=seconds,
        )
    except Unanswered as silence:
        raise SeedFailed(_unanswered(request, silence)) from silence
    try:
        data = answer.json()
    except ValueError:
        data = None
    return Reply(what, answer.status, data, answer.text)


def expect_success(reply: Reply, cause: str) -> Reply:
    """The reply, when it is a 2xx. Raises SeedFailed."""
    if 200 <= reply.status < 300:  # noqa: PLR2004 (RFC 9110: successful)
        return reply
    raise SeedFailed(refused(reply, cause))


def refused(reply: Reply, cause: str) -> Observation:
    if reply.status in (401, 403):
        said = f"{reply.what} answered {reply.status}: not allowed"
        fix = "correct the identity the job runs as, or its credentials"
        return broken(said, cause="job.denied", fix=fix, evidence=reply.evidence)
    said = f"{reply.what} answered {reply.status}"
    fix = "see the service's log for the reason"
    return broken(said, cause=cause, fix=fix, evidence=reply.evidence)


def _unanswered(request: Request, silence: Unanswered) -> Observation:
    return not_yet(
        f"{request.service}: {silence.detail}",
        cause=f"network.{silence.kind}",
        fix=f"see why {request.service} does not answer",
        culprit=request.service,
    )

"""The login recipe: a request whose answer holds a token."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from envcheck.engine.identity_tokens import claims
from envcheck.model.check import Identity, LoginRefused
from envcheck.model.environment import IdentitySpec
from envcheck.model.outcome import Answer, Observation, not_yet
from envcheck.model.target import Endpoint, Target
from envcheck.system.http import Answered, Unanswered, fetch

LOGIN_SECONDS = 2.5  # a check that needs the token has three for everything
REFUSALS = range(400, 500)
TOO_MANY = 429
_NAME = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Admitted:
    """Let in. ``seconds`` is how long that lasts, None for as long as we like."""

    identity: Identity
    secrets: tuple[str, ...] = ()
    seconds: float | None = None


def log_in(
    spec: IdentitySpec, target: Callable[[str], Target], before: Admitted | None = None
) -> Admitted:
    """By the refresh recipe where there is one and something to refresh, else by the login.
    Raises LoginRefused; KeyError where the service does not run here."""
    refresh = spec.fields.get("refresh")
    if refresh and before is not None:
        with suppress(LoginRefused):  # the refresh token is spent: log in as the first time
            return _admitted(spec, target, _refreshing(refresh, before))
    return _admitted(spec, target, spec.fields)


def _refreshing(refresh: Mapping[str, Any], before: Admitted) -> dict[str, Any]:
    """``json: {refresh_token: "{{refresh_token}}"}`` with what the last answer said."""
    known = before.identity.values or {}
    body = {
        name: _NAME.sub(lambda found: known.get(found[1], ""), str(value))
        for name, value in dict(refresh.get("json") or {}).items()
    }
    return {**refresh, "json": body}


def _admitted(
    spec: IdentitySpec, target: Callable[[str], Target], asked: Mapping[str, Any]
) -> Admitted:
    service, path = str(spec.fields["service"]), str(asked["post"])
    answer = _answer(spec, _endpoint(target(service), service), path, asked)
    body = _body(spec, service, path, answer)
    token = _find(str(asked.get("token") or spec.fields["token"]), body)
    if not isinstance(token, str) or not token:
        raise LoginRefused(_no_token(spec, service, path, answer))
    life = _find(str(spec.fields.get("expires_in") or ""), body)
    told = {str(k): str(v) for k, v in body.items() if isinstance(v, str | int | float)}
    values = {**claims(token), **told, "token": token}
    identity = Identity(spec.name, {"Authorization": f"Bearer {token}"}, values=values)
    secrets = (token, *(v for k, v in told.items() if "token" in k and len(v) > len("Bearer")))
    return Admitted(identity, secrets, float(life) if isinstance(life, int | float) else None)


def _endpoint(target: Target, service: str) -> Endpoint:
    try:
        return target.endpoint()
    except LookupError as error:
        fix = f"publish the port of {service} in the Compose file (`ports:`)"
        said = not_yet(str(error), cause="network.no-port", fix=fix, culprit=service)
        raise LoginRefused(said) from error


def _answer(
    spec: IdentitySpec, endpoint: Endpoint, path: str, asked: Mapping[str, Any]
) -> Answered:
    try:
        return fetch(
            "POST",
            endpoint,
            path,
            json=asked.get("json"),
            headers=spec.fields.get("headers"),
            timeout=LOGIN_SECONDS,
        )
    except Unanswered as error:
        service = str(spec.fields["service"])
        raise LoginRefused(
            not_yet(
                f"{spec.name} cannot log in: {error.detail}",
                cause=f"http.{error.kind}",
                expected=f"an answer of {service}",
                fix=f"see why {service} does not answer (its log, its exit code)",
                evidence=(f"POST {path}",),
                culprit=service,
            )
        ) from error


def _body(spec: IdentitySpec, service: str, path: str, answer: Answered) -> dict[str, Any]:
    if answer.status // 100 != 2:  # noqa: PLR2004 (any success)
        raise LoginRefused(_refused(spec, service, path, answer))
    try:
        body = answer.json()
    except ValueError as error:
        raise LoginRefused(_no_token(spec, service, path, answer)) from error
    if not isinstance(body, dict):
        raise LoginRefused(_no_token(spec, service, path, answer))
    return body


def _find(path: str, body: Any) -> Any:
    import jmespath

    return jmespath.search(path, body) if path else None


def _refused(spec: IdentitySpec, service: str, path: str, answer: Answered) -> Observation:
    """A service still coming up says 5xx; who is refused by name stays refused."""
    final = answer.status in REFUSALS and answer.status != TOO_MANY
    return Observation(
        Answer.BROKEN if final else Answer.NOT_YET,
        f"{service} refuses the login of {spec.name}: status {answer.status}",
        "a token",
        "api.login-refused",
        "seed the user (`envcheck seed`), or correct name, password and path of the identity",
        (f"POST {path} → {answer.status}",),
        service,
    )


def _no_token(spec: IdentitySpec, service: str, path: str, answer: Answered) -> Observation:
    return Observation(
        Answer.BROKEN,
        f"{service} answered the login of {spec.name} without a token",
        f"a token at {spec.fields['token']}",
        "api.login-refused",
        "correct `token:` of the identity, or what the service answers",
        (f"POST {path} → {answer.status}",),
        service,
    )

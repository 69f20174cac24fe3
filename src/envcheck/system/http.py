"""The HTTP door: one request, one answer, a hard deadline, no redirect followed."""

from __future__ import annotations

import json as jsonlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from envcheck.model.target import Endpoint
from envcheck.system.tcp import unreachable

BODY_LIMIT = 4 * 1024 * 1024  # bytes of an answer we are willing to hold
CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Answered:
    """``seconds`` runs from sending to the last byte of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    truncated: bool = False

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Raises ValueError when the body is no JSON."""
        return jsonlib.loads(self.body)


class Unanswered(Exception):  # noqa: N818 (an answer to be judged, not our error)
    """No HTTP answer: ``kind`` is refused, silent, reset, garbled or unknown-host."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


def fetch(
    method: str,
    endpoint: Endpoint,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    data: bytes | str | None = None,
    files: Mapping[str, Any] | None = None,
    params: Mapping[str, str] | None = None,
    timeout: float = 3.0,
) -> Answered:
    """Send one request to an address of the environment. Raises Unanswered."""
    refused = unreachable(endpoint, min(timeout, 1.0))
    if refused is not None:
        raise Unanswered(refused.cause.removeprefix("network."), refused.observed)
    started = time.monotonic()
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy, no .netrc: credentials stay ours
            answer = session.request(
                method,
                f"http://{endpoint}{path}",
                headers=dict(headers or {}),
                json=json,
                data=data,
                files=files,
                params=params,
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            )
            body, truncated = _read(answer, started + timeout)
    except requests.Timeout as error:
        raise Unanswered("silent", f"{endpoint} gave no answer in {timeout:g}s") from error
    except requests.RequestException as error:
        raise Unanswered(*_kind(endpoint, error)) from error
    seconds = time.monotonic() - started
    return Answered(answer.status_code, dict(answer.headers), body, seconds, truncated)


def _read(answer: requests.Response, deadline: float) -> tuple[bytes, bool]:
    body = bytearray()
    for chunk in answer.iter_content(CHUNK):
        body += chunk
        if len(body) > BODY_LIMIT:
            return bytes(body[:BODY_LIMIT]), True
        if time.monotonic() > deadline:
            raise requests.Timeout("the body never ended")
    return bytes(body), False


def _kind(endpoint: Endpoint, error: requests.RequestException) -> tuple[str, str]:
    text = str(error)
    if "RemoteDisconnected" in text or "reset" in text.lower():
        return "reset", f"{endpoint} accepted the connection and closed it without an answer"
    return "garbled", f"{endpoint} did not answer in HTTP: {type(error).__name__}"

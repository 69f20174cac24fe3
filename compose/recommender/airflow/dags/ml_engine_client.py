"""Asks ml-engine over HTTP. Standard library only: every task pays for what is imported here."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

TIMEOUT = 300  # seconds; training the full profile takes a tenth of it


class EngineRefused(Exception):  # noqa: N818 (an answer, not a fault of ours)
    """ml-engine said no, or said nothing; the text is for the task's log."""


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer's JSON. Raises EngineRefused on anything but success."""
    base = os.environ.get("ML_ENGINE_URL", "http://ml-engine:8001")
    request = Request(  # noqa: S310 (the address comes from the deployment)
        base + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "X-Internal-Token": os.environ.get("INTERNAL_TOKEN", ""),
        },
    )
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            return json.loads(answer.read())
    except HTTPError as error:
        raise EngineRefused(f"{method} {path}: {error.code}, {_reason(error)}") from None
    except URLError as error:
        raise EngineRefused(f"ml-engine at {base} does not answer: {error.reason}") from None


def _reason(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read())["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return str(error.reason)

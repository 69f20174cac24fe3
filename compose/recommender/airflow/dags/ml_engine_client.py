"""Asks ml-engine over HTTP, for tasks. Standard library only: every task pays for the imports."""

from __future__ import annotations

import json
import os
from typing import Any, NoReturn
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from airflow.sdk.exceptions import AirflowFailException

TIMEOUT = 300  # seconds; training the full profile takes a fiftieth of it


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer's JSON. Anything but success fails the task, without retries."""
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
        fail(f"{method} {path}: {error.code}, {_reason(error)}")
    except OSError as error:  # refused, unknown, reset or silent
        fail(f"ml-engine at {base} does not answer: {getattr(error, 'reason', error)}")


def fail(reason: str) -> NoReturn:
    """Said as a line of its own: Airflow's keeps the reason out of the line's text."""
    print(reason)
    raise AirflowFailException(reason)


def _reason(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read())["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return str(error.reason)

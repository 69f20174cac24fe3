"""One HTTP exchange, as checks speak of it: what was asked, why no answer came, what it said."""

from __future__ import annotations

import re

from envcheck.model.outcome import Observation, not_yet
from envcheck.system.http import Answered, Unanswered

EXCERPT = 200  # characters of a body worth keeping as evidence
_SECRET_FIELD = re.compile(
    r'("[^"]*(?:token|password|secret|key|authorization)[^"]*"\s*:\s*)"[^"]+"', re.IGNORECASE
)
_JWT = re.compile(r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*")

_WORDS = {
    "refused": "see why the service does not listen there (its log, its exit code)",
    "silent": "see what the service hangs on: a dependency without a timeout, a deadlock",
    "reset": "see the service's log: it closed the connection without an answer",
    "garbled": "check the port: what listens there does not speak HTTP (TLS, or another protocol)",
    "unknown-host": "correct the host name",
}


def no_answer(asked: str, error: Unanswered, culprit: str = "") -> Observation:
    """A *not yet* named ``http.refused``, ``http.silent``, ``http.reset``, ``http.garbled``."""
    return not_yet(
        error.detail,
        cause=f"http.{error.kind}",
        fix=_WORDS.get(error.kind, "see the service's log"),
        evidence=(asked,),
        culprit=culprit,
    )


def said(asked: str, answer: Answered) -> tuple[str, ...]:
    """Evidence: the request line with its status, and the beginning of the body."""
    body = concealed(" ".join(answer.text[: EXCERPT * 4].split()))
    if len(body) > EXCERPT:
        body = f"{body[:EXCERPT]}…"
    line = f"{asked} → {answer.status} in {answer.seconds * 1000:.0f} ms"
    return (line, f"body: {body}") if body else (line, "no body")


def concealed(text: str) -> str:
    """Without what looks like a credential: the gate knows only the ones we fetched ourselves."""
    return _JWT.sub("…", _SECRET_FIELD.sub(r'\1"…"', text))

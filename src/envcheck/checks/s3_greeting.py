"""Is it S3 at all that answers there, before anybody shows a key?"""

from __future__ import annotations

from envcheck.checks.reach import answering
from envcheck.checks.s3_codes import garbled, lost, silent
from envcheck.checks.s3_session import Door
from envcheck.model.check import Look, Scene
from envcheck.model.outcome import Observation, broken, not_yet, passed
from envcheck.model.target import Endpoint
from envcheck.system.http import Answered, Unanswered, fetch

# A server that is not up yet fails in its own words, whatever they look like.
SERVER_ERROR, STARTING = 500, 503
# As a client would ask, but as nobody: moto fails where no signature is offered at all.
UNSIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=envcheck/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
}


def speaks_s3(door: Door) -> Look:
    def look(scene: Scene) -> Observation:
        endpoint = door.reach(scene)
        if door.scheme(scene) != "http":
            return passed(f"{endpoint} is asked over TLS, at login")
        try:
            return _judge_greeting(endpoint, _greeting(endpoint))
        except Unanswered as none:
            return _unanswered(endpoint, none)

    return answering(look)


def _greeting(endpoint: Endpoint) -> Answered:
    return fetch("GET", endpoint, "/", headers=UNSIGNED, timeout=2.0)


def _judge_greeting(endpoint: Endpoint, answer: Answered) -> Observation:
    """An S3 server answers in XML, refusing or not; a console sends a page or a way to one."""
    kind = next((v for k, v in answer.headers.items() if k.lower() == "content-type"), "")
    if answer.status >= SERVER_ERROR:
        return not_yet(
            f"it is not ready: HTTP {answer.status}",
            cause="s3.starting-up" if answer.status == STARTING else "s3.failing",
            fix="wait; its log says what is missing",
        )
    if answer.text.lstrip()[:14].lower().startswith(("<!doctype html", "<html")):
        return broken(
            f"{endpoint} serves web pages: it is the console, not the S3 API",
            cause="s3.console-port",
            fix="use the API's port (9000 where the console is 9001)",
            evidence=(f"HTTP {answer.status}, {kind}",),
        )
    return passed(f"{endpoint} answers HTTP {answer.status}, {kind or 'without a body'}")


def _unanswered(endpoint: Endpoint, none: Unanswered) -> Observation:
    if none.kind == "silent":
        return silent(str(endpoint))
    if none.kind == "reset":
        return lost(str(endpoint), none.detail)
    return garbled(str(endpoint), none.detail)

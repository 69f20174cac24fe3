"""The kinds ``http`` and ``tcp`` against real sockets."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import Any

import pytest

from envcheck.checks.http import Http
from envcheck.checks.tcp import Tcp
from envcheck.model.check import Identity
from envcheck.model.outcome import Answer, Observation
from envcheck.model.target import Endpoint, Target
from tests.checks import half_started
from tests.checks.asking import explains, first_wrong
from tests.checks.web import Asked, Said, scene_at, web
from tests.fakes.scene import FakeScene

pytestmark = pytest.mark.real

HEALTHY = {"status": "healthy", "checks": {"database": {"status": "healthy"}, "queue": None}}


def http(**fields: Any) -> Http:
    return Http.model_validate({"service": "api", "get": "/health", **fields})


def look(kind: Http | Tcp, scene: FakeScene) -> Observation:
    (check,) = kind.checks()
    return check.look(scene)


def test_a_healthy_service_passes() -> None:
    with web({"GET /health": Said(HEALTHY)}) as api:
        kind = http(json={"status": "healthy", "checks.database.status": "healthy"})
        assert look(kind, api.scene()).passed


def test_it_asks_as_somebody_and_with_its_own_headers() -> None:
    def only_known(asked: Asked) -> Said:
        known = asked.token == "t" and asked.headers["x-extra"] == "1"
        return Said(HEALTHY, 200 if known else 401)

    with web({"GET /health": only_known}) as api:
        scene = api.scene(admin=Identity("admin", {"Authorization": "Bearer t"}))
        assert look(http(**{"as": "admin", "headers": {"X-Extra": "1"}}), scene).passed
        assert look(http(headers={"X-Extra": "1"}), scene).cause == "http.status"


@pytest.mark.parametrize(
    ("said", "fields", "cause", "observed"),
    [
        (Said(HEALTHY, 503), {}, "http.status", "answered 503"),
        (Said({"status": "degraded"}), {"json": {"status": "healthy"}}, "http.body", '"degraded"'),
        (Said(HEALTHY), {"json": {"model": "ready"}}, "http.body", "model is missing"),
        (Said(HEALTHY), {"json": {"checks.queue": "up"}}, "http.body", "checks.queue is null"),
        (Said("<h1>hello</h1>"), {"json": {"status": "healthy"}}, "http.body", "no JSON"),
        (Said("<h1>hello</h1>"), {"text": "goodbye"}, "http.body", "not in the body"),
    ],
)
def test_a_wrong_answer_is_named(
    said: Said, fields: dict[str, Any], cause: str, observed: str
) -> None:
    with web({"GET /health": said}) as api:
        seen = look(http(**fields), api.scene())
    explains(seen)
    assert (seen.cause, seen.answer) == (cause, Answer.NOT_YET)
    assert observed in seen.observed
    assert seen.expected
    assert "GET /health →" in seen.evidence[0]


@pytest.mark.parametrize("status", [401, 403, 405])
def test_a_question_put_wrongly_is_not_waited_for(status: int) -> None:
    with web({"GET /health": Said(HEALTHY, status)}) as api:
        assert look(http(), api.scene()).answer is Answer.BROKEN


def test_any_status_is_enough_where_only_http_is_asked_for() -> None:
    with web({"GET /health": Said("gone", 410)}) as api:
        assert look(http(status="any"), api.scene()).passed
        assert look(http(status=[200, 410]), api.scene()).passed


def test_a_redirect_is_not_followed() -> None:
    elsewhere = Said("", 302, {"Location": "http://127.0.0.1:1/"})
    with web({"GET /health": elsewhere}) as api:
        assert "302" in look(http(), api.scene()).observed


def test_what_looks_like_a_credential_is_no_evidence() -> None:
    body = {"access_token": "s3cr3t-value", "jwt": "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl"}
    with web({"GET /health": Said(body, 500)}) as api:
        seen = look(http(), api.scene())
    assert "s3cr3t-value" not in str(seen)
    assert "eyJ" not in str(seen)


@pytest.mark.parametrize(
    ("port", "cause", "longest"),
    [
        (half_started.nothing_listens, "http.refused", 0.5),
        (half_started.says_nothing, "http.silent", 3.0),
        (half_started.hangs_up, "http.reset", 3.0),
        (lambda: half_started.replies(b"-ERR unknown\r\n"), "http.garbled", 3.0),
    ],
)
def test_a_service_that_is_half_there_is_rightly_named(
    port: Any, cause: str, longest: float
) -> None:
    opened: AbstractContextManager[Endpoint] = port()
    with opened as endpoint:
        started = time.monotonic()
        seen = look(http(), scene_at(endpoint))
        took = time.monotonic() - started
    explains(seen)
    assert (seen.cause, seen.answer) == (cause, Answer.NOT_YET)
    assert took < longest + 0.5  # a hang guard: the machine is shared


def test_an_open_port_passes_and_a_closed_one_does_not() -> None:
    with half_started.says_nothing() as endpoint:
        assert look(Tcp(service="api"), scene_at(endpoint)).passed
    with half_started.nothing_listens() as endpoint:
        assert look(Tcp(service="api"), scene_at(endpoint)).cause == "network.refused"


def test_a_port_nobody_publishes_is_said_to_be_that() -> None:
    seen = first_wrong(Tcp(service="api", port=99), FakeScene(Target("api", {})))
    assert seen.cause == "network.no-port"
    explains(seen)


def test_exactly_one_request_is_written() -> None:
    with pytest.raises(ValueError, match="exactly one of get, head, post"):
        Http.model_validate({"service": "api"})
    with pytest.raises(ValueError, match="no jmespath"):
        http(json={"a..b": 1})
    with pytest.raises(ValueError, match="did you mean max"):
        http(json={"count": {"maxx": 1}})

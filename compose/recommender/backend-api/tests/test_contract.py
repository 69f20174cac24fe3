"""What every answer promises: errors, headers, limits, figures, logs."""

import time

import pytest
from test_callers import ASK, RECOMMEND, code

from conftest import PASSWORD, SECRET, Api


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("GET", "/nowhere", ""), (404, "not_found")),
        (("GET", "/api/v1/auth/login", ""), (405, "method_not_allowed")),
        (("POST", RECOMMEND, "{"), (400, "bad_request")),
        (("POST", RECOMMEND, "[]"), (422, "validation_error")),
        (("POST", RECOMMEND, '{"user_id": "user_1", "count": 0}'), (422, "validation_error")),
        (("POST", RECOMMEND, '{"user_id": "user_1", "cuont": 3}'), (422, "validation_error")),
        (("POST", RECOMMEND, '{"user_id": "\\u0000"}'), (422, "validation_error")),
        (("POST", RECOMMEND, '"' + "x" * 1_100_000 + '"'), (413, "payload_too_large")),
        (("GET", "/api/v1/analytics?from=2026-02-01&to=2026-01-01", ""), (422, "validation_error")),
        (("GET", "/api/v1/analytics?from=2026-13-45", ""), (422, "validation_error")),
    ],
)
def test_every_error_has_the_one_shape(
    api: Api, admin: str, asked: tuple[str, str, str], expected: tuple[int, str]
) -> None:
    method, path, body = asked
    headers = {"Content-Type": "application/json"}
    answer = api.ask(method, path, admin, data=body, headers=headers)
    assert code(answer) == expected
    assert "Traceback" not in answer.text


def test_an_error_names_the_field_and_never_repeats_the_input(api: Api) -> None:
    typed = {"email": ["admin@alpha.example"], "password": "do-not-repeat-me"}
    answer = api.ask("POST", "/api/v1/auth/login", json=typed)
    assert answer.json()["error"]["details"][0]["field"] == "email"
    assert "do-not-repeat-me" not in answer.text


def test_what_breaks_inside_is_told_without_its_inside(api: Api, admin: str) -> None:
    api.ml_engine.unfit = True
    try:
        answer = api.ask("POST", RECOMMEND, admin, json={"user_id": "user_unfit"})
    finally:
        api.ml_engine.unfit = False
    assert code(answer) == (500, "internal_error")
    assert "KeyError" not in answer.text
    assert "KeyError" in api.log.read_text()


def test_only_our_frontends_may_read_answers_from_a_browser(api: Api) -> None:
    preflight = {"Access-Control-Request-Method": "POST"}
    for origin, allowed in (("http://localhost:3000", True), ("http://evil.example", False)):
        headers = {"Origin": origin, **preflight}
        answer = api.ask("OPTIONS", RECOMMEND, headers=headers)
        assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is allowed


def test_a_tenant_over_its_limit_waits_and_is_welcome_again(api: Api, admin: str) -> None:
    token = api.token("admin@beta.example")
    answers = [api.ask("POST", RECOMMEND, token, json=ASK) for _ in range(12)]
    assert answers[0].status_code == 200
    assert code(answers[-1]) == (429, "rate_limited")
    wait = int(answers[-1].headers["Retry-After"])
    assert 1 <= wait <= 2
    assert (
        api.ask("POST", RECOMMEND, admin, json=ASK).status_code == 200
    )  # others are not disturbed
    time.sleep(wait)
    assert api.ask("POST", RECOMMEND, token, json=ASK).status_code == 200


def test_usage_and_analytics_count_the_calls_that_were_made(api: Api, admin: str) -> None:
    def figures() -> tuple[int, int]:
        said = api.ask("GET", "/api/v1/analytics", admin).json()
        rows = {row["endpoint"]: row["requests"] for row in said["by_endpoint"]}
        assert sum(rows.values()) == said["total"]["requests"]
        return rows.get(f"POST {RECOMMEND}", 0), said["total"]["errors"]

    calls, errors = figures()
    for body in (ASK, ASK, {"count": 3}):
        api.ask("POST", RECOMMEND, admin, json=body)
    assert figures() == (calls + 3, errors + 1)
    assert api.ask("GET", "/api/v1/usage", admin).json()["requests"]["today"] >= 3


def test_metrics_count_by_route_not_by_address(api: Api, admin: str) -> None:
    api.ask("GET", "/nowhere/very/long")
    api.ask("POST", RECOMMEND, token=admin, json={"user_id": "user_001", "count": 1})
    text = api.ask("GET", "/metrics").text
    assert f'{{method="POST",path="{RECOMMEND}",service="backend-api",status="200"}}' in text
    assert 'path="unmatched"' in text
    assert "very" not in text


def test_docs_and_health_are_open(api: Api) -> None:
    assert api.ask("GET", "/docs").status_code == 200
    said = api.ask("GET", "/health").json()
    assert said["status"] == "healthy"
    assert set(said["checks"]) == {"database", "redis", "ml_engine", "data_pipeline"}
    assert all(check["status"] == "healthy" for check in said["checks"].values())


def test_no_secret_stands_in_the_log(api: Api, admin: str) -> None:
    made = api.ask("POST", "/api/v1/api-keys", admin, json={"name": "for the log"}).json()
    api.ask("POST", RECOMMEND, json=ASK, headers={"X-API-Key": made["key"]})
    text = api.log.read_text()
    assert '"POST /api/v1/recommendations"' in text
    for secret in (PASSWORD, SECRET, admin, made["key"], "test-internal", "test-redis", "test-app"):
        assert secret not in text

"""The kind ``api`` against a real web server: right passes, each wrong is named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from envcheck.checks.api.burst import TooSlow
from envcheck.checks.api.kind import Api
from envcheck.model.check import Identity, LoginRefused
from envcheck.model.outcome import Answer, Observation, not_yet
from envcheck.model.target import Endpoint, Target
from tests.checks import half_started
from tests.checks.asking import explains
from tests.checks.web import Asked, Route, Said, Web, bearer, scene_at, web
from tests.fakes.scene import FakeScene

pytestmark = pytest.mark.real

SECRET = "a-signing-secret-of-thirty-two-bytes-or-more"
ORDERS = {"orders": [{"id": 2, "score": 0.9}, {"id": 1, "score": 0.4}], "total": 2}
GET: dict[str, Any] = {"service": "api", "get": "/orders"}
OTHER = Said({"error": {"code": "forbidden", "message": "no"}}, 403)


def api(name: str = "orders are listed", **fields: Any) -> Api:
    return Api.model_validate({"name": name, **fields})


def look(kind: Api, scene: FakeScene) -> Observation:
    (check,) = kind.checks()
    return check.look(scene)


def known(running: Web) -> FakeScene:
    ada = bearer("ada", "ada-token", tenant_id="t-ada", user="7")
    eve = bearer("eve", "eve-token", tenant_id="t-eve")
    return running.scene(ada=ada, eve=eve, nobody=Identity("nobody", {}))


def wrong(routes: dict[str, Route], **fields: Any) -> Observation:
    with web(routes) as running:
        seen = look(api(**fields), known(running))
    explains(seen)
    return seen


def right(routes: dict[str, Route], **fields: Any) -> Web:
    with web(routes) as running:
        seen = look(api(**fields), known(running))
    assert seen.passed, seen
    return running


def whose(asked: Asked) -> str:
    return asked.token.removesuffix("-token")


# --- one request ---------------------------------------------------------------------------------


def test_an_answer_as_expected_passes() -> None:
    expect = {
        "status": 200,
        "within": "2s",
        "headers": {"content-type": {"matches": "json"}, "X-Gone": {"absent": True}},
        "json": {"length(orders)": 2, "orders[].score": "descending", "total": {"min": 1}},
        "text": {"not": {"contains": "Traceback"}},
        "schema": {
            "type": "object",
            "required": ["orders"],
            "properties": {"orders": {"type": "array", "items": {"required": ["id"]}}},
        },
    }
    said = Said(ORDERS, 200, {"Content-Type": "application/json"})
    right({"GET /orders": said}, request=GET, expect=expect)


def test_without_a_status_any_success_will_do() -> None:
    right({"GET /orders": Said({}, 204)}, request=GET)
    assert wrong({"GET /orders": Said({}, 301)}, request=GET).expected == "status 2xx"


def test_the_check_is_named_by_what_it_proves() -> None:
    (check,) = api("No token is refused!", request=GET, expect={"status": 401}).checks()
    assert (check.name, check.title) == ("no-token-is-refused", "No token is refused!")
    assert (check.service, check.kind, check.expected) == ("api", "api", "status 401")


@pytest.mark.parametrize(
    ("said", "expect", "cause", "observed"),
    [
        (Said(ORDERS), {"json": {"total": 3}}, "api.body", "total is 2"),
        (Said(ORDERS), {"json": {"orders[].score": "ascending"}}, "api.body", "[0.9, 0.4]"),
        (Said("<html>"), {"json": {"total": 3}}, "api.body", "no JSON"),
        (Said(ORDERS), {"text": "hello"}, "api.body", "text"),
        (Said(ORDERS), {"headers": {"X-A": "b"}}, "api.header", "X-A is missing"),
        (Said(ORDERS), {"schema": {"required": ["id"]}}, "api.schema", "id is missing"),
        (
            Said(ORDERS),
            {
                "schema": {
                    "properties": {"orders": {"items": {"properties": {"id": {"type": "string"}}}}}
                }
            },
            "api.schema",
            "orders[0].id is 2",
        ),
        (Said({}, 500), {}, "api.server-error", "answered 500"),
        (Said({}, 500), {"status": 422}, "api.server-error", "answered 500"),
        (Said({}, 404), {}, "api.status", "answered 404"),
        (Said({}, 403), {"status": 401}, "api.wrong-refusal", "answered 403"),
        (Said({}, 401), {"status": 403}, "api.wrong-refusal", "answered 401"),
        (Said({}, 200), {"status": 401}, "api.no-authentication", "answered 200"),
        (Said({}, 200), {"status": 403}, "api.access-granted", "answered 200"),
        (Said({}, 200), {"status": [404, 410]}, "api.status", "answered 200"),
    ],
)
def test_a_wrong_answer_is_named_and_final(
    said: Said, expect: dict[str, Any], cause: str, observed: str
) -> None:
    seen = wrong({"GET /orders": said}, request=GET, expect=expect)
    assert (seen.cause, seen.answer) == (cause, Answer.BROKEN)
    assert observed in seen.observed
    assert seen.expected
    assert f"GET /orders → {said.status}" in seen.evidence[0]


@pytest.mark.parametrize(("status", "cause"), [(503, "api.unavailable"), (429, "api.rate-limited")])
def test_what_passes_by_itself_may_be_asked_again(status: int, cause: str) -> None:
    seen = wrong({"GET /orders": Said({}, status)}, request=GET)
    assert (seen.cause, seen.answer) == (cause, Answer.NOT_YET)


@pytest.mark.parametrize(
    ("port", "cause"),
    [
        (half_started.nothing_listens, "http.refused"),
        (half_started.says_nothing, "http.silent"),
        (half_started.hangs_up, "http.reset"),
        (lambda: half_started.replies(b"\x15\x03\x01"), "http.garbled"),
    ],
)
def test_no_answer_is_rightly_named(port: Any, cause: str) -> None:
    opened: AbstractContextManager[Endpoint] = port()
    with opened as endpoint:
        seen = look(api(request={**GET, "timeout": "1s"}), scene_at(endpoint))
    explains(seen)
    assert (seen.cause, seen.answer) == (cause, Answer.NOT_YET)
    assert seen.culprit == ""  # it is the service looked at


def test_neither_token_nor_password_gets_into_what_is_said() -> None:
    request = {"service": "api", "post": "/orders", "json": {"password": "ada-password"}}
    routes: dict[str, Route] = {"POST /orders": Said({"access_token": "fresh-token"}, 500)}
    seen = wrong(routes, **{"as": "ada"}, request=request)
    assert all(word not in str(seen) for word in ("ada-token", "ada-password", "fresh-token"))


# --- what is sent --------------------------------------------------------------------------------


def test_what_the_one_who_asks_is_can_be_said_in_the_request() -> None:
    request = {
        "service": "api",
        "post": "/t/{{as.tenant_id}}/orders",
        "json": {"user": "{{as.user}}", "ref": "r-{{unique}}", "count": 5},
        "headers": {"X-Tenant": "{{eve.tenant_id}}"},
        "query": {"page": 1},
    }
    routes: dict[str, Route] = {"POST /t/t-ada/orders": Said({}, 201)}
    (asked,) = right(routes, **{"as": "ada"}, request=request).asked
    assert asked.token == "ada-token"
    assert asked.headers["x-tenant"] == "t-eve"
    assert asked.query == "page=1"
    assert (asked.json["user"], asked.json["count"]) == ("7", 5)
    assert len(asked.json["ref"]) > len("r-")


def test_a_header_of_the_identity_can_be_left_out_or_replaced() -> None:
    routes: dict[str, Route] = {"GET /orders": Said({})}
    left_out = right(routes, **{"as": "ada"}, request={**GET, "headers": {"Authorization": None}})
    assert "authorization" not in left_out.asked[0].headers
    replaced = right(
        routes, **{"as": "ada"}, request={**GET, "headers": {"authorization": "Bearer x"}}
    )
    assert replaced.asked[0].token == "x"


def test_a_form_a_raw_body_and_a_file_are_sent_as_what_they_are() -> None:
    routes: dict[str, Route] = {"POST /in": Said({})}
    post: dict[str, Any] = {"service": "api", "post": "/in"}
    (form,) = right(routes, request={**post, "form": {"a": "b c"}}).asked
    assert form.body == b"a=b+c"
    assert form.headers["content-type"] == "application/x-www-form-urlencoded"
    (raw,) = right(routes, request={**post, "body": "{"}).asked
    assert (raw.body, raw.headers["content-type"]) == (b"{", "application/json")
    rows = [{"item_id": "i-{{unique}}", "price": 3}, {"item_id": "j", "price": 4}]
    file = {"name": "items.csv", "csv": rows}
    (upload,) = right(routes, request={**post, "file": file, "form": {"kind": "items"}}).asked
    assert b'name="file"; filename="items.csv"' in upload.body
    assert b"item_id,price\r\ni-" in upload.body
    assert b"\r\nj,4\r\n" in upload.body
    assert b'name="kind"' in upload.body


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "exactly one of request, message, steps"),
        ({"request": {"service": "api"}}, "exactly one of get, post"),
        ({"request": {"service": "api", "get": "orders"}}, "must begin with /"),
        ({"request": {**GET, "json": {}, "body": "x"}}, "one body"),
        ({"request": {**GET, "get": "/{{order}}"}}, "is not captured by an earlier step"),
        ({"request": GET, "expect": {"json": {"a": {"lenght": 1}}}}, "did you mean length"),
        ({"request": GET, "expect": {"schema": {"oneOf": []}}}, "'oneOf' is not known"),
        ({"request": GET, "expects": {}}, "Extra inputs"),
        ({"name": "", "request": GET}, "needs a name"),
    ],
)
def test_a_check_that_makes_no_sense_is_refused_when_read(
    fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        api(**fields)


def test_an_identity_that_cannot_be_had_is_the_answer() -> None:
    class Refusing(FakeScene):
        def identity(self, name: str) -> Identity:
            raise LoginRefused(not_yet("refused", cause="api.login-refused", culprit="auth"))

    seen = look(
        api(**{"as": "ada"}, request=GET), Refusing(Target("api", {80: Endpoint("127.0.0.1", 1)}))
    )
    assert (seen.cause, seen.culprit) == ("api.login-refused", "auth")


# --- who may do what -----------------------------------------------------------------------------


def test_a_bad_token_that_is_accepted_is_named() -> None:
    seen = wrong({"GET /orders": Said({})}, **{"as": "eve"}, request=GET, expect={"status": 401})
    assert seen.cause == "api.token-accepted"


def test_a_bad_password_that_is_accepted_is_named() -> None:
    request = {"service": "api", "post": "/login", "json": {"password": "wrong"}}
    seen = wrong({"POST /login": Said({})}, request=request, expect={"status": 401})
    assert seen.cause == "api.credential-accepted"


def test_a_right_token_that_is_refused_is_named() -> None:
    seen = wrong({"GET /orders": Said({}, 401)}, **{"as": "ada"}, request=GET)
    assert seen.cause == "api.token-refused"
    assert wrong({"GET /orders": Said({}, 401)}, request=GET).cause == "api.status"


def tenants_are_kept_apart(asked: Asked) -> Said:
    return Said({"id": 1}) if asked.path.endswith(whose(asked)) else OTHER


FOREIGN: dict[str, Any] = {
    "as": "ada",
    "control": {"request": {"service": "api", "get": "/tenants/t-ada"}},
    "request": {"service": "api", "get": "/tenants/{{eve.tenant_id}}"},
    "expect": {"status": [403, 404]},
}


def test_a_foreign_tenant_out_of_reach_passes_after_its_control() -> None:
    routes: dict[str, Route] = {"GET /tenants/t-ada": tenants_are_kept_apart}
    routes["GET /tenants/t-eve"] = tenants_are_kept_apart
    asked = right(routes, **FOREIGN).asked
    assert [one.path for one in asked] == ["/tenants/t-ada", "/tenants/t-eve"]


def test_a_foreign_tenant_within_reach_is_a_leak() -> None:
    leaky: dict[str, Route] = {f"GET /tenants/t-{who}": Said({"id": 1}) for who in ("ada", "eve")}
    seen = wrong(leaky, **FOREIGN)
    assert (seen.cause, seen.answer) == ("api.tenant-leak", Answer.BROKEN)


def test_a_control_asked_by_somebody_else_is_about_rights_not_about_tenants() -> None:
    open_: dict[str, Route] = {"GET /admin": Said({})}
    request = {"service": "api", "get": "/admin"}
    control = {"as": "ada", "request": request}
    fields = {"as": "eve", "control": control, "request": request, "expect": {"status": 403}}
    assert wrong(open_, **fields).cause == "api.access-granted"


def test_a_refusal_proves_nothing_when_the_control_is_refused_too() -> None:
    shut: dict[str, Route] = {f"GET /tenants/t-{who}": OTHER for who in ("ada", "eve")}
    seen = wrong(shut, **FOREIGN)
    assert "the control, which must succeed, failed" in seen.observed


# --- tokens --------------------------------------------------------------------------------------


def token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    now = int(datetime.now(UTC).timestamp())
    plain = {"sub": "u", "role": "admin", "iat": now, "exp": now + 900, "type": "access"}
    return jwt.encode(plain | claims, secret, algorithm=algorithm)


def without(claim: str) -> str:
    said = jwt.decode(token(), options={"verify_signature": False})
    return jwt.encode({k: v for k, v in said.items() if k != claim}, SECRET)


TOKEN: dict[str, Any] = {
    "token": "access_token",
    "algorithm": "HS256",
    "claims": {"role": "admin", "type": "access", "sub": {"type": "string"}},
    "lifetime": "15m ± 5s",
    "secret": SECRET,
}


@pytest.mark.parametrize("make", [token, lambda: without("iat")])
def test_a_token_as_declared_passes(make: Callable[[], str]) -> None:
    login: dict[str, Route] = {"GET /orders": Said({"access_token": make()})}
    right(login, request=GET, expect={"jwt": TOKEN})


def test_two_tokens_of_one_answer_are_judged_each() -> None:
    said = Said({"access_token": token(), "refresh_token": token(type="access")})
    both = [TOKEN, {"token": "refresh_token", "claims": {"type": "refresh"}}]
    seen = wrong({"GET /orders": said}, request=GET, expect={"jwt": both})
    assert 'type is "access"' in seen.observed


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (token(role="user"), "api.token-claims"),
        (without("sub"), "api.token-claims"),
        (token(exp=int(time.time()) + 3600), "api.token-lifetime"),
        (without("exp"), "api.token-lifetime"),
        (token(secret="another-secret-of-thirty-two-bytes-or-so"), "api.token-signature"),
        (token(secret=SECRET * 2, algorithm="HS512"), "api.token-claims"),
        ("no-token-at-all", "api.token-claims"),
        ("a.b.c", "api.token-claims"),
    ],
)
def test_a_token_that_says_something_else_is_named(said: str, cause: str) -> None:
    seen = wrong({"GET /orders": Said({"access_token": said})}, request=GET, expect={"jwt": TOKEN})
    assert (seen.cause, seen.answer) == (cause, Answer.BROKEN)
    assert said not in str(seen)


# --- speed ---------------------------------------------------------------------------------------


def slow(*seconds: float) -> Route:
    left = list(seconds)

    def answer(asked: Asked) -> Said:
        time.sleep(left.pop(0) if left else 0)
        return Said(ORDERS)

    return answer


def test_one_slow_answer_is_asked_again_before_it_counts() -> None:
    web_ = right({"GET /orders": slow(0.4)}, request=GET, expect={"within": "200ms"})
    assert len(web_.asked) == 3


def test_an_answer_that_stays_slow_is_named() -> None:
    seen = wrong({"GET /orders": slow(0.3, 0.3, 0.3)}, request=GET, expect={"within": "100ms"})
    assert (seen.cause, seen.expected) == ("api.too-slow", "within 100 ms")


# --- sequences -----------------------------------------------------------------------------------


class Shop:
    """Orders are made, seen and deleted; seen only after ``late`` looks."""

    def __init__(self, late: int = 0, deletes: int = 204) -> None:
        self.orders: dict[str, int] = {}
        self.late = late
        self.deletes = deletes

    def routes(self) -> dict[str, Route]:
        return {
            "POST /orders": self.make,
            "GET /orders/o1": self.see,
            "DELETE /orders/o1": self.delete,
        }

    def make(self, asked: Asked) -> Said:
        self.orders["o1"] = self.late
        return Said({"id": "o1", "state": "new"}, 201)

    def see(self, asked: Asked) -> Said:
        self.orders["o1"] -= 1
        return Said({"id": "o1", "state": "new" if self.orders["o1"] >= 0 else "done"})

    def delete(self, asked: Asked) -> Said:
        self.orders.pop("o1", None)
        return Said("", self.deletes)


MAKE: dict[str, Any] = {
    "request": {"service": "api", "post": "/orders", "json": {}},
    "expect": {"status": 201},
    "capture": {"order": "id"},
}
SEE: dict[str, Any] = {
    "name": "the order is done",
    "request": {"service": "api", "get": "/orders/{{order}}"},
    "expect": {"json": {"state": "done"}},
}
DELETE: dict[str, Any] = {"request": {"service": "api", "delete": "/orders/{{order}}"}}


def test_captured_values_go_into_later_steps_and_cleanup() -> None:
    shop = Shop()
    right(shop.routes(), steps=[MAKE, SEE], cleanup=[DELETE])
    assert shop.orders == {}


def test_cleanup_runs_after_a_failure_too_and_the_step_is_named() -> None:
    shop = Shop(late=99)
    seen = wrong(shop.routes(), steps=[MAKE, SEE], cleanup=[DELETE])
    assert seen.observed.startswith('step 2 (the order is done): GET /orders/o1: state is "new"')
    assert shop.orders == {}


def test_a_cleanup_that_fails_is_told_and_changes_nothing_else() -> None:
    shop = Shop(deletes=500)
    with web(shop.routes()) as running:
        seen = look(api(steps=[MAKE, SEE], cleanup=[DELETE]), known(running))
    assert seen.passed
    assert "cleanup failed: DELETE /orders/o1 answered 500" in seen.evidence


def test_nothing_is_undone_that_was_never_made() -> None:
    with web({"POST /orders": Said({}, 500)}) as running:
        seen = look(api(steps=[MAKE, SEE], cleanup=[DELETE]), known(running))
    assert [asked.method for asked in running.asked] == ["POST"]
    assert not any("cleanup" in line for line in seen.evidence)


def test_what_comes_eventually_is_waited_for() -> None:
    right(Shop(late=3).routes(), steps=[MAKE, {**SEE, "eventually": {"within": "5s"}}])


def test_what_does_not_come_in_time_is_not_asked_again() -> None:
    seen = wrong(Shop(late=99).routes(), steps=[MAKE, {**SEE, "eventually": {"within": "500ms"}}])
    assert seen.answer is Answer.NOT_YET
    assert "still, after 0.5s" in seen.observed


def test_what_is_broken_for_good_is_not_waited_for() -> None:
    eventually = {"within": "60s", "broken": {"state": "failed"}}
    started = time.monotonic()
    seen = wrong(
        {"GET /orders": Said({"state": "failed"})},
        request=GET,
        expect={"json": {"state": "done"}},
        eventually=eventually,
    )
    assert (seen.cause, seen.answer) == ("api.broken-for-good", Answer.BROKEN)
    assert time.monotonic() - started < 30  # a hang guard


def test_the_time_a_check_may_take_is_that_of_all_its_steps() -> None:
    (check,) = api(steps=[MAKE, {**SEE, "eventually": {"within": "5s"}}], cleanup=[DELETE]).checks()
    assert check.timeout == 3 + 3 + 5 + 3
    (check,) = api(**{"as": "ada"}, request=GET).checks()
    assert check.timeout == 3 + 3


# --- the rate limit ------------------------------------------------------------------------------


class Limited:
    """Five requests, then 429 until ``window`` seconds after the fifth."""

    def __init__(self, window: float = 0.3, **headers: str) -> None:
        self.window, self.headers = window, headers or {"Retry-After": "0"}
        self.count, self.since = 0, 0.0

    def __call__(self, asked: Asked) -> Said:
        now = time.monotonic()
        if now - self.since > self.window:
            self.count, self.since = 0, now
        self.count += 1
        if self.count <= 5:
            return Said(ORDERS)
        return Said({"error": {"code": "rate_limited"}}, 429, self.headers)


BURST: dict[str, Any] = {
    "request": GET,
    "burst": {
        "times": 20,
        "until-status": 429,
        "recovers-within": "3s",
        "answer": {"json": {"error.code": "rate_limited"}},
    },
}


def test_a_rate_limit_that_speaks_and_recovers_passes() -> None:
    running = right({"GET /orders": Limited(0.1)}, **BURST)
    assert len(running.asked) == 7
    assert api(**BURST).checks()[0].serial
    assert not api(**BURST, serial=False).checks()[0].serial


def test_retry_after_may_be_a_date() -> None:
    now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    right({"GET /orders": Limited(0.1, **{"Retry-After": now})}, **BURST)


@pytest.mark.parametrize(
    ("route", "cause"),
    [
        (Said(ORDERS), "api.no-rate-limit"),
        (Limited(9, **{"X-Other": "1"}), "api.no-retry-after"),
        (Limited(9, **{"Retry-After": "soon"}), "api.no-retry-after"),
        (Limited(9, **{"Retry-After": "60"}), "api.no-recovery"),
        (Limited(9, **{"Retry-After": "0"}), "api.no-recovery"),
    ],
)
def test_a_wrong_rate_limit_is_named(route: Route, cause: str) -> None:
    seen = wrong({"GET /orders": route}, **BURST)
    assert (seen.cause, seen.answer) == (cause, Answer.BROKEN)


def test_requests_too_slow_for_the_limit_prove_nothing() -> None:
    slow_burst = {**BURST, "burst": {"times": 20, "within": "1ms"}}

    class Hasty(FakeScene):
        """Its clock runs ten times as fast."""

        def now(self) -> float:
            return time.monotonic() * 10

    with web({"GET /orders": Said(ORDERS)}) as running:
        (check,) = api(**slow_burst).checks()
        with pytest.raises(TooSlow, match=r"20 requests in 0\.001s"):
            check.look(Hasty(running.target()))


def test_an_error_during_the_burst_is_that_error() -> None:
    assert wrong({"GET /orders": Said({}, 500)}, **BURST).cause == "api.server-error"


@contextmanager
def stopped(scene: FakeScene) -> Iterator[FakeScene]:
    class Stopped(FakeScene):
        def pause(self, seconds: float) -> bool:
            return False

    yield Stopped(scene.target("api"))


def test_a_stop_ends_the_waiting() -> None:
    kind = api(request=GET, expect={"json": {"total": 3}}, eventually={"within": "60s"})
    with web({"GET /orders": Said(ORDERS)}) as running, stopped(running.scene()) as scene:
        assert not look(kind, scene).passed
    assert len(running.asked) == 1

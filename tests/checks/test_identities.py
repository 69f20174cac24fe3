"""Who asks: tokens fetched once, renewed in time, refused for a reason."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest

from envcheck.engine.identities import Identities
from envcheck.model.check import LoginRefused
from envcheck.model.environment import IdentitySpec
from envcheck.model.outcome import Answer
from envcheck.model.target import Connection, Target
from tests.checks import half_started
from tests.checks.asking import explains
from tests.checks.web import Asked, Said, Web, web
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.real

SECRET = "a-signing-secret-of-thirty-two-bytes-or-more"
LOGIN: dict[str, Any] = {
    "service": "api",
    "post": "/login",
    "json": {"email": "ada@example.com", "password": "ada-password"},
    "token": "access_token",
    "expires_in": "expires_in",
}


@dataclass
class Auth:
    """Gives a new token each time; how it refuses is the test's to say."""

    status: int = 200
    life: int = 900
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked) -> Said:
        with self.lock:
            self.count += 1
        if self.status != 200:
            return Said({"error": "no"}, self.status)
        token = jwt.encode({"sub": "7", "tenant_id": "t-ada", "n": self.count}, SECRET)
        refresh = f"refresh-{self.count}"
        return Said({"access_token": token, "refresh_token": refresh, "expires_in": self.life})


def identities(
    running: Web | None, clock: FakeClock, **specs: tuple[str, dict[str, Any]]
) -> Identities:
    targets = {"api": running.target()} if running else {}
    made = {name: IdentitySpec(name, recipe, fields) for name, (recipe, fields) in specs.items()}
    return Identities(made, lambda name: targets[name], clock)


def refused(ask: Callable[[], object]) -> Any:
    with pytest.raises(LoginRefused) as caught:
        ask()
    explains(caught.value.observation)
    return caught.value.observation


def test_a_login_is_made_once_and_tells_what_it_learnt() -> None:
    heard: list[str] = []
    with web({"POST /login": Auth()}) as running:
        spec = IdentitySpec("ada", "login", LOGIN)
        who = Identities({"ada": spec}, lambda _: running.target(), FakeClock(), heard.append)
        ada = who.get("ada")
        assert who.get("ada") is ada
    assert len(running.asked) == 1
    assert running.asked[0].json == LOGIN["json"]
    token = ada.headers["Authorization"].removeprefix("Bearer ")
    assert ada.values is not None
    assert (ada.values["tenant_id"], ada.values["token"]) == ("t-ada", token)
    assert {token, "refresh-1"} <= set(heard) == who.secrets()


def test_many_threads_cause_one_login() -> None:
    with web({"POST /login": Auth()}) as running:
        who = identities(running, FakeClock(), ada=("login", LOGIN))
        with ThreadPoolExecutor(8) as pool:
            tokens = {one.headers["Authorization"] for one in pool.map(who.get, ["ada"] * 16)}
    assert (len(tokens), len(running.asked)) == (1, 1)


def test_a_token_is_renewed_before_it_expires() -> None:
    clock = FakeClock()
    with web({"POST /login": Auth(life=100)}) as running:
        who = identities(running, clock, ada=("login", LOGIN))
        first = who.get("ada")
        clock.now += 69
        assert who.get("ada") is first
        clock.now += 2
        assert who.get("ada") is not first


def test_a_refresh_recipe_is_used_while_it_works() -> None:
    refresh = {"post": "/refresh", "json": {"refresh_token": "{{refresh_token}}"}}
    clock, auth = FakeClock(), Auth(life=10)
    with web({"POST /login": auth, "POST /refresh": auth}) as running:
        who = identities(running, clock, ada=("login", {**LOGIN, "refresh": refresh}))
        for _ in range(2):
            who.get("ada")
            clock.now += 60
        running.routes["POST /refresh"] = Said({}, 401)
        who.get("ada")
    assert [asked.path for asked in running.asked] == ["/login", "/refresh", "/refresh", "/login"]
    assert running.asked[1].json == {"refresh_token": "refresh-1"}


@pytest.mark.parametrize(
    ("auth", "answer"),
    [
        (Auth(401), Answer.BROKEN),
        (Auth(404), Answer.BROKEN),
        (Auth(429), Answer.NOT_YET),
        (Auth(503), Answer.NOT_YET),
        (Said({"token": "elsewhere"}), Answer.BROKEN),
        (Said("<html>"), Answer.BROKEN),
        (Said(["a"]), Answer.BROKEN),
    ],
)
def test_a_refused_login_is_the_services_answer(auth: Any, answer: Answer) -> None:
    with web({"POST /login": auth}) as running:
        seen = refused(lambda: identities(running, FakeClock(), ada=("login", LOGIN)).get("ada"))
    assert (seen.cause, seen.answer, seen.culprit) == ("api.login-refused", answer, "api")
    assert "ada-password" not in str(seen)


def test_a_refusal_is_believed_for_a_moment_and_then_asked_again() -> None:
    clock, auth = FakeClock(), Auth(503)
    with web({"POST /login": auth}) as running:
        who = identities(running, clock, ada=("login", LOGIN))
        refused(lambda: who.get("ada"))
        refused(lambda: who.get("ada"))
        assert auth.count == 1
        auth.status = 200
        clock.now += 1.1
        assert who.get("ada").values


@pytest.mark.parametrize(
    ("port", "cause"),
    [
        (half_started.nothing_listens, "http.refused"),
        (half_started.says_nothing, "http.silent"),
        (half_started.hangs_up, "http.reset"),
    ],
)
def test_a_service_that_does_not_answer_is_the_culprit(port: Any, cause: str) -> None:
    with port() as endpoint:
        target = Target("api", {80: endpoint}, Connection("web", 80))
        spec = IdentitySpec("ada", "login", LOGIN)
        seen = refused(lambda: Identities({"ada": spec}, lambda _: target, FakeClock()).get("ada"))
    assert (seen.cause, seen.culprit, seen.answer) == (cause, "api", Answer.NOT_YET)


def test_a_service_that_does_not_run_here_is_not_a_refusal() -> None:
    who = identities(None, FakeClock(), ada=("login", LOGIN))
    with pytest.raises(KeyError, match="api"):
        who.get("ada")


def test_identities_that_need_nobody_to_be_asked() -> None:
    who = identities(
        None,
        FakeClock(),
        nobody=("nobody", {}),
        app=("database", {"user": "app", "password": "app-password"}),
        internal=("headers", {"X-Internal-Token": "inside"}),
    )
    assert dict(who.get("nobody").headers) == {}
    assert (who.get("app").user, who.get("app").password) == ("app", "app-password")
    assert dict(who.get("internal").headers) == {"X-Internal-Token": "inside"}
    assert who.secrets() == {"app-password", "inside"}


def made(**fields: Any) -> tuple[dict[str, Any], dict[str, Any], str]:
    plain = {"secret": SECRET, "claims": {"sub": "u", "type": "access"}, "expires": 900.0}
    clock = FakeClock()
    one = identities(None, clock, who=("jwt", plain | fields)).get("who")
    raw = one.headers["Authorization"].removeprefix("Bearer ")
    options: Any = {"verify_signature": False}
    said = dict(jwt.decode(raw, options=options))
    said |= {"left": said["exp"] - clock.wall(), "age": clock.wall() - said["iat"]}
    return jwt.get_unverified_header(raw), said, raw


def test_a_token_of_our_own_is_what_the_recipe_says() -> None:
    header, said, raw = made()
    assert (header["alg"], said["sub"], said["left"], said["age"]) == ("HS256", "u", 900, 0)
    jwt.decode(raw, SECRET, algorithms=["HS256"], options={"verify_exp": False})


def test_an_expired_token_was_once_valid() -> None:
    _, said, _ = made(expires=-60.0)
    assert (said["left"], said["age"]) == (-60, 960)


def test_an_unsigned_token_bears_no_signature() -> None:
    header, _, raw = made(algorithm="none", secret="")
    assert header["alg"] == "none"
    assert raw.endswith(".")

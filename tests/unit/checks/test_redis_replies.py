"""Redis judged by the code of its replies."""

from __future__ import annotations

import pytest
from redis.exceptions import AuthenticationError, ResponseError
from redis.exceptions import ConnectionError as Gone

from envcheck.checks.redis import Redis
from envcheck.checks.redis_replies import Refused, reply_of, reply_refused
from envcheck.checks.redis_session import Login
from envcheck.model.check import Level
from envcheck.model.outcome import Answer


@pytest.mark.parametrize(
    ("code", "answer", "cause"),
    [
        ("LOADING", Answer.NOT_YET, "redis.loading"),
        ("BUSY", Answer.NOT_YET, "redis.busy"),
        ("MASTERDOWN", Answer.NOT_YET, "redis.master-down"),
        ("CLUSTERDOWN", Answer.NOT_YET, "redis.cluster-down"),
        ("NOREPLICAS", Answer.NOT_YET, "redis.no-replicas"),
        ("WRONGPASS", Answer.BROKEN, "redis.password-refused"),
        ("NOAUTH", Answer.BROKEN, "redis.password-missing"),
        ("NOPERM", Answer.BROKEN, "redis.denied"),
        ("DENIED", Answer.BROKEN, "redis.protected-mode"),
        ("OOM", Answer.BROKEN, "redis.out-of-memory"),
        ("MISCONF", Answer.BROKEN, "redis.cannot-save"),
        ("READONLY", Answer.BROKEN, "redis.is-replica"),
        ("MOVED", Answer.BROKEN, "redis.cluster"),
        ("ERR", Answer.BROKEN, "redis.command-refused"),
    ],
)
def test_a_reply_is_judged_by_its_code_alone(code: str, answer: Answer, cause: str) -> None:
    seen = reply_refused(Refused(code, "whatever it says"))
    assert (seen.answer, seen.cause) == (answer, cause)
    assert seen.evidence == (f"the reply began with {code}",)


def test_a_code_the_library_knows_is_kept_beside_the_text() -> None:
    found = reply_of(AuthenticationError("invalid pair", status_code="WRONGPASS"))
    assert found is not None
    assert found.code == "WRONGPASS"


@pytest.mark.parametrize(
    ("text", "code"), [("MISCONF cannot save", "MISCONF"), ("no such thing", "ERR"), ("", "ERR")]
)
def test_a_code_the_library_does_not_know_begins_the_text(text: str, code: str) -> None:
    found = reply_of(ResponseError(text))
    assert found is not None
    assert found.code == code


def test_a_lost_connection_is_no_reply() -> None:
    assert reply_of(Gone("LOADING looks like a code")) is None


def test_a_login_shows_its_password_to_nobody() -> None:
    assert "secret" not in repr(Login("", "secret", 0))


def test_checks_come_from_the_lowest_level_to_the_highest() -> None:
    checks = Redis(service="redis", role="master", evictions=0, latency_p95=1.0).checks()
    levels = [check.level for check in checks]
    assert levels == sorted(levels)
    assert levels[:3] == [Level.NETWORK, Level.HANDSHAKE, Level.LOGIN]


def test_a_replica_is_not_written_to() -> None:
    names = [check.name for check in Redis(service="redis", role="replica").checks()]
    assert "round-trip" not in names

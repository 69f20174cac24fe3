"""S3 judged by the Code of its errors, and Parquet by its schema."""

from __future__ import annotations

import pytest

from envcheck.checks.s3 import S3
from envcheck.checks.s3_codes import code_refused
from envcheck.checks.s3_objects import Objects
from envcheck.checks.s3_parquet import differences
from envcheck.checks.s3_session import Login
from envcheck.model.check import Level
from envcheck.model.outcome import Answer


@pytest.mark.parametrize(
    ("code", "status", "answer", "cause"),
    [
        ("NoSuchBucket", 404, Answer.NOT_YET, "s3.bucket-missing"),
        ("NoSuchKey", 404, Answer.NOT_YET, "s3.object-missing"),
        ("SlowDown", 503, Answer.NOT_YET, "s3.busy"),
        ("XMinioServerNotInitialized", 503, Answer.NOT_YET, "s3.starting-up"),
        ("InternalError", 500, Answer.NOT_YET, "s3.failing"),
        ("InvalidAccessKeyId", 403, Answer.BROKEN, "s3.key-unknown"),
        ("SignatureDoesNotMatch", 403, Answer.BROKEN, "s3.secret-wrong"),
        ("AccessDenied", 403, Answer.BROKEN, "s3.denied"),
        ("RequestTimeTooSkewed", 403, Answer.BROKEN, "s3.clock-skew"),
        ("AuthorizationHeaderMalformed", 400, Answer.BROKEN, "s3.region"),
        ("NotImplemented", 501, Answer.BROKEN, "s3.not-supported"),
        ("404", 404, Answer.BROKEN, "s3.not-s3"),
        ("", 200, Answer.BROKEN, "s3.not-s3"),
        ("TeapotError", 418, Answer.BROKEN, "s3.refused"),
    ],
)
def test_a_refusal_is_judged_by_its_code(
    code: str, status: int, answer: Answer, cause: str
) -> None:
    seen = code_refused(code, status, "AKIAEXAMPLE1234")
    assert (seen.answer, seen.cause) == (answer, cause)
    assert seen.fix


def test_of_an_unknown_key_only_the_end_is_shown() -> None:
    seen = code_refused("InvalidAccessKeyId", 403, "AKIAEXAMPLE1234")
    assert "…1234" in seen.observed
    assert "AKIAEXAMPLE" not in seen.observed


def test_a_login_shows_its_secret_to_nobody() -> None:
    assert "the-secret" not in repr(Login("http://x", "key", "the-secret"))


def test_a_schema_may_have_more_than_is_wanted_but_nothing_else() -> None:
    has = {"item_id": "string", "price": "int64", "extra": "bool"}
    assert differences({"item_id": "string"}, has) == []
    assert differences({"price": "double", "gone": "string"}, has) == [
        "gone is missing",
        "price is int64, expected double",
    ]


def test_what_a_prefix_should_hold_reads_as_a_sentence() -> None:
    wanted = Objects.model_validate(
        {"count": ">= 2", "parquet-rows": 500, "schema": {"a": "int64"}}
    )
    assert str(wanted) == ">= 2 objects and 500 Parquet rows and columns a"
    assert str(Objects()) == "an object"


def test_checks_come_from_the_lowest_level_to_the_highest() -> None:
    checks = S3.model_validate(
        {
            "service": "minio",
            "buckets": ["a"],
            "versioning": {"a": "enabled"},
            "objects": {"a/x/": {"count": 1}},
            "round-trip": "a",
            "wrong-key-refused": True,
        }
    ).checks()
    levels = [check.level for check in checks]
    assert levels == sorted(levels)
    assert levels[:3] == [Level.NETWORK, Level.HANDSHAKE, Level.LOGIN]
    assert len({check.name for check in checks}) == len(checks)

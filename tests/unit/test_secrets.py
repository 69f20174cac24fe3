"""The gate: nothing secret passes, nothing ordinary is garbled."""

from __future__ import annotations

import base64
import json
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envcheck.model.outcome import Outcome, Status
from envcheck.system.disguises import disguises
from envcheck.system.secrets import Gate

SECRET = 'p@ss/w"ord 7ü'
GATE = Gate([SECRET])

DISGUISES = {
    "itself": SECRET,
    "url": quote(SECRET, safe=""),
    "url, lower case": quote(SECRET, safe="").replace("%40", "%40").lower(),
    "url with its slash": quote(SECRET),
    "form": quote_plus(SECRET),
    "json": json.dumps(SECRET),
    "json, unicode": json.dumps(SECRET, ensure_ascii=False),
    "hex": SECRET.encode().hex(),
    "HEX": SECRET.encode().hex().upper(),
    "with a colour inside": SECRET[:4] + "\x1b[31m" + SECRET[4:],
    "with a null inside": SECRET[:4] + "\0" + SECRET[4:],
    "cut off by us": "the server said: " + SECRET[:10] + "…",
}


@pytest.mark.parametrize("text", DISGUISES.values(), ids=DISGUISES.keys())
def test_a_secret_is_found_in_every_disguise(text: str) -> None:
    cleaned = GATE.clean(f"before {text}")
    assert cleaned.startswith("before ")
    assert "***" in cleaned
    assert SECRET[:6] not in cleaned


@given(st.binary(max_size=7), st.binary(max_size=7))
def test_a_secret_inside_base64_is_found_at_every_alignment(before: bytes, after: bytes) -> None:
    secret = b"dev-redis-83-canary"
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        cleaned = Gate([secret.decode()]).clean(encode(before + secret + after).decode())
        assert "***" in cleaned
        assert len(cleaned) <= len(encode(before + after)) + 8


POSITIONS = {
    "postgresql://app:hunter2@db:5432/x": "postgresql://app:***@db:5432/x",
    "redis://:hunter2@redis:6379/0": "redis://:***@redis:6379/0",
    "https://ghp_0123456789abcdef01@example.org/x": "https://***@example.org/x",
    "http://127.0.0.1:8000/health": "http://127.0.0.1:8000/health",
    "Authorization: Bearer abc": "Authorization: ***",
    "GET / HTTP/1.1\nCookie: id=1; b=2\nAccept: text": "GET / HTTP/1.1\nCookie: ***\nAccept: text",
    "set-cookie: session=9": "set-cookie: ***",
    "X-API-Key: k1": "X-API-Key: ***",
    "X-Internal-Token: t": "X-Internal-Token: ***",
    "{'Authorization': 'Bearer abc', 'Accept': 'text'}": "{'Authorization': '***', 'Accept': 'text'}",
    "b'authorization', b'x'": "b'authorization', b'x'",
    "POST /login?user=a&password=hunter2&x=1": "POST /login?user=a&password=***&x=1",
    "client_secret=s3": "client_secret=***",
    '{"password": "hun\\"ter2", "user": "a"}': '{"password": "***", "user": "a"}',
    '{"body": "{\\"token\\": \\"t1\\", \\"n\\": 1}"}': '{"body": "{\\"token\\": \\"***\\", \\"n\\": 1}"}',
    '{"access_token":"a.b","token_type":"bearer"}': '{"access_token":"***","token_type":"bearer"}',
    "POSTGRES_PASSWORD=hunter2": "POSTGRES_PASSWORD=***",
    "S3_ACCESS_KEY=abc S3_REGION=x": "S3_ACCESS_KEY=*** S3_REGION=x",
    "AIRFLOW__API__SECRET_KEY=abc": "AIRFLOW__API__SECRET_KEY=***",
    "password: hunter": "password: ***",
    "token: t0p-secret": "token: ***",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl": "***",
    "unsigned eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.": "unsigned ***",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----": (
        "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----"
    ),
}


@pytest.mark.parametrize(("text", "expected"), POSITIONS.items())
def test_what_stands_in_a_secrets_place_is_hidden(text: str, expected: str) -> None:
    assert Gate().clean(text) == expected


PROSE = [
    'password authentication failed for user "app"',
    "the token: missing",
    "no token is refused",
    "key: value",
    "topic user_interactions: 6 partitions",
    "${POSTGRES_PASSWORD}",
    "password: ${POSTGRES_PASSWORD}",
    '{"token": null}',
    "expected 401, got 200 with token_type=bearer",
    "Bearer token required",
    "postgres refuses the connection: nothing listens there",
    "the access was granted (key prefix ek_12)",
]


@pytest.mark.parametrize("text", PROSE)
def test_ordinary_prose_is_left_alone(text: str) -> None:
    assert Gate(["postgres", "admin", "abc"]).clean(text) == text


def test_an_ordinary_word_or_a_known_name_is_hidden_by_position_only() -> None:
    gate = Gate(["admin", "minioadmin", "embeddings", "no"], names=["embeddings"])
    assert gate.clean("embeddings logs in as minioadmin: no admin") == (
        "embeddings logs in as minioadmin: no admin"
    )
    assert gate.clean("s3://minioadmin:minioadmin@minio password=embeddings") == (
        "s3://minioadmin:***@minio password=***"
    )


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Gate(["abcdef", "abcdef-ghij"]).clean("x abcdef-ghij y") == "x *** y"


def test_a_secret_met_at_run_time_is_hidden_from_then_on() -> None:
    gate = Gate()
    assert gate.clean("session zX81mmQ2") == "session zX81mmQ2"
    gate.reveal("zX81mmQ2")
    assert gate.clean("session zX81mmQ2") == "session ***"


def test_escapes_and_invisible_characters_are_taken_out() -> None:
    hostile = "\x1b[2J\x1b]0;title\x07a\x9b31mb\r\nc\x08\u202ed\ud800e\ufffff\x1b"
    assert Gate().clean(hostile) == "ab\ncdef"


def test_data_keeps_its_shape_and_its_enumerations() -> None:
    outcome = Outcome("1/x", "k", "s", 1, "verify", Status.FAIL, evidence=("a=" + SECRET,))
    cleaned = GATE.clean_data({"o": outcome, "n": [1, None, 2.5], "DB_PASSWORD": "x", "KEY": ""})
    assert cleaned == {
        "o": Outcome("1/x", "k", "s", 1, "verify", Status.FAIL, evidence=("a=***",)),
        "n": [1, None, 2.5],
        "DB_PASSWORD": "***",
        "KEY": "",
    }


@given(st.text(max_size=200))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = GATE.clean(text)
    assert GATE.clean(once) == once


@given(
    st.text(string.ascii_letters + string.digits + "-_+/=%&\"'\\ é", min_size=8, max_size=40),
    st.text(max_size=30),
    st.text(max_size=30),
)
def test_no_secret_survives_between_any_two_texts(secret: str, before: str, after: str) -> None:
    cleaned = Gate([secret]).clean(f"{before} {secret} {after}")
    assert secret.strip() not in cleaned or len(secret.strip()) < 6


def test_the_disguises_of_a_secret_are_these_and_no_others() -> None:
    assert disguises("a/b&'ü ~d") == {
        "a/b&'ü ~d",
        "612f622627c3bc207e64",
        "612F622627C3BC207E64",
        "a/b&amp;&#x27;ü ~d",
        "a/b&'\\u00fc ~d",
        "a%2Fb%26%27%C3%BC%20~d",
        "a%2fb%26%27%c3%bc%20~d",
        "a/b%26%27%C3%BC%20~d",
        "a/b%26%27%c3%bc%20~d",
        "a%2Fb%26%27%C3%BC+~d",
        "a%2fb%26%27%c3%bc+~d",
        "YS9iJifDvCB+Z",
        "YS9iJifDvCB-Z",
        "EvYiYnw7wgfm",
        "hL2ImJ8O8IH5k",
    }
    assert "line\\nbreak's" in disguises("line\nbreak's")
    assert 'a "b" \\\\' in disguises('a "b" \\')


def test_the_shortest_secret_found_by_value_has_six_characters() -> None:
    gate = Gate(["qzx12", "qzx123"])
    assert gate.clean("qzx12 qzx123") == "qzx12 ***"


def test_a_shortened_secret_is_known_by_its_first_half_and_no_less() -> None:
    gate = Gate(["abcdefgh1234567890"])
    assert gate.clean("saw abcdefgh1…") == "saw ***…"
    assert gate.clean("saw abcdefgh…") == "saw abcdefgh…"
    assert gate.clean("saw abcdefgh1 and more") == "saw abcdefgh1 and more"
    assert gate.clean("saw abcdefgh9…") == "saw abcdefgh9…"
    assert Gate(["abcdefgh12"]).clean("abcdefgh") == "***"
    assert Gate(["abcdefgh12"]).clean("abcdefg") == "abcdefg"


def test_spaces_around_a_secret_do_not_hide_it() -> None:
    assert Gate([" s3cr3t-9 \n"]).clean("is s3cr3t-9.") == "is ***."


def test_a_megabyte_is_cleaned() -> None:
    line = "2026-11-21 INFO token_type=bearer took 12 ms, devices: 3 dev-redis-83\n"
    cleaned = Gate(["dev-redis-83"]).clean(line * 15_000)
    assert cleaned == line.replace("dev-redis-83", "***") * 15_000

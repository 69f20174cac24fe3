"""Secrets by reference, and what is kept out of every output."""

from __future__ import annotations

import pytest

from envcheck.config.telling import telling, url_password
from tests.unit.config.desk import COMPOSE, ENVIRONMENT, plain, read, shop, single, write, wrong

APP = ENVIRONMENT + "identities: {app: {database: {user: app, password: {secret: APP_PASSWORD}}}}\n"


def password(files: dict[str, str], env: dict[str, str] | None = None) -> object:
    found = read(files, env)
    assert found.secrets["APP_PASSWORD"] == found.identities["app"].fields["password"]
    return found.secrets["APP_PASSWORD"]


def test_a_secret_comes_from_the_environment_before_env_file_before_a_file() -> None:
    declared = APP + "secrets: {APP_PASSWORD: {file: secret.txt}}\n"
    files = shop(environment=declared) | {"secret.txt": "of-the-file\n"}
    assert password(files) == "of-the-file"
    assert password(files | {".env": "APP_PASSWORD=of-dotenv\n"}) == "of-dotenv"
    assert password(files, {"APP_PASSWORD": "of-the-shell"}) == "of-the-shell"


def test_a_compose_secret_is_one_of_ours() -> None:
    compose = COMPOSE + "secrets: {APP_PASSWORD: {file: ./s.txt}}\n"
    files = shop(environment=APP, compose=compose) | {"s.txt": "of-compose"}
    assert password(files) == "of-compose"


def test_a_secret_may_be_named_differently_outside() -> None:
    declared = APP + "secrets: {APP_PASSWORD: {environment: OTHER_NAME}}\n"
    assert password(shop(environment=declared), {"OTHER_NAME": "of-other"}) == "of-other"


def test_a_mapping_that_only_looks_like_a_reference_stays_one() -> None:
    environment = ENVIRONMENT + "identities: {a: {jwt: {secret: not-hidden, claims: {}}}}\n"
    assert read(shop(environment=environment)).identities["a"].fields["secret"] == "not-hidden"


def test_a_secret_reaches_the_kinds_and_is_collected() -> None:
    wave = (
        "wave: 2\nservices: {api: }\nverify:\n  - ping: {service: api, version: {secret: V_KEY}}\n"
    )
    found = read(shop(wave_2=wave, env="V_KEY=the-value\n"))
    assert found.waves[1].verify[0].what.version == "the-value"  # type: ignore[attr-defined]
    assert found.secrets["V_KEY"] == "the-value"


def test_variables_whose_names_tell_are_collected() -> None:
    keys = (
        "environment:\n  DB_PASSWORD: from-compose\n  API_TOKEN: tok-123456\n  PORT: '8080'\n"
        "  DATABASE_URL: postgres://u:in%20url@db/x\n  PASSWORD_FILE: /run/x\n"
    )
    write({".env": "SIGNING_KEY=of-dotenv\nCOLOUR=green\n"})
    assert plain(single(keys)).secrets == {
        "DB_PASSWORD": "from-compose",
        "API_TOKEN": "tok-123456",
        "a DATABASE_URL": "in url",
        "SIGNING_KEY": "of-dotenv",
    }


def test_everyday_words_are_not_taken_for_secrets() -> None:
    keys = (
        "environment: {A_PASSWORD: postgres, POSTGRES_USER: postgres, B_PASSWORD: a, "
        "C_TOKEN: 'true', D_SECRET: '12345678', E_PASSWORD: shop, F_PASSWORD: password}"
    )
    assert plain(single(keys)).secrets == {}


def test_fixtures_secrets_are_known_before_any_seed_runs() -> None:
    write({"fixtures/tenants.yaml": "rows: [{password: {bcrypt: {secret: DEMO_WORD}}}]\n"})
    assert read(shop(), {"DEMO_WORD": "hidden-word"}).secrets["DEMO_WORD"] == "hidden-word"


def test_a_secret_in_a_wrong_place_is_not_shown() -> None:
    environment = APP + "timeout: {secret: APP_PASSWORD}\n"
    text = wrong(shop(environment=environment), {"APP_PASSWORD": "soon-to-be-hidden"})
    assert text == (
        "environment.yaml:4:1: a mapping; expected a duration such as 500ms, 5s or 1m30s"
    )


def test_a_variable_that_holds_a_secret_is_not_shown() -> None:
    environment = ENVIRONMENT + "timeout: ${APP_PASSWORD}\n"
    text = wrong(shop(environment=environment, env="APP_PASSWORD=soon-to-be-hidden\n"))
    assert text == ("environment.yaml:3:1: '***'; expected a duration such as 500ms, 5s or 1m30s")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("POSTGRES_PASSWORD", True),
        ("PGPASSWORD", True),
        ("REDISCLI_AUTH", True),
        ("S3_ACCESS_KEY", True),
        ("apikey", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("JWT_SECRET", True),
        ("KEYCLOAK_HOST", False),
        ("MONKEY", False),
        ("PASSWORDS_FILE", False),
        ("TOKEN_EXPIRES_IN", False),
        ("AUTHOR", False),
        ("TOKEN_URL", False),
    ],
)
def test_a_name_tells_whether_it_holds_a_secret(name: str, secret: bool) -> None:
    assert telling(name) is secret


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("redis://:word@redis:6379/0", "word"),
        ("http://host/path", ""),
        ("no url @ all", ""),
        ("http://[bad@x", ""),
    ],
)
def test_the_password_of_a_url_is_seen(value: str, found: str) -> None:
    assert url_password(value) == found

"""The schema for editors: committed, fresh, and of one mind with the reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from envcheck.config.document import parsed
from envcheck.config.nodes import plain
from envcheck.config.problems import Problems
from envcheck.config.schema import environment_schema, rendered, wave_schema
from tests.unit.config.desk import ENVIRONMENT, KINDS, WAVE_2

ROOT = Path(__file__).parents[3]


def complaints(schema: dict[str, Any], text: str) -> list[str]:
    Draft202012Validator.check_schema(schema)
    found = Draft202012Validator(schema).iter_errors(plain(parsed(text, "x", Problems())))
    return [error.message for error in found]


@pytest.mark.parametrize("name", ["environment.schema.json", "wave.schema.json"])
def test_the_committed_schema_is_fresh(name: str) -> None:
    committed = (ROOT / "schema" / name).read_text(encoding="utf-8")
    assert committed == rendered()[name], "run: python -m envcheck.config.schema schema"


def test_every_kind_is_offered_with_its_description() -> None:
    schema = wave_schema(KINDS)
    verify = schema["properties"]["verify"]["items"]["properties"]
    assert list(verify) == ["ping", "tcp", "api", "optional"]
    assert list(schema["properties"]["seed"]["items"]["properties"]) == ["rows", "optional"]
    assert schema["$defs"]["Ping"]["description"] == "It answers."


@pytest.mark.parametrize(
    "verify",
    [
        "ping: {service: api, within: 1m30s, version: 3}",
        "ping: {service: api, within: 2, port: '${PORT}'}",
        "ping: {service: {secret: NAME}}",
        "ping: {service: api}\n    optional: true",
    ],
)
def test_what_the_reader_takes_the_schema_takes(verify: str) -> None:
    assert complaints(wave_schema(KINDS), WAVE_2 + f"verify:\n  - {verify}\n") == []


@pytest.mark.parametrize(
    "verify",
    [
        "pong: {}",
        "ping: {}",
        "ping: {service: api, prot: 1}",
        "ping: {service: api, within: soon}",
        "ping: {service: api, port: high}",
    ],
)
def test_what_the_reader_refuses_the_schema_refuses(verify: str) -> None:
    assert complaints(wave_schema(KINDS), WAVE_2 + f"verify:\n  - {verify}\n") != []


def test_an_environment_is_described() -> None:
    assert complaints(environment_schema(), ENVIRONMENT + "timeout: 5m\n") == []
    assert complaints(environment_schema(), ENVIRONMENT + "timout: 5m\n") != []


def test_an_api_check_may_be_optional() -> None:
    check = "checks:\n  - {name: x, optional: true, request: {service: api}}\n"
    assert complaints(wave_schema(KINDS), WAVE_2 + check) == []

"""The reference environment reads clean, and quickly."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from envcheck.config.reader import read_compose, read_environment
from envcheck.model.environment import Environment

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def recommender() -> Environment:
    return read_environment(ROOT / "waves" / "recommender", {})


def test_every_service_of_the_compose_file_stands_in_a_wave(recommender: Environment) -> None:
    placed = {member.name for wave in recommender.waves for member in wave.services}
    assert placed == set(recommender.project.services)


def test_the_waves_are_those_of_the_files(recommender: Environment) -> None:
    assert [(wave.number, wave.name) for wave in recommender.waves] == [
        (1, "infrastructure"),
        (2, "core"),
    ]


def test_one_shots_are_waited_for_by_their_end(recommender: Environment) -> None:
    found = {one.name for wave in recommender.waves for one in wave.services if one.one_shot}
    assert found == {"migrate", "airflow-init"}


def test_every_long_running_server_we_know_has_a_connection(recommender: Environment) -> None:
    families = {name: one.family for name, one in recommender.connections.items()}
    assert {name: families[name] for name in ("postgres", "redis", "kafka", "minio")} == {
        "postgres": "postgres",
        "redis": "redis",
        "kafka": "kafka",
        "minio": "s3",
    }


def test_nothing_is_left_unset(recommender: Environment) -> None:
    assert recommender.project.unset == ()


def test_every_password_of_env_file_is_known_to_the_gate(recommender: Environment) -> None:
    lines = (ROOT / "compose" / "recommender" / ".env").read_text(encoding="utf-8").splitlines()
    pairs = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    passwords = {value for name, value in pairs.items() if name.endswith(("PASSWORD", "SECRET"))}
    assert passwords <= set(recommender.secrets.values())


def test_the_compose_file_alone_gives_waves_too() -> None:
    found = read_compose([ROOT / "compose" / "recommender" / "compose.yaml"], {})
    placed = {member.name for wave in found.waves for member in wave.services}
    assert placed == set(found.project.services)
    assert found.wave_of("postgres") == 1
    assert found.wave_of("backend-api") > found.wave_of("migrate") > 1


def test_reading_both_waves_takes_little(recommender: Environment) -> None:
    started = time.perf_counter()
    again = read_environment(ROOT / "waves" / "recommender", {})
    print(f"reading the recommender: {(time.perf_counter() - started) * 1000:.0f} ms")
    assert again.waves == recommender.waves

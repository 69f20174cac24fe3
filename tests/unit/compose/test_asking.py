from __future__ import annotations

import pytest

from envcheck.runtimes.compose.asking import command_of


@pytest.mark.parametrize(
    ("config", "command"),
    [
        ({"Healthcheck": {"Test": ["CMD", "pg_isready", "-h", "x"]}}, ["pg_isready", "-h", "x"]),
        ({"Healthcheck": {"Test": ["CMD-SHELL", "a | b"]}}, ["/bin/sh", "-c", "a | b"]),
        (
            {"Healthcheck": {"Test": ["CMD-SHELL", "a"]}, "Shell": ["bash", "-c"]},
            ["bash", "-c", "a"],
        ),
        ({"Healthcheck": {"Test": ["NONE"]}}, []),
        ({"Healthcheck": None}, []),
        ({}, []),
    ],
)
def test_the_declared_command_is_found_as_the_engine_would_run_it(
    config: dict[str, object], command: list[str]
) -> None:
    assert command_of({"Config": config}) == command

"""Starting the command line is cheap: what it may import is listed here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from envcheck.cli import COMMANDS
from tests.functional.command import environment

OURS = {
    "envcheck",
    "envcheck.cli",
    "envcheck.cli.edge",
    "envcheck.cli.options",
    "envcheck.cli.signals",
    "envcheck.errors",
}
LIGHT = {"click"}  # the one foreign package; 40 ms
AVAILABLE_AT_START = {"sitecustomize", "usercustomize", "_distutils_hack"}  # Python's own doing
HEAVY_STANDARD = {"asyncio", "http", "json", "logging", "socket", "ssl", "subprocess", "xml"}

SHOW = "import sys; {}; print(*sys.modules)"


def imported(statement: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", SHOW.format(statement)],
        env=environment({}),
        capture_output=True,
        text=True,
        check=True,
    )
    bare = subprocess.run(
        [sys.executable, "-c", SHOW.format("pass")],
        env=environment({}),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stdout.split("\n")[-2].split()) - set(bare.stdout.split())


def foreign(modules: set[str]) -> set[str]:
    roots = {name.partition(".")[0] for name in modules}
    return roots - sys.stdlib_module_names - AVAILABLE_AT_START - {"envcheck"}


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] == "envcheck"}


def test_help_imports_click_and_nothing_else_of_weight():
    call = "sys.argv = ['envcheck', '--help']; from envcheck.cli import main; main()"
    modules = imported(call)
    assert foreign(modules) == LIGHT
    assert ours(modules) == OURS - {"envcheck.cli.options"}
    assert not modules & HEAVY_STANDARD


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_imports_lightly_until_it_runs(command: str):
    modules = imported(f"import envcheck.cli.{command}")
    assert foreign(modules) == LIGHT
    assert ours(modules) == (OURS | {f"envcheck.cli.{command}"}) - _without_options(command)


def _without_options(command: str) -> set[str]:
    return {"envcheck.cli.options"} if command in {"schema", "completion"} else set()

"""The papers say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from envcheck.cli import COMMANDS
from envcheck.cli import envcheck as cli
from envcheck.config.document import parsed
from envcheck.config.nodes import plain
from envcheck.config.problems import Problems
from envcheck.config.reference import rendered
from envcheck.errors import UsageError
from tests.functional.walkthrough import ROOT, Copy, blocks

PAPERS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
ENVIRONMENT = ROOT / "waves" / "recommender"


def test_the_committed_reference_is_fresh() -> None:
    committed = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert committed == rendered(), "run: python -m envcheck.config.reference docs"


@pytest.mark.parametrize("file", sorted(ENVIRONMENT.glob("*.yaml")), ids=lambda file: file.name)
def test_the_schema_an_editor_uses_takes_our_own_files(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    wanted = text.partition("$schema=")[2].splitlines()[0]
    schema = json.loads((file.parent / wanted).read_text(encoding="utf-8"))
    found = Draft202012Validator(schema).iter_errors(plain(parsed(text, file.name, Problems())))
    assert [f"{error.json_path}: {error.message}" for error in found] == []


def test_a_check_is_added_as_contributing_says(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    ran = [one for instruction, code in blocks() for one in copy.follow(instruction, code)]
    assert [(one.command, one.said) for one in ran if one.code] == []
    assert "3 passed" in ran[0].said
    assert "http-headers" in (copy.folder / "docs" / "reference.md").read_text(encoding="utf-8")
    plan = copy.run("python -m envcheck plan")
    assert "verify backend-api/headers of /health" in plan.said


def test_the_walk_throughs_own_test_fails_when_the_check_is_broken(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    for instruction, code in blocks():
        if not instruction.startswith("run"):
            copy.follow(instruction, code.replace("if missing:", "if not missing:"))
    ran = copy.run("python -m pytest tests/checks/test_http_headers.py")
    assert "2 failed, 1 passed" in ran.said


def test_the_wave_file_of_the_readme_is_one() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (wave,) = re.findall(r"```yaml\n(# yaml-language-server.*?)```", text, re.DOTALL)
    schema = json.loads((ROOT / "schema" / "wave.schema.json").read_text(encoding="utf-8"))
    found = Draft202012Validator(schema).iter_errors(plain(parsed(wave, "README", Problems())))
    assert [f"{error.json_path}: {error.message}" for error in found] == []


@pytest.mark.parametrize("paper", PAPERS)
def test_every_path_a_paper_names_is_there(paper: str) -> None:
    text = (ROOT / paper).read_text(encoding="utf-8")
    named = set(re.findall(r"\]\((?!https?:|#)([^)#]+)", text))
    rooms = r"(?:src|tests|docs|schema|waves|compose|fixtures)/[\w./-]*\w"
    named |= set(re.findall(rf"`({rooms})`", text)) - {"tests/checks/test_http_headers.py"}
    named -= {"src/envcheck/checks/http_headers.py"}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_readme_names_every_command_and_exit_code() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`{name}" not in text] == []
    codes = [0, 1, 2, 3, 4, 5, 6, 70, 130]
    assert [code for code in codes if f"| {code} " not in text] == []


def test_architecture_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    house = ROOT / "src" / "envcheck"
    rooms = [f"{it.name}/" for it in house.iterdir() if (it / "__init__.py").is_file()]
    rooms += [it.name for it in house.glob("*.py") if it.name != "__init__.py"]
    assert [room for room in rooms if room not in text] == []


@pytest.mark.parametrize("runtime", ["external"])
def test_what_the_readme_says_is_not_there_yet_is_not(runtime: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"\*\*Not in this version yet:\*\*[^*]*--runtime {runtime}", text)
    done = CliRunner().invoke(cli, ["plan", "--runtime", runtime])
    assert isinstance(done.exception, UsageError), "say in README.md that it is there now"

"""What a user reads, word for word."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from envcheck.cli import COMMANDS
from tests.functional.command import Desk
from tests.functional.golden import same_as_golden

WRONG = """\
name: shop
services:
  db:
    image: postgres:17
    enviroment: {POSTGRES_PASSWORD: x}
    depends_on: [cach]
  cache:
    image: redis:8
    ports: ["127.0.0.1:99999:6379"]
    image: valkey/valkey:8
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.at(tmp_path)


def test_the_help_says_every_command_and_every_exit_code(desk: Desk):
    ran = desk.run("--help")
    assert (ran.code, ran.err) == (0, "")
    same_as_golden("help.txt", ran.out)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_what_it_does_and_takes(desk: Desk, command: str):
    ran = desk.run(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    same_as_golden(f"help-{command}.txt", ran.out)


def test_the_plan_of_a_plain_compose_file_reads_aloud(desk: Desk):
    ran = desk.run("plan")
    assert (ran.code, ran.err) == (0, "")
    same_as_golden("plan.txt", ran.out)


def test_the_plan_as_json_is_nothing_but_json(desk: Desk):
    ran = desk.run("plan", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["schema"] == "envcheck/plan/1"
    same_as_golden("plan.json", ran.out)


def test_the_status_before_anything_is_up_invents_nothing(desk: Desk):
    ran = desk.run("status")
    assert (ran.code, ran.err) == (0, "")
    same_as_golden("status-before.txt", desk.normal(ran.out))


def test_the_status_as_json_says_the_same(desk: Desk):
    ran = desk.run("status", "--json")
    states = {row["service"]: row["state"] for row in json.loads(ran.out)["services"]}
    assert states == {"cache": "absent", "db": "absent", "metrics": "not run here"}


def test_the_doctor_names_each_thing_it_looked_at(desk: Desk):
    ran = desk.run("doctor")
    assert ran.err == ""
    same_as_golden("doctor.txt", _same_machine(desk.normal(ran.out)))


def _same_machine(text: str) -> str:
    """The machine's own numbers stand in the second half of the first five findings."""
    text = re.sub(r"(?m)^\w+( +(?:python|platform|memory|disk) +).*(\n {22}.*)?$", r"…\1…", text)
    return re.sub(r"(envcheck +)\d[\w.]*", r"\1…", text)


def test_every_problem_of_a_file_is_told_with_its_place_at_once(tmp_path: Path):
    desk = Desk.at(tmp_path, WRONG)
    ran = desk.run("up")
    assert (ran.code, ran.out) == (3, "")
    assert len(re.findall(r"compose\.yaml:\d+:\d+", ran.err)) >= 4
    same_as_golden("problems.txt", desk.normal(ran.err))


def test_only_looking_leaves_nothing_anywhere(desk: Desk):
    for command in ("plan", "status", "doctor"):
        desk.run(command)
    assert sorted(path.name for path in desk.folder.iterdir()) == ["compose.yaml"]
    assert not desk.state.exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("upp",), 2, "no command 'upp'; did you mean up?"),
        (("up", "--wave", "9"), 2, "shop has no wave 9\n  its waves: 1, 2"),
        (("up", "-e", "recomender"), 2, "no environment 'recomender' here"),
        (("up", "--without", "dbb"), 2, "shop has no such service\n  did you mean db?"),
        (("up", "--report", "jnuit"), 2, "unknown format 'jnuit'"),
        (("up", "--progres", "none"), 2, "'--progress'"),
        (("up", "--timeout", "soon"), 2, "expected a duration such as 500ms, 5s or 1m30s"),
        (("up", "-f", "absent.yaml"), 3, "absent.yaml"),
    ],
)
def test_what_was_mistyped_is_told_before_anything_begins(
    desk: Desk, words: tuple[str, ...], code: int, said: str
):
    ran = desk.run(*words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert not (desk.folder / ".envcheck").exists()
    assert not desk.state.exists()


def test_without_anything_to_bring_up_one_is_told_where_to_go(tmp_path: Path):
    ran = Desk(tmp_path).run("up")
    assert ran.code == 2
    assert "no waves/ folder and no Compose file" in ran.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_completion_script(desk: Desk, shell: str):
    ran = desk.run("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert "_ENVCHECK_COMPLETE" in ran.out


def test_completion_offers_commands_and_options(desk: Desk):
    asked = {"_ENVCHECK_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
    assert desk.run(COMP_WORDS="envcheck u", **asked).out == "plain,up\n"
    asked["COMP_CWORD"] = "2"
    offered = desk.run(COMP_WORDS="envcheck up --pro", **asked).out.split()
    assert sorted(offered) == ["plain,--profile", "plain,--progress"]

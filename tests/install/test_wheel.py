"""The wheel as a stranger gets it: in an empty environment, in a folder that is not ours."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.install

ROOT = Path(__file__).parents[2]
HANG = 300.0  # seconds
SOURCES = ("src", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")
COMPOSE = """\
services:
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD: correct-horse}
    ports: ["127.0.0.1:28441:5432"]
  web:
    image: nginx:1.29
    depends_on: [db]
"""


def ran(argv: list[str], cwd: Path, code: int = 0) -> str:
    ended = subprocess.run(
        argv, cwd=cwd, env=_environment(), capture_output=True, text=True, timeout=HANG, check=False
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout


def _environment() -> dict[str, str]:
    """Nothing of ours on the path, no environment of ours active."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {name: value for name, value in kept.items() if not name.startswith("ENVCHECK_")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a build leaves things in its folder, and other tests run beside us."""
    copy = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    ran([_uv(), "build", "--quiet", "--wheel", "--out-dir", "dist"], copy)
    [built] = (copy / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment that holds the core alone, without any extra."""
    folder = tmp_path_factory.mktemp("stranger") / "venv"
    ran([_uv(), "venv", "--quiet", "--python", sys.executable, str(folder)], folder.parent)
    python = str(folder / "bin" / "python")
    ran([_uv(), "pip", "install", "--quiet", "--python", python, str(wheel)], folder.parent)
    return folder / "bin" / "envcheck"


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    return tmp_path


def _uv() -> str:
    return str(Path(sys.executable).with_name("uv"))


def test_the_wheel_holds_the_package_and_nothing_beside_it(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        roots = {name.partition("/")[0] for name in archive.namelist()}
        names = set(archive.namelist())
    assert {name for name in roots if not name.endswith(".dist-info")} == {"envcheck"}
    sources = (path.relative_to(ROOT / "src") for path in (ROOT / "src").rglob("*.py"))
    assert {str(path) for path in sources} - names == set()
    assert "envcheck/py.typed" in names


def test_it_says_its_version_and_its_commands(installed: Path, foreign: Path):
    assert ran([str(installed), "--version"], foreign).startswith("envcheck, version ")
    assert "Bring waves up" in ran([str(installed), "--help"], foreign)


def test_it_imports_itself_from_where_it_was_installed(installed: Path, foreign: Path):
    python = str(installed.with_name("python"))
    said = ran([python, "-c", "import envcheck, sys; print(envcheck.__file__, *sys.path)"], foreign)
    assert str(ROOT) not in said
    assert said.startswith(str(installed.parents[1]))


def test_it_plans_a_plain_compose_file(installed: Path, foreign: Path):
    plan = json.loads(ran([str(installed), "plan", "--json"], foreign))
    steps = [step for wave in plan["waves"] for step in wave["steps"]]
    assert {step["subject"] for step in steps} == {"db", "web"}
    assert "start  db" in ran([str(installed), "plan"], foreign)


def test_the_doctor_and_the_schema_work_without_any_extra(installed: Path, foreign: Path):
    findings = json.loads(ran([str(installed), "doctor", "--json"], foreign))
    assert {"envcheck", "python", "platform", "memory", "disk"} <= {it["about"] for it in findings}
    assert json.loads(ran([str(installed), "schema"], foreign))["properties"]


def test_a_busy_port_is_no_riddle_without_any_extra(installed: Path, foreign: Path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        port = busy.getsockname()[1]
        busy.listen()
        (foreign / "compose.yaml").write_text(COMPOSE.replace("28441", str(port)))
        findings = json.loads(ran([str(installed), "doctor", "--json"], foreign))
    [about] = [it["found"] for it in findings if it["about"] == "port" and str(port) in it["found"]]
    assert about == f"db {port}: held by another program"


def test_up_without_the_embedded_extra_says_which_one_to_install(installed: Path, foreign: Path):
    (foreign / "tmp").mkdir()
    folders = {"TMPDIR": "tmp", "XDG_CACHE_HOME": "cache", "XDG_STATE_HOME": "tmp"}
    elsewhere = {name: str(foreign / folder) for name, folder in folders.items()}
    ended = subprocess.run(
        [str(installed), "up", "--runtime", "embedded"],
        cwd=foreign,
        env={**_environment(), **elsewhere, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert ended.returncode == 4
    assert "envcheck[embedded]" in ended.stdout + ended.stderr

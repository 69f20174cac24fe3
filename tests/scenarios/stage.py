"""A private copy of the recommender, and the real command line played on it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from envcheck.system.places import state_folder

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("waves/recommender", "compose/recommender", "compose/stand-ins", "fixtures/recommender")
NOT_COPIED = shutil.ignore_patterns("tests", ".venv", "__pycache__", "*.egg-info", ".pytest_cache")
HANG = 420.0  # seconds; an `up` with Airflow on a busy machine takes about eighty
AIRFLOW = (
    "airflow-init",
    "airflow-apiserver",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-triggerer",
)


@dataclass(frozen=True, slots=True)
class Said:
    """How one command ended: exit code, what stood on the screen, and the JSON report it wrote."""

    command: str
    code: int
    out: str
    err: str
    report: dict[str, Any]

    @property
    def verdict(self) -> str:
        return str(self.report["verdict"])

    @property
    def seconds(self) -> float:
        return float(self.report["seconds"])

    @property
    def first(self) -> str:
        """The first line of the ending: what a person reads first, above the table of waves."""
        blocks = self.out.split("\n\n")
        table = next(at for at, block in enumerate(blocks) if re.match(r"wave +ready ", block))
        return blocks[table - 1].splitlines()[0]

    def outcomes(self, *statuses: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.report["outcomes"]
        return [one for one in found if not statuses or one["status"] in statuses]

    def __str__(self) -> str:
        return f"$ {self.command}\n{self.out}{self.err}[exit {self.code}]\n"


class Stage:
    """One stack of its own: folder, project state, ports. ``down`` ends it and proves it."""

    def __init__(self, folder: Path, without: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.without = without
        self.transcript: list[str] = []
        self.suspect = False
        for part in PARTS:
            shutil.copytree(REPOSITORY / part, folder / part, ignore=NOT_COPIED)
        self._nonce = ""

    @property
    def compose(self) -> Path:
        return self.folder / "compose/recommender"

    @property
    def state(self) -> Path:
        return state_folder("recommender", self.folder / "waves/recommender")

    @property
    def secrets(self) -> dict[str, str]:
        """The development values of ``.env``: what a person breaking things would use."""
        lines = (self.compose / ".env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")

    @property
    def latest(self) -> Path:
        return self.folder / ".envcheck/latest"

    def run(self, *words: str, program: tuple[str, ...] = ("-m", "envcheck")) -> Said:
        """The real command line in a process of its own."""
        before = self._latest_run()
        argv = [sys.executable, *program, *words]
        ended = subprocess.run(
            argv,
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=HANG,
            check=False,
        )
        recorded = self._latest_run() != before
        report = json.loads((self.latest / "report.json").read_text()) if recorded else {}
        said = Said(
            f"envcheck {' '.join(words)}", ended.returncode, ended.stdout, ended.stderr, report
        )
        self.transcript.append(str(said))
        return said

    def up(self, *words: str) -> Said:
        return self.run("up", *self._which(), *words)

    def verify(self, program: tuple[str, ...] = ("-m", "envcheck")) -> Said:
        return self.run("verify", *self._which(), program=program)

    def seed(self) -> Said:
        return self.run("seed", *self._which())

    def down(self) -> Said:
        return self.run("down", "--volumes")

    def status(self) -> dict[str, dict[str, Any]]:
        rows = json.loads(self.run("status", "--json", *self._which()).out)["services"]
        return {row["service"]: row for row in rows}

    def pids(self) -> dict[str, int]:
        """The process of every service that runs."""
        return {
            name: int(row["handle"].removeprefix("pid "))
            for name, row in self.status().items()
            if row["state"] == "running"
        }

    def port(self, service: str) -> int:
        """The one its clients dial."""
        lines = (self.latest / "endpoints.env").read_text().splitlines()
        endpoints = dict(line.split("=", 1) for line in lines)
        return int(endpoints[f"{service.replace('-', '_').upper()}_PORT"])

    def processes(self) -> list[psutil.Process]:
        """Whatever lives by this stack's nonce or folders, found without the product's help."""
        nonce = self.state / "nonce"
        if nonce.exists():
            self._nonce = nonce.read_text()
        return [one for one in psutil.process_iter() if self._ours(one)]

    def _ours(self, process: psutil.Process) -> bool:
        try:
            if self._nonce and self._nonce in process.environ().values():
                return True
            here = Path(process.cwd())
        except psutil.Error:
            return False
        return self.folder in here.parents or self.state in (here, *here.parents)

    def keep(self, into: Path) -> None:
        """Transcripts, records and logs: what one needs to see why a scenario failed."""
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        (into / "transcript.txt").write_text("\n".join(self.transcript))
        for source, name in ((self.latest.resolve(), "run"), (self.state / "logs", "logs")):
            if source.is_dir():
                shutil.copytree(source, into / name, symlinks=True, dirs_exist_ok=True)

    def _which(self) -> tuple[str, ...]:
        left_out = ("--without", ",".join(self.without)) if self.without else ()
        return ("--wave", "2", *left_out)

    def _latest_run(self) -> str:
        return str(self.latest.readlink()) if self.latest.is_symlink() else ""


def eventually(holds: Callable[[], object], seconds: float = 60.0) -> None:
    """Ask until it holds; the bound is a hang guard, not a measurement."""
    for _ in _moments(seconds):
        if holds():
            return
    raise AssertionError(f"did not come true within {seconds:g} s: {holds.__doc__ or holds}")


def _moments(seconds: float) -> Iterator[float]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield end - time.monotonic()
        time.sleep(0.1)


def _environment() -> dict[str, str]:
    ours = {"PYTHONPATH": str(REPOSITORY / "src"), "CI": "1", "COLUMNS": "200"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENVCHECK_")}
    return {**kept, **ours}

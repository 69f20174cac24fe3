"""The real command line in a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envcheck.system.places import state_folder

SOURCE = Path(__file__).parents[2] / "src"
HANG = 120.0  # seconds
SHOP = """\
name: shop
services:
  db:
    image: postgres:17
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: correct-horse, POSTGRES_DB: shop}
    ports: ["127.0.0.1:28431:5432"]
    volumes: ["data:/var/lib/postgresql/data"]
  cache:
    image: redis:8
    ports: ["127.0.0.1:28432:6379"]
    depends_on: [db]
  metrics:
    image: prom/prometheus:v3.5.0
volumes: {data: {}}
"""


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"{self.out}{self.err}[exit {self.code}]\n"


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with a small Compose project, and the commands played in it."""

    folder: Path

    @classmethod
    def at(cls, folder: Path, compose: str = SHOP) -> Desk:
        (folder / "compose.yaml").write_text(compose)
        return cls(folder)

    @property
    def state(self) -> Path:
        return state_folder("shop", self.folder)

    def run(self, *words: str, **environ: str) -> Ran:
        ended = subprocess.run(
            self.argv(*words),
            cwd=self.folder,
            env=environment(environ),
            capture_output=True,
            text=True,
            timeout=HANG,
            check=False,
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Started, not waited for; stdout and stderr come together."""
        return subprocess.Popen(
            self.argv(*words),
            cwd=self.folder,
            env=environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @staticmethod
    def argv(*words: str) -> list[str]:
        return [sys.executable, "-m", "envcheck", *words]

    def normal(self, text: str) -> str:
        """Without what differs from machine to machine and from run to run."""
        text = text.replace(str(self.state), "<state>").replace(str(self.folder), "<here>")
        return re.sub(r"\d{8}-\d{6}-[0-9a-f]{4}", "<run>", text)


def environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENVCHECK_")}
    return {**kept, "PYTHONPATH": str(SOURCE), "COLUMNS": "100", **more}

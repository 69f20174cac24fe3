"""One command, played up to a moment of its record; and everything there is of a stack to find."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.functional import command

SHOP = command.SHOP.replace(":2843", ":2853")  # the ports there are read, these are used
SOURCE = Path(__file__).resolve().parents[2] / "src"
HANG = 120.0  # seconds

Event = dict[str, Any]


class Theatre:
    """A folder to play in, with a temp folder of its own in which nothing may be left.

    ``tmp`` holds the project's state as root; it must be reachable for an unprivileged server.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tmp = folder / "tmp"
        self.home = folder / "home"
        for made in (self.tmp, self.home):
            made.mkdir(exist_ok=True)
        for reachable in (folder, self.tmp):
            reachable.chmod(0o711)

    def begin(
        self, *words: str, stderr: int = subprocess.STDOUT, **environ: str
    ) -> subprocess.Popen[str]:
        """stdout and stderr come together unless ``stderr`` says otherwise."""
        return subprocess.Popen(
            [sys.executable, "-m", "envcheck", *words],
            cwd=self.folder,
            env=self._environment(environ),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def run(self, *words: str, **environ: str) -> tuple[int, str]:
        with self.begin(*words, **environ) as command:
            out, _ = command.communicate(timeout=HANG * 3)
        return command.returncode, out

    def interrupt(
        self,
        number: signal.Signals,
        moment: Callable[[Event], bool],
        *words: str,
        times: int = 1,
        **environ: str,
    ) -> tuple[int, str]:
        """Signal the command at the first event that is the moment; its exit code and last words.

        Fails when the command ends before that moment comes.
        """
        with self.begin(*words, "--progress", "json", **environ) as command:
            said = _until(command, moment)
            for _ in range(times):
                command.send_signal(number)
                time.sleep(0.02)  # two signals at once would be one
            rest, _ = command.communicate(timeout=HANG)
        return command.returncode, said + rest

    def empty(self) -> dict[str, list[str]]:
        """What ``left`` finds before a run: only what all projects of this user share."""
        root = self.tmp / "envcheck-root"
        folder = root if os.geteuid() == 0 else self.tmp / "state" / "envcheck"
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        (folder / ".ports.lock").touch()
        return self.left()

    def left(self) -> dict[str, list[str]]:
        """What there is of us: processes, and everything in the temp folder."""
        return {
            "processes": self.processes(),
            "files": sorted(str(path.relative_to(self.tmp)) for path in self.tmp.rglob("*")),
        }

    def processes(self) -> list[str]:
        return sorted(filter(None, map(self._ours, psutil.process_iter())))

    def pids(self, *words: str) -> dict[str, str]:
        code, out = self.run("status", "--json", *words)
        assert code == 0, out
        return {
            row["service"]: row["handle"] for row in json.loads(out)["services"] if row["handle"]
        }

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        kept = {name: it for name, it in os.environ.items() if not name.startswith("ENVCHECK_")}
        state = {"TMPDIR": str(self.tmp), "XDG_STATE_HOME": str(self.tmp / "state")}
        return {**kept, "PYTHONPATH": str(SOURCE), **state, **more}

    def _ours(self, process: psutil.Process) -> str:
        """By its environment, arguments or folder: found without the product's help."""
        try:
            where = [*process.cmdline(), process.cwd(), process.environ().get("TMPDIR", "")]
            told = f"{process.pid} {' '.join(process.cmdline())}"
        except psutil.Error:
            return ""
        return told if any(str(self.folder) in text for text in where) else ""


def _until(command: subprocess.Popen[str], moment: Callable[[Event], bool]) -> str:
    said = ""
    assert command.stdout is not None
    for line in command.stdout:
        said += line
        if line.startswith("{") and moment(json.loads(line)):
            return said
    raise AssertionError(f"ended with {command.wait()} before the moment came:\n{said}")

"""One thing measured beside its baseline, in turn, so that both meet the same machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).resolve().parents[2]
HANG = 600.0  # seconds; a guard, not a measurement


@dataclass(frozen=True, slots=True)
class Took:
    """Wall and CPU seconds; CPU is that of our own process alone, not of the services."""

    wall: float
    cpu: float


Measured = Callable[[], Took]


@dataclass(frozen=True, slots=True)
class Case:
    """``command`` is what a person would type to see the same; ``target`` is the issue's."""

    name: str
    command: str
    run: Measured
    baseline: str
    base: Measured
    target: str = ""
    times: int = 5


@dataclass(frozen=True, slots=True)
class Row:
    """What came out: seconds of the case and of its baseline."""

    case: Case
    runs: tuple[Took, ...]
    bases: tuple[Took, ...]

    @property
    def wall(self) -> float:
        return median(took.wall for took in self.runs)

    @property
    def spread(self) -> tuple[float, float]:
        return min(took.wall for took in self.runs), max(took.wall for took in self.runs)

    @property
    def cpu(self) -> float:
        return median(took.cpu for took in self.runs)

    @property
    def base(self) -> float:
        return median(took.wall for took in self.bases)

    @property
    def ratio(self) -> float:
        return self.wall / self.base if self.base else 0.0


def alternating(case: Case) -> Row:
    runs, bases = [], []
    for _ in range(case.times):
        bases.append(case.base())
        runs.append(case.run())
    return Row(case, tuple(runs), tuple(bases))


def environment() -> dict[str, str]:
    """A user's: warm bytecode, this checkout, nothing that changes what envcheck does."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "ENVCHECK_", "FORCE_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "PYTHONPATH": str(REPOSITORY / "src"), "CI": "1"}


def child(*argv: str, cwd: Path = REPOSITORY, codes: Sequence[int] = (0,)) -> Took:
    """A process of its own, and what it cost. RuntimeError for an exit code nobody expected."""
    began = time.monotonic()
    with subprocess.Popen(
        argv, cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        said = process.stdout.read() if process.stdout else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode not in codes:
        raise RuntimeError(f"{argv}: exit {process.returncode}\n{said.decode()[-3000:]}")
    return Took(wall, used.ru_utime + used.ru_stime)


def envcheck(*words: str, cwd: Path = REPOSITORY, codes: Sequence[int] = (0,)) -> Took:
    return child(sys.executable, "-m", "envcheck", *words, cwd=cwd, codes=codes)


def timed(do: Callable[[], object]) -> Took:
    """In this process: for what costs less than a process."""
    wall, cpu = time.monotonic(), time.thread_time()
    do()
    return Took(time.monotonic() - wall, time.thread_time() - cpu)


def bare() -> Took:
    """The least any Python program costs here."""
    return child(sys.executable, "-c", "pass")


def machine() -> Mapping[str, str]:
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    return {"cores": str(os.cpu_count()), "load (1, 5, 15 min)": load, "python": sys.version[:7]}

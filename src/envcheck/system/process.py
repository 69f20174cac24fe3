"""The process door: argument lists only, output captured, a hard timeout."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMED_OUT = -1


@dataclass(frozen=True, slots=True)
class Finished:
    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.code == 0


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 60.0,
    stdin: str | None = None,
) -> Finished:
    """Run to the end. Code 127 when the program is missing, TIMED_OUT when it had to be killed."""
    try:
        done = subprocess.run(
            list(argv),
            cwd=cwd,
            env=None if env is None else dict(env),
            input=stdin or "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        return Finished(tuple(argv), 127, "", f"{error.filename}: not found")
    except subprocess.TimeoutExpired:
        return Finished(tuple(argv), TIMED_OUT, "", f"no end after {timeout:g}s")
    return Finished(tuple(argv), done.returncode, done.stdout, done.stderr)

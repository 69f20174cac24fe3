"""Virtual environments, each made once per machine from its requirements and then only used."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from envcheck.errors import Interrupted, PrepareError
from envcheck.model.clock import Clock
from envcheck.runtimes.embedded.processes import NONCE

INSTALL_SECONDS = 900.0
RECIPE = "1"  # part of the hash: raise it when the way of installing changes


@dataclass(frozen=True, slots=True)
class Need:
    """What has to be installed, said to a person: ``what`` of about ``megabytes``, ``why``."""

    what: str
    why: str
    megabytes: int
    requirements: str  # the text of a requirements file
    folder: Path | None = None  # where relative paths in it start

    @property
    def mark(self) -> str:
        """Same requirements, same Python, same machine: same environment."""
        parts = (RECIPE, self.requirements, platform.python_version(), platform.machine())
        return hashlib.sha256("\n".join((*parts, sys.base_prefix)).encode()).hexdigest()[:16]


class Venvs:
    """``nonce`` marks installers we start, so that one left by a killed run is found as ours."""

    def __init__(self, cache: Path, clock: Clock, nonce: str) -> None:
        self._folder = cache / "venvs"
        self._clock = clock
        self._nonce = nonce

    def path(self, need: Need) -> Path:
        return self._folder / need.mark

    def has(self, need: Need) -> bool:
        """A finished environment has its final name; one whose Python went away is no use."""
        return (self.path(need) / "bin" / "python").exists()

    def make(self, need: Need) -> None:
        """Built aside and renamed when whole. Raises PrepareError with what the installer said."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._alone(need):
            if self.has(need):
                return
            self._clear(need)
            aside = Path(tempfile.mkdtemp(prefix=f".{need.mark}-", dir=self._folder))
            try:
                self._install(need, aside)
                aside.rename(self.path(need))
            finally:
                shutil.rmtree(aside, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what killed installs left half built; nobody may hold their locks."""
        for left in self._folder.glob(".*-*"):
            mark = left.name[1:].partition("-")[0]
            with (self._folder / f"{mark}.lock").open("w") as lock:
                if _taken(lock):
                    shutil.rmtree(left, ignore_errors=True)

    def _clear(self, need: Need) -> None:
        """What a killed run left half built; nobody else builds it, we hold the lock."""
        shutil.rmtree(self.path(need), ignore_errors=True)
        for left in self._folder.glob(f".{need.mark}-*"):
            shutil.rmtree(left, ignore_errors=True)

    @contextmanager
    def _alone(self, need: Need) -> Iterator[None]:
        with (self._folder / f"{need.mark}.lock").open("w") as lock:
            while not _taken(lock):  # another project installs the same just now
                self._pause(0.1)
            yield

    def _pause(self, seconds: float) -> None:
        if not self._clock.pause(seconds):
            raise Interrupted

    def _install(self, need: Need, into: Path) -> None:
        listed = into / "requirements.txt"
        listed.write_text(need.requirements, encoding="utf-8")
        uv, python = _uv(), str(into / "bin" / "python")
        # relocatable: its scripts find their Python wherever the rename puts them
        made = ("venv", "--quiet", "--relocatable", "--allow-existing", "--python", sys.executable)
        self._run(need, uv, *made, str(into))
        filled = ("pip", "install", "--quiet", "--compile-bytecode", "--python", python)
        self._run(need, uv, *filled, "--requirement", str(listed))

    def _run(self, need: Need, *argv: str) -> None:
        """With the user's own environment: it knows their index, proxy and certificates."""
        known = {**os.environ, "UV_NO_PROGRESS": "1", NONCE: self._nonce}
        known.pop("VIRTUAL_ENV", None)
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen(
                argv,
                cwd=need.folder,
                env=known,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                process_group=0,  # a Ctrl-C is ours to pass on, and reaches its children too
            )
            self._wait(child)
            if child.returncode:
                said.seek(0)
                raise _failure(need, said.read().decode("utf-8", "replace"))

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        """Until it ends, too long has passed, or a stop was asked for."""
        deadline = self._clock.monotonic() + INSTALL_SECONDS
        try:
            while child.poll() is None:
                self._pause(0.02)
                if self._clock.monotonic() > deadline:
                    raise PrepareError(f"{child.args!r} did not end in {INSTALL_SECONDS:g}s")
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _failure(need: Need, said: str) -> PrepareError:
    tail = "\n".join(said.strip().splitlines()[-12:])
    return PrepareError(
        f"{need.what} could not be installed:\n{tail}",
        "see whether the package index can be reached from here",
    )


def _uv() -> str:
    """Ours first: the one beside this Python was chosen with envcheck."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        raise PrepareError(
            "the embedded runtime needs uv", "pip install 'envcheck[embedded]' brings it"
        )
    return found

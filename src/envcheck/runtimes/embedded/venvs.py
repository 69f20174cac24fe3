"""Virtual environments, each made once per machine from its requirements and then only used."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from envcheck.errors import PrepareError
from envcheck.system.process import run

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
    def __init__(self, cache: Path) -> None:
        self._folder = cache / "venvs"

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
                _install(need, aside)
                aside.rename(self.path(need))
            finally:
                shutil.rmtree(aside, ignore_errors=True)

    def _clear(self, need: Need) -> None:
        """What a killed run left half built; nobody else builds it, we hold the lock."""
        shutil.rmtree(self.path(need), ignore_errors=True)
        for left in self._folder.glob(f".{need.mark}-*"):
            shutil.rmtree(left, ignore_errors=True)

    @contextmanager
    def _alone(self, need: Need) -> Iterator[None]:
        with (self._folder / f"{need.mark}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _install(need: Need, into: Path) -> None:
    listed = into / "requirements.txt"
    listed.write_text(need.requirements, encoding="utf-8")
    uv = _uv()
    # relocatable: its scripts find their Python wherever the rename puts them
    _run(need, uv, "venv", "--quiet", "--relocatable", "--allow-existing", "--python",
         sys.executable, str(into))  # fmt: skip
    _run(need, uv, "pip", "install", "--quiet", "--compile-bytecode", "--python",
         str(into / "bin" / "python"), "--requirement", str(listed))  # fmt: skip


def _run(need: Need, *argv: str) -> None:
    # the user's own environment: it knows their index, proxy and certificates
    quiet = {**os.environ, "UV_NO_PROGRESS": "1"}
    quiet.pop("VIRTUAL_ENV", None)
    done = run(argv, cwd=need.folder, env=quiet, timeout=INSTALL_SECONDS)
    if not done.ok:
        said = "\n".join(done.err.strip().splitlines()[-12:])
        raise PrepareError(f"{need.what} could not be installed:\n{said}",
                           "see whether the package index can be reached from here")  # fmt: skip


def _uv() -> str:
    """Ours first: the one beside this Python was chosen with envcheck."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        raise PrepareError(
            "the embedded runtime needs uv", "pip install 'envcheck[embedded]' brings it"
        )
    return found

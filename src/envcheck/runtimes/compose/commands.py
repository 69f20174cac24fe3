"""The ``docker compose`` command line: one child at a time, known to the ledger, stoppable."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from envcheck.errors import Interrupted, StackError
from envcheck.model.clock import Clock
from envcheck.model.runtime import Ledger, Resource
from envcheck.runtimes.compose.children import started

# an alias bomb our own caps let pass would fill the machine: Compose needs about 2 GiB of addresses
ADDRESS_SPACE = 8 * 1024**3
LEAVES = 5.0  # seconds a child told to stop may take


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def reason(self) -> str:
        """The last line that is more than progress."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code} and no word"


class Commands:
    """``environment`` is what the files' variables are taken from."""

    def __init__(self, ledger: Ledger, clock: Clock, environment: Mapping[str, str]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._environment = dict(environment)

    def compose(self, *words: str, timeout: float = 600.0, looks: bool = False) -> Said:
        """Raises Interrupted on a stop, StackError where there is no Compose or no end."""
        said = self.run(("docker", "compose", "--ansi", "never", *words), timeout, looks=looks)
        if "unknown command: docker compose" in said.err or "is not a docker command" in said.err:
            raise StackError("docker has no compose command here", "install the Compose plugin")
        return said

    def run(self, argv: Sequence[str], timeout: float, *, looks: bool = False) -> Said:
        """Raises Interrupted on a stop, StackError without that program or within that time.

        What only ``looks`` makes nothing, and is not entered in the ledger.
        """
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = self._begin(argv, out.fileno(), err.fileno())
            with nullcontext() if looks else self._entered(child.pid):
                try:
                    self._wait(child, timeout)
                finally:
                    _end(child)
            out.seek(0)
            err.seek(0)
            return Said(child.returncode, _text(out.read()), _text(err.read()))

    @contextmanager
    def _entered(self, pid: int) -> Iterator[None]:
        mark = Resource("process", str(pid), facts={"started": started(pid)})
        self._ledger.made(mark)
        try:
            yield
        finally:
            self._ledger.gone(mark)

    def _begin(self, argv: Sequence[str], out: int, err: int) -> subprocess.Popen[bytes]:
        program = shutil.which(argv[0])
        if program is None:
            raise StackError(f"there is no {argv[0]} command here", f"install {argv[0]}")
        child = subprocess.Popen(
            [program, *argv[1:]],
            env=self._environment,
            stdin=subprocess.DEVNULL,  # whatever it asks, the answer is its careful default
            stdout=out,
            stderr=err,
            start_new_session=True,  # a Ctrl-C is ours to pass on
        )
        if hasattr(resource, "prlimit"):
            with suppress(ProcessLookupError):
                resource.prlimit(child.pid, resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        return child

    def _wait(self, child: subprocess.Popen[bytes], timeout: float) -> None:
        deadline = self._clock.monotonic() + timeout
        while child.poll() is None:
            if not self._clock.pause(0.01):
                raise Interrupted
            if self._clock.monotonic() > deadline:
                raise StackError(f"no end in {timeout:g}s", "see whether it hangs")


def surroundings(project_folder: Path) -> dict[str, str]:
    """The user's environment: it knows their engine, context and variables."""
    return {**os.environ, "PWD": str(project_folder), "COMPOSE_IGNORE_ORPHANS": "true"}


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(LEAVES)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

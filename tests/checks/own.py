"""A server of one test's own, for what the session's server must not be made to suffer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests.servers import LocalServer

S = TypeVar("S", bound=LocalServer)


@contextmanager
def started(make: Callable[[Path], S]) -> Iterator[S]:
    """pytest's own folders are closed to Postgres' unprivileged user, so it gets another."""
    folder = Path(tempfile.mkdtemp(prefix="envcheck-test-"))
    folder.chmod(0o711)
    server = make(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)

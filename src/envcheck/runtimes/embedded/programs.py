"""One process to run, completely described."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envcheck.runtimes.embedded.layout import Layout
from envcheck.runtimes.embedded.processes import NONCE

# what a program needs of the user's own environment to reach the world as they do
PASSED_ON = (
    "PATH", "HOME", "LANG", "TZ", "TMPDIR",
    "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE",
)  # fmt: skip
LOOPBACK = "127.0.0.1,localhost"
UNCOUNTED = {"__pycache__", "node_modules", "tests"}
SOURCE = {
    ".py", ".toml", ".ini", ".cfg", ".yaml", ".yml", ".json", ".txt", ".sql", ".mako", ".html",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """``files`` are written privately before the start. ``uid``: whom it becomes, as root only;
    ``owned``: what is given to that user. ``code`` stands for the source files it runs."""

    service: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    uid: int | None = None
    files: Mapping[Path, str] = field(default_factory=dict)
    folders: tuple[Path, ...] = ()
    owned: tuple[Path, ...] = ()
    restart: str = "no"
    stop_signal: str = "TERM"
    stop_seconds: float = 10.0
    code: str = ""

    @property
    def fingerprint(self) -> str:
        """Changes when a restart is due: command, environment, files given to it, user, source."""
        counted = {
            "argv": self.argv,
            "env": dict(sorted(self.env.items())),
            "cwd": str(self.cwd),
            "uid": self.uid,
            "files": {str(path): text for path, text in self.files.items()},
            "code": self.code,
        }
        return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()

    def spec(self, layout: Layout, nonce: str) -> str:
        """What the launcher reads."""
        return json.dumps(
            {
                "argv": self.argv,
                "env": {**self.env, NONCE: nonce},
                "cwd": str(self.cwd),
                "uid": self.uid,
                "log": str(layout.log(self.service)),
                "mark": str(layout.mark(self.service)),
                "fingerprint": self.fingerprint,
            }
        )


def base_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of the user's environment but this; and loopback never goes through a proxy."""
    mine = os.environ if environ is None else environ
    passed = {name: mine[name] for name in PASSED_ON if name in mine}
    for name in ("NO_PROXY", "no_proxy"):
        passed[name] = ",".join(filter(None, (mine.get(name, ""), LOOPBACK)))
    return {"PYTHONUNBUFFERED": "1", **passed}


def source_mark(folder: Path) -> str:
    """Changes when a source file below does: name, size or time. What an application writes beside
    its source (a database, a log) does not count."""
    counted = hashlib.sha256()
    for path in _sources(folder):
        seen = path.stat()
        counted.update(f"{path}:{seen.st_size}:{seen.st_mtime_ns}\n".encode())
    return counted.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name in UNCOUNTED or entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _sources(entry)
        elif entry.suffix in SOURCE:
            yield entry

"""The file door: what a run writes is for its user alone, and is whole or not there at all."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
FOLDER = ".envcheck"


def private_folder(folder: Path) -> Path:
    """The folder, made with everything above it that is missing; 0700 whatever the umask."""
    if not folder.is_dir():
        private_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(PRIVATE_FOLDER)
    return folder


def write_private(path: Path, text: str) -> Path:
    """Replace the file at once, 0600; a reader sees the old text or the new, never a part."""
    private_folder(path.parent)
    # mkstemp makes the file 0600 less the umask before a byte is in it
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        os.fchmod(descriptor, PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def open_private(path: Path) -> int:
    """A descriptor that appends to a 0600 file, made when missing; a link is refused (OSError)."""
    private_folder(path.parent)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, PRIVATE_FILE)
    os.fchmod(descriptor, PRIVATE_FILE)
    return descriptor


def run_id(wall: float) -> str:
    """``20261121-031502-a1b2``: sorts by its start (UTC), and two runs of one second differ."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(wall)) + f"-{secrets.token_hex(2)}"


def runs_folder(base: Path) -> Path:
    return base / FOLDER / "runs"


def new_run(base: Path, wall: float) -> Path:
    """A folder of its own for this run; its name is the run's id. ``latest`` is not moved yet."""
    runs = private_folder(runs_folder(base))
    while True:
        folder = runs / run_id(wall)
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        folder.chmod(PRIVATE_FOLDER)
        return folder


def latest_run(base: Path) -> Path | None:
    """The folder ``.envcheck/latest`` leads to; None before the first run."""
    link = base / FOLDER / "latest"
    return link.resolve() if link.is_dir() else None


def point_latest(run: Path) -> Path:
    """Let ``.envcheck/latest`` lead to this run, without a moment in which it leads nowhere."""
    link = run.parent.parent / "latest"
    aside = link.with_name(f".latest.{run.name}")
    aside.symlink_to(Path(run.parent.name) / run.name)
    aside.replace(link)
    return link

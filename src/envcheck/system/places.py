"""Where envcheck keeps things outside the project: a cache to rebuild from, and state that runs.

Nothing else on the machine is written to.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from envcheck.errors import StackError
from envcheck.system.files import private_folder

SOCKET_LIMIT = 100  # bytes; the kernel's sun_path holds 108, supervisor adds ".<pid>" while binding
SUFFIX_ROOM = 9


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """What can be installed again: virtual environments of servers and applications."""
    return _base(environ or os.environ, "XDG_CACHE_HOME", ".cache") / "envcheck"


def state_folder(project: str, folder: Path, environ: Mapping[str, str] | None = None) -> Path:
    """One folder per project and checkout; two checkouts of one project do not meet.

    As root it lies in the temp folder: servers that refuse to run as root are given to an
    unprivileged user, who could not reach it below root's home.
    """
    mark = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]
    return _state_root(environ or os.environ) / f"{project}-{mark}"


def prepare_state(state: Path) -> Path:
    """Make the folder ours alone: 0700, as root 0711. Raises StackError when another owns it."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for folder in (state.parent, state):
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        _refuse_foreign(folder)
    state.chmod(mode)
    return state


def socket_path(wanted: Path) -> Path:
    """The wanted path when a unix socket can have it, else a short one in the temp folder."""
    if len(os.fsencode(wanted)) + SUFFIX_ROOM < SOCKET_LIMIT:
        return wanted
    mark = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"envcheck-sockets-{os.geteuid()}" / f"{mark}.sock"


def own_folder(folder: Path) -> Path:
    """0700 and ours. Raises StackError when someone else made it first."""
    private_folder(folder)
    _refuse_foreign(folder)
    return folder


def _state_root(environ: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path(tempfile.gettempdir()) / "envcheck-root"
    return _base(environ, "XDG_STATE_HOME", ".local/state") / "envcheck"


def _base(environ: Mapping[str, str], variable: str, below_home: str) -> Path:
    given = environ.get(variable, "")
    return Path(given) if Path(given).is_absolute() else Path.home() / below_home


def _refuse_foreign(folder: Path) -> None:
    """The temp folder is everybody's: a link or another's folder in our place is an attack."""
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid():
        raise StackError(
            f"{folder} belongs to someone else",
            f"remove it, or see who made it: owner {seen.st_uid}",
        )

"""Which environment is meant, when the command line says little."""

from __future__ import annotations

import difflib
import fnmatch
import os
from pathlib import Path

from envcheck.cli.options import Wanted
from envcheck.errors import UsageError
from envcheck.model.environment import Environment

DEFAULT = "recommender"
COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def environment(wanted: Wanted, here: Path) -> Environment:
    """Read what was meant. Raises UsageError when nothing fits, ConfigError for what is wrong."""
    from envcheck.config.reader import read_compose, read_environment

    files = wanted.files or (() if wanted.environment else _plain(here))
    if files:
        return read_compose([here / file for file in files], os.environ)
    folder = _folder(wanted.environment, here)
    return read_environment(
        folder,
        os.environ,
        profile=wanted.profile,
        scale=wanted.scale,
    )


def _plain(here: Path) -> tuple[Path, ...]:
    """The Compose file beside us, unless wave files say more."""
    if (here / "waves").is_dir():
        return ()
    return tuple(here / name for name in COMPOSE_NAMES if (here / name).is_file())[:1]


def _folder(name: str, here: Path) -> Path:
    given = here / name
    if name and (given / "environment.yaml").is_file():
        return given
    known = sorted(path.parent.name for path in (here / "waves").glob("*/environment.yaml"))
    chosen = name or (DEFAULT if DEFAULT in known else "") or (known[0] if len(known) == 1 else "")
    if chosen in known:
        return here / "waves" / chosen
    if name:
        raise UsageError(
            f"no environment {name!r} here",
            f"known: {', '.join(known) or 'none (no waves/ folder)'}",
        )
    raise UsageError(
        "nothing to bring up here: no waves/ folder and no Compose file",
        "go to a folder that has one, or name it: envcheck up -f compose.yaml",
    )


def left_out(patterns: frozenset[str], environment: Environment) -> frozenset[str]:
    """The services that ``--without`` names, ``airflow-*`` included. Raises UsageError."""
    services = environment.project.services
    found: set[str] = set()
    for pattern in sorted(patterns):
        matched = fnmatch.filter(services, pattern)
        if not matched:
            close = difflib.get_close_matches(pattern, services, 1)
            hint = f"did you mean {close[0]}?" if close else f"its services: {', '.join(services)}"
            raise UsageError(f"--without {pattern}: {environment.name} has no such service", hint)
        found |= set(matched)
    return frozenset(found)

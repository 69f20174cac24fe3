"""Which files make up an environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from envcheck.config.document import shown
from envcheck.errors import ConfigError
from envcheck.model.problem import Place, Problem

ENVIRONMENT_FILES = ("environment.yaml", "environment.yml")
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def environment_file(folder_or_file: Path) -> Path | None:
    """The environment.yaml meant; None where a plain Compose project is meant."""
    if folder_or_file.name in ENVIRONMENT_FILES:
        return folder_or_file
    found = (folder_or_file / name for name in ENVIRONMENT_FILES)
    return next((path for path in found if path.is_file()), None)


def compose_files(folder_or_file: Path, env: Mapping[str, str]) -> list[Path]:
    """The Compose files Compose itself would take there: COMPOSE_FILE, else the default name and
    its override. Raises ConfigError when there is none."""
    if folder_or_file.is_file():
        return [folder_or_file]
    if named := env.get("COMPOSE_FILE"):
        separator = env.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
        return [folder_or_file / name for name in named.split(separator) if name]
    for name in COMPOSE_FILES:
        path = folder_or_file / name
        if path.is_file():
            return [path, *_overrides(path)]
    expected = f"{ENVIRONMENT_FILES[0]} or {COMPOSE_FILES[0]}"
    found = "no environment here" if folder_or_file.is_dir() else "no such file or folder"
    raise ConfigError([Problem(Place(shown(folder_or_file)), found, expected)])


def _overrides(path: Path) -> list[Path]:
    stem = path.name.rsplit(".", 1)[0]
    named = (path.with_name(f"{stem}.override.{ending}") for ending in ("yaml", "yml"))
    return [override for override in named if override.is_file()][:1]

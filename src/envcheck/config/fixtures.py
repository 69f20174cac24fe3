"""Fixture files: read on demand, missing ones told with the place that names them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from envcheck.config.document import file_text, read_document, shown
from envcheck.config.nodes import Fields, plain
from envcheck.config.problems import Problems, Wrong
from envcheck.config.reading import Reading
from envcheck.model.environment import Wave
from envcheck.model.problem import Place
from envcheck.model.seed import Fixtures

_REFERENCE = re.compile(r"\{\s*secret:\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}")


def fixtures_of(folder: Path, profile: str, scale: float, reading: Reading) -> Fixtures:
    """``read`` and ``secret`` raise ConfigError, each with the problem's place."""
    place = Place(shown(folder))

    def secret(name: str) -> str:
        problems = Problems()
        value = ""
        with problems.noting():
            value = reading.secrets.demanded(name, place)
        problems.demand()
        return value

    @cache  # several seeds draw on one file, and each asks once to write and once to prove
    def read(name: str) -> Any:
        problems = Problems()
        with problems.noting():
            node = read_document(_inside(folder, name), problems)
            if isinstance(node, Fields):
                node = replace(reading, problems=problems).substituted(node)
        problems.demand()
        return plain(node)

    return Fixtures(folder, profile, scale, secret, read)


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    root, wanted = os.path.realpath(folder), os.path.realpath(path)
    if os.path.commonpath([root, wanted]) != root:
        raise Wrong(Place(shown(path)), "a fixture outside of the fixtures' folder")
    return path


def collect_secrets(folder: Path, reading: Reading) -> None:
    """Secrets that fixtures name are resolved now, so that the gate knows them before any seed."""
    for path in sorted(folder.glob("*.y*ml")) if folder.is_dir() else ():
        try:
            words = file_text(path)
        except Wrong:
            continue  # told when a seed asks for this file
        for name in _REFERENCE.findall(words):
            with reading.problems.noting():
                reading.secrets.value(name)


def note_missing(waves: Iterable[Wave], fixtures: Fixtures, problems: Problems) -> None:
    """Each fixture file that a seed needs and cannot find."""
    for wave in waves:
        for seed in wave.seeds:
            for name in seed.what.missing(fixtures):
                found = f"fixture {shown(fixtures.folder / name)} does not exist"
                problems.add(seed.place, found, f"a file in {shown(fixtures.folder)}")

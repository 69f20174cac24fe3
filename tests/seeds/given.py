"""What the seed tests share: fixtures as plain data, seeds written and proven in one word."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envcheck.model.outcome import Observation
from envcheck.model.seed import Fixtures, Seeded, SeedFailed, SeedKind
from tests.fakes.scene import FakeScene

SHAPE = {
    "tenant": "d0000000-0000-4000-8000-000000000001",
    "seed": 5,
    "profiles": {"small": {"users": 200, "items": 100, "interactions": 3000}},
}


def fixtures(data: Any = SHAPE, **secrets: str) -> Fixtures:
    return Fixtures(Path("fixtures"), secret=secrets.__getitem__, read=lambda _name: data)


def silent(done: int, total: int, unit: str, note: str = "") -> None:
    """Progress nobody listens to."""


def write(seed: SeedKind, given: Fixtures, scene: FakeScene) -> Mapping[str, Seeded]:
    return {unit.name: unit.write(scene, silent) for unit in seed.units(given)}


def refusal(seed: SeedKind, given: Fixtures, scene: FakeScene) -> Observation:
    try:
        wrote = write(seed, given, scene)
    except SeedFailed as failed:
        return failed.observation
    raise AssertionError(f"nothing was refused: {wrote}")


def prove(seed: SeedKind, given: Fixtures, scene: FakeScene) -> Mapping[str, Observation]:
    return {check.name: check.look(scene) for check in seed.proof(given)}


def fresh(stem: str) -> str:
    return f"{stem}-{uuid.uuid4().hex[:8]}"

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.compose_stage import ComposeStage
from tests.contract.stages import EmbeddedStage, FakeStage, Stage, declared

RUNTIMES = ["fake", pytest.param("embedded", marks=pytest.mark.real)]
if os.environ.get("ENVCHECK_DOCKER"):  # `make docker` sets it
    RUNTIMES.append(pytest.param("compose", marks=pytest.mark.docker))


@pytest.fixture(params=RUNTIMES)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    made = _stage(request, tmp_path)
    yield made
    made.close()
    assert made.left_over() == [] or request.param == "fake"


def _stage(request: pytest.FixtureRequest, folder: Path) -> Stage:
    match request.param:
        case "compose":
            image = request.getfixturevalue("python_image")
            return ComposeStage(folder, image, declared(0))
        case "embedded":
            return EmbeddedStage(folder, folder / "cache")
        case _:
            return FakeStage(folder)

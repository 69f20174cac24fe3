from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.stages import EmbeddedStage, FakeStage, Stage


@pytest.fixture(
    params=["fake", pytest.param("embedded", marks=pytest.mark.real)],
)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    made: Stage = (
        FakeStage(tmp_path)
        if request.param == "fake"
        else EmbeddedStage(tmp_path, tmp_path / "cache")
    )
    yield made
    made.close()
    assert made.left_over() == [] or request.param == "fake"

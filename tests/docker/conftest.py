"""These need an engine and are collected by `make docker` alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.compose_stage import ComposeStage
from tests.contract.stages import declared

collect_ignore_glob = [] if os.environ.get("ENVCHECK_DOCKER") else ["test_*.py"]


@pytest.fixture
def stage(tmp_path: Path, python_image: str) -> Iterator[ComposeStage]:
    made = ComposeStage(tmp_path, python_image, declared(0))
    yield made
    made.close()
    assert made.left_over() == []

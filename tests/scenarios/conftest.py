"""One stack per module. What fails leaves its artifacts; what follows a failure starts afresh."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.findings import whole
from tests.scenarios.stage import AIRFLOW, REPOSITORY, Stage

ARTIFACTS = REPOSITORY / "tests/artifacts"
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The copy, not yet up. A module that needs Airflow says ``WITH_AIRFLOW = True``."""
    with_airflow = getattr(request.module, "WITH_AIRFLOW", False)
    # not pytest's own temp folder: other sessions clear that, and a stack may be kept
    folder = Path(tempfile.mkdtemp(prefix="envcheck-stage-"))
    made = Stage(folder, without=() if with_airflow else AIRFLOW)
    try:
        yield made
    finally:
        if os.environ.get("ENVCHECK_KEEP"):
            print(f"\nkept: cd {folder}")
        else:
            _end(made, ARTIFACTS / request.module.__name__.rpartition(".")[2])


@pytest.fixture
def stack(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Stage]:
    """Up and whole. A scenario that failed may have left anything: then a new one."""
    if stage.suspect and stage.verify().code != 0:
        stage.down()
    if stage.suspect or not stage.pids():
        whole(stage.up())
    stage.suspect = False
    yield stage
    if request.node.stash.get(FAILED, False):
        stage.suspect = True
        into = ARTIFACTS / request.node.name
        stage.keep(into)
        print(f"\nwhat there was to see: {into}")


def _end(made: Stage, artifacts: Path) -> None:
    made.processes()  # remembers the nonce
    said = made.down()
    left = made.processes()
    if said.code or left:
        made.keep(artifacts)
    assert said.code == 0, str(said)
    assert left == []
    assert not made.state.exists(), sorted(made.state.rglob("*"))
    shutil.rmtree(made.folder)

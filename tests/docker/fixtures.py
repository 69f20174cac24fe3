"""A Docker engine for the session, and the images its containers are made of."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from envcheck.engine.ownership import FileLedger
from envcheck.runtimes.compose.commands import Commands
from envcheck.runtimes.compose.images import StandIns, stand_ins_folder
from envcheck.system.clock import SystemClock
from envcheck.system.process import run
from tests.docker.engine import NoEngine, engine


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[None]:
    """The one the CLI reaches, else a private one; without either the test is skipped, and why."""
    if run(["docker", "compose", "version"]).ok and run(["docker", "info"], timeout=10).ok:
        yield
        return
    before = dict(os.environ)
    try:
        with engine() as private:
            os.environ |= {**private.environment, "PATH": private.path}
            yield
    except NoEngine as reason:
        pytest.skip(str(reason))
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def python_image(docker_engine: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The stand-in for Python, built where it is not here yet."""
    folder = tmp_path_factory.mktemp("images")
    commands = Commands(FileLedger(folder, "tests"), SystemClock(), os.environ)
    stand_ins = StandIns(stand_ins_folder(), commands)
    for name in stand_ins.missing(stand_ins.tag("python")):
        stand_ins.build(name)
    return stand_ins.tag("python")

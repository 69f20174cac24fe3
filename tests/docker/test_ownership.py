"""What is not ours survives, and what is ours goes, however a run ended."""

from __future__ import annotations

import threading
import time

import pytest

from envcheck.errors import Interrupted, StackError
from envcheck.runtimes.compose import ComposeRuntime
from envcheck.runtimes.compose.declared import NONCE
from envcheck.system.clock import SystemClock
from envcheck.system.process import run
from tests.contract.compose_stage import LABEL, ComposeStage

pytestmark = pytest.mark.docker


def exists(kind: str, name: str) -> bool:
    return run(["docker", kind, "inspect", name]).ok


def start_until_stopped(runtime: ComposeRuntime) -> None:
    """Interrupted by a stop in the middle of a start; the guard is against a hang alone."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for name in ("sturdy", "done", "fails"):
            runtime.start(name)


def test_a_container_of_another_nonce_survives(stage: ComposeStage, python_image: str) -> None:
    name = f"{stage.name}-stranger"
    label = f"{NONCE}=another"
    run(["docker", "create", "--name", name, "--label", label, python_image])
    stage.runtime().start("sturdy")
    assert list(stage.runtime().undo(run=None, volumes=True)) == []
    assert exists("container", name)
    run(["docker", "rm", name])


def test_a_project_of_the_same_name_that_someone_else_runs_is_left_alone(
    stage: ComposeStage, python_image: str
) -> None:
    name = f"{stage.name}-theirs"
    run(["docker", "create", "--name", name, "--label", f"{LABEL}={stage.name}", python_image])
    with pytest.raises(StackError, match=f"not ours is here already: {name}"):
        stage.runtime().start("sturdy")
    assert exists("container", name)
    run(["docker", "rm", name])


def test_a_volume_that_existed_before_is_never_touched(stage: ComposeStage) -> None:
    name = f"{stage.name}_sturdy-kept"
    run(["docker", "volume", "create", name])
    stage.runtime().start("sturdy")
    assert list(stage.runtime().undo(run=None, volumes=True)) == []
    assert exists("volume", name)
    run(["docker", "volume", "rm", name])


def test_data_stays_unless_it_is_asked_for(stage: ComposeStage) -> None:
    stage.runtime().start("sturdy")
    assert list(stage.runtime().undo(run=None, volumes=False)) == []
    assert exists("volume", f"{stage.name}_sturdy-kept")
    assert list(stage.runtime("second").undo(run=None, volumes=True)) == []
    assert not exists("volume", f"{stage.name}_sturdy-kept")


def test_volumes_nobody_named_go_with_the_data(stage: ComposeStage) -> None:
    stage.declare("sturdy", {"volumes": ["/kept"]})
    stage.runtime().start("sturdy")
    (nameless,) = [
        it.id for it in stage.ledger.standing() if it.kind == "volume" and it.facts.get("anonymous")
    ]
    assert list(stage.runtime().undo(run=None, volumes=False)) == []
    assert exists("volume", nameless)
    assert list(stage.runtime().undo(run=None, volumes=True)) == []
    assert not exists("volume", nameless)


def test_a_network_a_stranger_uses_stays_and_the_stranger_is_named(
    stage: ComposeStage, python_image: str
) -> None:
    stage.runtime().start("sturdy")
    name, network = f"{stage.name}-guest", f"{stage.name}_default"
    run(["docker", "run", "-d", "--name", name, "--network", network, python_image, "sleep", "60"])
    left = list(stage.runtime().undo(run=None, volumes=True))
    assert any(name in sentence for sentence in left)
    run(["docker", "rm", "--force", name])


def test_a_stop_during_a_start_leaves_nothing(stage: ComposeStage) -> None:
    stop = threading.Event()
    runtime = stage.runtime(clock=SystemClock(stop))
    threading.Timer(0.25, stop.set).start()
    with pytest.raises(Interrupted):
        start_until_stopped(runtime)
    assert list(stage.runtime().undo(run="first", volumes=True)) == []


def test_what_a_killed_command_left_is_found_by_its_label(stage: ComposeStage) -> None:
    """The ledger knows the intent alone: the run was killed before it could enter the id."""
    stage.runtime().start("sturdy")
    for resource in stage.ledger.standing():
        if resource.kind == "container":
            stage.ledger.gone(resource)
    assert list(stage.runtime("second").undo(run=None, volumes=True)) == []

"""Every state a service can be in, reached by a real container."""

from __future__ import annotations

import pytest

from envcheck.errors import StackError
from envcheck.model.service import Health, Phase
from envcheck.system.process import run
from tests.contract.compose_stage import ComposeStage
from tests.contract.seen import Seen

pytestmark = pytest.mark.docker

HUNGRY = "x = []\nwhile True: x.append(bytearray(10**7))"


def test_a_container_that_eats_its_memory_is_killed_for_that(stage: ComposeStage) -> None:
    stage.declare("fails", {"command": ["python3", "-c", HUNGRY], "mem_limit": "32m"})
    runtime, seen = stage.runtime(), Seen()
    with runtime.watch(seen):
        runtime.start("fails")
        dead = seen.wait_for("fails", Phase.EXITED)
    assert dead.out_of_memory
    assert dead.exit_in_words == "killed: out of memory"
    assert runtime.collect("fails").facts["memory limit"] == "32 MiB"


def test_a_healthcheck_that_fails_makes_it_unhealthy_and_one_that_passes_healthy(
    stage: ComposeStage,
) -> None:
    asked = {"test": ["CMD", "test", "-e", "/well"], "interval": "1s", "retries": 1}
    stage.declare("sturdy", {"healthcheck": asked})
    runtime, seen = stage.runtime(), Seen()
    with runtime.watch(seen):
        runtime.start("sturdy")
        ill = seen.wait("sturdy", lambda it: it.health is Health.UNHEALTHY)
        assert runtime.healthcheck("sturdy") is False
        run(["docker", "exec", stage.container("sturdy"), "touch", "/well"])
        well = seen.wait("sturdy", lambda it: it.health is Health.HEALTHY)
        assert runtime.healthcheck("sturdy") is True
    assert ill.phase is well.phase is Phase.RUNNING
    assert well.since > ill.since


def test_without_a_healthcheck_there_is_none_to_ask(stage: ComposeStage) -> None:
    runtime = stage.runtime()
    runtime.start("sturdy")
    assert runtime.healthcheck("sturdy") is None


def test_a_paused_container_is_paused(stage: ComposeStage) -> None:
    runtime, seen = stage.runtime(), Seen()
    with runtime.watch(seen):
        runtime.start("sturdy")
        run(["docker", "pause", stage.container("sturdy")])
        seen.wait_for("sturdy", Phase.PAUSED)
        run(["docker", "unpause", stage.container("sturdy")])
        assert runtime.states()["sturdy"].phase is Phase.RUNNING


def test_a_crash_loop_is_told_restart_by_restart(stage: ComposeStage) -> None:
    stage.declare("fails", {"restart": "always"})
    runtime, seen = stage.runtime(), Seen()
    with runtime.watch(seen):
        runtime.start("fails")
        again = seen.wait("fails", lambda it: it.restarts >= 3)
    assert again.restarts >= 3
    fallen = next(it for it in seen.of("fails") if it.phase is Phase.RESTARTING)
    assert fallen.exit_code == 3


def test_a_command_that_does_not_exist_cannot_be_started_and_why_is_said(
    stage: ComposeStage,
) -> None:
    stage.declare("fails", {"command": ["no-such-command"]})
    with pytest.raises(StackError, match="no-such-command"):
        stage.runtime().start("fails")


def test_a_container_removed_by_someone_else_is_absent(stage: ComposeStage) -> None:
    runtime, seen = stage.runtime(), Seen()
    with runtime.watch(seen):
        runtime.start("sturdy")
        run(["docker", "rm", "--force", stage.container("sturdy")])
        seen.wait_for("sturdy", Phase.ABSENT)
    assert runtime.states()["sturdy"].phase is Phase.ABSENT


def test_two_replicas_run_when_both_do(stage: ComposeStage) -> None:
    stage.declare("sturdy", {"deploy": {"replicas": 2}})
    runtime = stage.runtime()
    runtime.start("sturdy")
    assert runtime.states()["sturdy"].handle.count("container") == 2


def test_files_compose_refuses_are_refused_in_its_words(stage: ComposeStage) -> None:
    stage.declare("fails", {"commnd": "nothing"})
    with pytest.raises(StackError, match="commnd"):
        stage.runtime().start("fails")

"""What every runtime promises (``model.runtime.Runtime``). A new runtime adds a stage, no test."""

from __future__ import annotations

import signal
import time

import pytest

from envcheck.errors import StackError
from envcheck.model.service import Phase
from tests.contract.seen import Seen
from tests.contract.stages import Stage


def nothing(done: int, total: int, unit: str, note: str = "") -> None:
    """Progress nobody looks at."""


def test_what_cannot_run_here_is_a_limit_with_its_reason(stage: Stage) -> None:
    limits = [limit for limit in stage.runtime().limits() if limit.capability == "run"]
    assert tuple(limit.service for limit in limits) == stage.limited
    assert all(f"{limit.service}/server:1" in limit.reason for limit in limits)


def test_what_cannot_run_here_cannot_be_started(stage: Stage) -> None:
    with pytest.raises(StackError, match="strange"):
        stage.runtime().start("strange")


def test_everything_is_absent_before_the_first_start(stage: Stage) -> None:
    states = stage.runtime().states()
    assert {state.phase for state in states.values()} == {Phase.ABSENT}
    assert set(states) == {"web", "sturdy", "fails", "done", "strange"}


def test_preparing_says_what_the_first_time_and_nothing_later(stage: Stage) -> None:
    runtime, seen = stage.runtime(), Seen()
    first: list[tuple[int, int, str]] = []
    later: list[tuple[int, int, str]] = []
    with runtime.watch(seen):
        runtime.prepare(
            ["web"], lambda done, total, unit, note="": first.append((done, total, note))
        )
        runtime.prepare(
            ["web"], lambda done, total, unit, note="": later.append((done, total, note))
        )
    assert [(done, total) for done, total, _ in first] == [(0, 1), (1, 1)]
    assert stage.first_word in first[0][2]
    assert later == []
    assert seen.phases("web")[0] is Phase.PREPARING
    assert runtime.states()["web"].phase is Phase.ABSENT


def test_a_started_service_runs_and_can_be_addressed(stage: Stage) -> None:
    runtime, seen = stage.runtime(), Seen()
    runtime.prepare(["web"], nothing)
    with runtime.watch(seen):
        runtime.start("web")
        state = seen.wait_for("web", Phase.RUNNING)
    assert state.handle
    assert state.restarts == 0
    assert runtime.states()["web"] == state
    assert {port: str(at) for port, at in runtime.endpoints("web").items()} == {
        8000: f"127.0.0.1:{stage.web_port}"
    }


def test_a_one_shot_ends_with_its_own_exit_code(stage: Stage) -> None:
    runtime, seen, before = stage.runtime(), Seen(), time.time()
    with runtime.watch(seen):
        for name in ("fails", "done"):
            runtime.start(name)
            seen.wait_for(name, Phase.EXITED)
    assert seen.phases("fails") == [Phase.RUNNING, Phase.EXITED]
    failed, done = runtime.states()["fails"], runtime.states()["done"]
    assert (failed.exit_code, failed.signal, failed.dead) == (3, "", True)
    assert (done.exit_code, done.signal, done.restarts) == (0, "", 0)
    assert before - 0.01 <= failed.died_at <= time.time()


def test_a_killed_service_names_its_signal_and_the_time_of_death(stage: Stage) -> None:
    runtime, seen = stage.runtime(), Seen()
    runtime.prepare(["web"], nothing)
    with runtime.watch(seen):
        runtime.start("web")
        seen.wait_for("web", Phase.RUNNING)
        before = time.time()
        stage.kill("web", signal.SIGKILL)
        dead = seen.wait_for("web", Phase.EXITED)
    assert (dead.exit_code, dead.signal) == (137, "SIGKILL")
    assert before - 0.01 <= dead.died_at <= time.time()
    assert dead.exit_in_words == "killed by SIGKILL"


def test_a_service_that_comes_back_says_so_and_counts(stage: Stage) -> None:
    runtime, seen = stage.runtime(), Seen()
    with runtime.watch(seen):
        runtime.start("sturdy")
        first = seen.wait_for("sturdy", Phase.RUNNING)
        stage.kill("sturdy", signal.SIGKILL)
        again = seen.wait("sturdy", lambda it: it.phase is Phase.RUNNING and it.restarts == 1)
    assert seen.phases("sturdy") == [Phase.RUNNING, Phase.RESTARTING, Phase.RUNNING]
    assert again.handle != first.handle
    assert (again.exit_code, again.signal) == (137, "SIGKILL")


def test_starting_what_runs_unchanged_leaves_it_alone(stage: Stage) -> None:
    runtime = stage.runtime()
    runtime.prepare(["web"], nothing)
    runtime.start("web")
    before = runtime.states()["web"]
    stage.runtime("second").start("web")
    assert runtime.states()["web"] == before


def test_starting_what_was_changed_restarts_it(stage: Stage) -> None:
    runtime = stage.runtime()
    runtime.prepare(["web"], nothing)
    runtime.start("web")
    before = runtime.states()["web"]
    stage.change("web")
    stage.runtime().start("web")
    after = runtime.states()["web"]
    assert after.phase is Phase.RUNNING
    assert after.handle != before.handle


def test_a_stopped_service_is_dead_and_can_be_started_by_hand(stage: Stage) -> None:
    runtime, seen = stage.runtime(), Seen()
    with runtime.watch(seen):
        runtime.start("sturdy")
        seen.wait_for("sturdy", Phase.RUNNING)
        runtime.stop(["sturdy"])
        assert seen.wait_for("sturdy", Phase.EXITED).died_at > 0
        assert runtime.states()["sturdy"].dead
        runtime.start("sturdy")
    state = runtime.states()["sturdy"]
    assert (state.phase, state.restarts) == (Phase.RUNNING, 0)


def test_a_later_command_sees_the_same(stage: Stage) -> None:
    first = stage.runtime()
    first.prepare(["web"], nothing)
    first.start("web")
    later = stage.runtime("second")
    assert later.states()["web"] == first.states()["web"]
    assert later.endpoints("web") == first.endpoints("web")


def test_what_is_collected_is_the_log_since_the_last_start(stage: Stage) -> None:
    runtime, seen = stage.runtime(), Seen()
    with runtime.watch(seen):
        for _ in range(2):
            seen.states.clear()
            runtime.start("fails")
            seen.wait_for("fails", Phase.EXITED)
    evidence = runtime.collect("fails")
    assert len(evidence.log_tail) == 1
    assert evidence.state.exit_code == 3
    assert evidence.facts["runs"]


def test_a_taken_port_is_moved_and_that_is_said(stage: Stage) -> None:
    stage.occupy(stage.web_port)
    runtime = stage.runtime()
    runtime.prepare(["web"], nothing)
    port = runtime.endpoints("web")[8000].port
    assert port != stage.web_port
    (sentence,) = runtime.moved()
    assert sentence.startswith(f"web: port {stage.web_port} is taken by pid ")
    assert sentence.endswith(f", using {port}")


def test_undo_leaves_nothing(stage: Stage) -> None:
    runtime = stage.runtime()
    runtime.prepare(["web"], nothing)
    for name in ("web", "sturdy", "fails"):
        runtime.start(name)
    assert list(stage.runtime("second").undo(run=None, volumes=True)) == []
    assert stage.left_over() == []
    assert {state.phase for state in runtime.states().values()} == {Phase.ABSENT}


def test_undo_of_one_run_leaves_what_another_started(stage: Stage) -> None:
    first, second = stage.runtime("first"), stage.runtime("second")
    first.start("sturdy")
    before = first.states()["sturdy"]
    second.prepare(["web"], nothing)
    second.start("web")
    assert list(second.undo(run="second", volumes=True)) == []
    states = stage.runtime("third").states()
    assert states["sturdy"] == before
    assert states["web"].phase is not Phase.RUNNING


def test_undo_twice_is_no_different(stage: Stage) -> None:
    runtime = stage.runtime()
    runtime.start("sturdy")
    assert list(runtime.undo(run=None, volumes=True)) == []
    assert list(runtime.undo(run=None, volumes=True)) == []


def test_after_undo_everything_can_be_started_again(stage: Stage) -> None:
    runtime = stage.runtime()
    runtime.start("sturdy")
    runtime.undo(run=None, volumes=True)
    runtime.start("sturdy")
    assert runtime.states()["sturdy"].phase is Phase.RUNNING

from __future__ import annotations

import pytest

from envcheck.engine.readiness import (
    CONFIRM,
    LOOP_RESTARTS,
    LOOP_WINDOW,
    Readiness,
    Rules,
    Standing,
    answer,
    begin,
    block,
    expire,
    next_event,
    see,
)
from envcheck.model.outcome import broken, not_yet, passed
from envcheck.model.service import Health, Phase, ServiceState

RUNS = ServiceState("db", Phase.RUNNING)
GOOD = passed("ok")
SOON = not_yet("starting up")
WRONG = broken("wrong password", cause="postgres.login-refused", fix="align it")


def started(**rules: object) -> Readiness:
    return see(begin(Readiness(Rules(**rules)), 0.0), RUNS, 0.0)  # type: ignore[arg-type]


def exited(code: int, **more: object) -> ServiceState:
    return ServiceState("db", Phase.EXITED, exit_code=code, **more)  # type: ignore[arg-type]


def test_one_good_look_is_not_yet_ready():
    service = answer(started(successes=2, stable=0.5), GOOD, 0.0, 0.1)
    assert service.standing is Standing.STARTING
    assert service.next_look == 0.5


def test_enough_good_looks_over_the_stable_time_are_ready():
    service = answer(started(successes=2, stable=0.5), GOOD, 0.0, 0.1)
    service = answer(service, GOOD, 0.5, 0.1)
    assert service.standing is Standing.READY
    assert service.ended == 0.5


def test_good_looks_too_close_together_are_not_ready():
    service = answer(started(successes=2, stable=0.5), GOOD, 0.0, 0.1)
    assert answer(service, GOOD, 0.2, 0.1).standing is Standing.STARTING


def test_a_bad_look_starts_the_count_again():
    service = answer(started(successes=2, stable=0.5), GOOD, 0.0, 0.1)
    service = answer(service, SOON, 0.5, 0.1)
    assert service.streak == 0
    assert service.waited_for == "starting up"
    assert answer(service, GOOD, 0.7, 0.1).standing is Standing.STARTING


def test_a_broken_answer_is_asked_once_more_before_it_is_believed():
    once = answer(started(), WRONG, 0.0, 0.1)
    assert once.standing is Standing.STARTING
    assert once.next_look == CONFIRM
    assert answer(once, WRONG, 1.0, 0.1).standing is Standing.BROKEN


def test_broken_then_not_yet_then_broken_is_not_broken_twice():
    service = answer(started(), WRONG, 0.0, 0.1)
    service = answer(service, SOON, 1.0, 0.1)
    assert answer(service, WRONG, 2.0, 0.1).standing is Standing.STARTING


def test_a_service_that_exited_is_dead_at_once():
    service = see(started(), exited(1), 0.3)
    assert service.standing is Standing.DEAD
    assert service.next_look is None


def test_a_service_that_exited_with_zero_is_dead_too():
    assert see(started(), exited(0), 0.3).standing is Standing.DEAD


def test_a_one_shot_that_exits_with_zero_is_done():
    assert see(started(one_shot=True), exited(0), 0.3).standing is Standing.DONE


@pytest.mark.parametrize("state", [exited(2), exited(137, signal="SIGKILL")])
def test_a_one_shot_that_fails_is_dead(state: ServiceState):
    assert see(started(one_shot=True), state, 0.3).standing is Standing.DEAD


def test_a_one_shot_is_never_asked():
    assert started(one_shot=True).next_look is None


def test_a_single_restart_is_no_fault():
    service = see(started(), ServiceState("db", Phase.RESTARTING, restarts=1), 1.0)
    service = see(service, ServiceState("db", Phase.RUNNING, restarts=1), 1.5)
    assert service.standing is Standing.STARTING
    assert service.next_look == 1.5


def test_restarts_within_the_window_are_a_crash_loop():
    service = started()
    for count in range(1, LOOP_RESTARTS + 1):
        assert service.standing is Standing.STARTING
        service = see(service, ServiceState("db", Phase.RESTARTING, restarts=count), float(count))
    assert service.standing is Standing.LOOPING


def test_restarts_far_apart_are_no_crash_loop():
    service = started(timeout=1000.0)
    for count in range(1, LOOP_RESTARTS + 3):
        at = count * LOOP_WINDOW
        service = see(service, ServiceState("db", Phase.RESTARTING, restarts=count), at)
    assert service.standing is Standing.STARTING


def test_what_passed_before_a_restart_does_not_count():
    service = answer(started(successes=2, stable=0.5), GOOD, 0.0, 0.1)
    service = see(service, ServiceState("db", Phase.RESTARTING, restarts=1), 0.1)
    service = see(service, ServiceState("db", Phase.RUNNING, restarts=1), 0.2)
    assert answer(service, GOOD, 0.6, 0.1).standing is Standing.STARTING


def test_an_answer_that_arrives_after_the_death_does_not_revive():
    dead = see(started(successes=1, stable=0.0), exited(1), 0.3)
    assert answer(dead, GOOD, 0.4, 0.1).standing is Standing.DEAD


def test_unhealthy_overrules_our_own_look():
    sick = ServiceState("db", Phase.RUNNING, health=Health.UNHEALTHY)
    service = see(started(successes=1, stable=0.0), sick, 0.1)
    assert answer(service, GOOD, 0.2, 0.1).standing is Standing.STARTING


def test_unhealthy_then_healthy_within_the_budget_is_ready():
    service = see(
        started(successes=1, stable=0.0),
        ServiceState("db", Phase.RUNNING, health=Health.UNHEALTHY),
        0.1,
    )
    service = see(service, ServiceState("db", Phase.RUNNING, health=Health.HEALTHY), 0.2)
    assert answer(service, GOOD, 0.3, 0.1).standing is Standing.READY


def test_a_slow_service_is_late_not_dead():
    service = expire(started(timeout=10.0), 10.0)
    assert service.standing is Standing.LATE


def test_nothing_is_late_before_its_deadline():
    assert expire(started(timeout=10.0), 9.9).standing is Standing.STARTING


def test_a_service_without_checks_is_ready_when_it_stayed_up():
    service = started(asks=False, stable=1.0)
    assert expire(service, 0.9).standing is Standing.STARTING
    assert expire(service, 1.0).standing is Standing.READY


def test_a_service_without_checks_that_dies_meanwhile_is_dead():
    service = see(started(asks=False, stable=1.0), exited(3), 0.5)
    assert expire(service, 1.5).standing is Standing.DEAD


def test_a_paused_service_is_neither_ready_nor_dead():
    service = see(started(), ServiceState("db", Phase.PAUSED), 0.2)
    assert service.standing is Standing.STARTING
    assert service.waited_for == "paused"
    assert service.next_look is None


def test_a_held_service_only_remembers_what_is_seen():
    service = see(Readiness(Rules()), RUNS, 0.0)
    assert service.standing is Standing.HELD
    assert service.seen == RUNS


def test_a_blocked_service_names_its_culprit():
    service = block(Readiness(Rules()), "db", 3.0)
    assert (service.standing, service.blocked_by) == (Standing.BLOCKED, "db")


def test_the_next_event_is_the_deadline_and_never_the_look():
    asked = answer(started(timeout=5.0), SOON, 0.0, 0.4)
    assert asked.next_look == 0.4
    assert next_event(asked) == 5.0  # a look under way lies in the past: the loop would spin
    assert next_event(started(timeout=5.0, one_shot=True, asks=False)) == 5.0
    assert next_event(see(started(), exited(1), 0.1)) is None


def test_an_unhealthy_service_without_checks_wakes_nobody_before_its_deadline():
    ill = ServiceState("db", Phase.RUNNING, health=Health.UNHEALTHY)
    assert next_event(see(started(asks=False, timeout=5.0), ill, 0.1)) == 5.0

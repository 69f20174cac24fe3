"""The total deadline ends every wait, and a stop ends everything at once."""

from __future__ import annotations

import math

import pytest

from envcheck.engine.bringup import Bringup, ServiceSubject
from envcheck.engine.inbox import Answered
from envcheck.engine.plan import PlannedSeed
from envcheck.engine.readiness import Standing
from envcheck.engine.seeding import seed
from envcheck.engine.verification import Planned, verify
from envcheck.engine.waiting import Waiting
from envcheck.errors import Interrupted
from envcheck.model.check import Check, Level, Scene
from envcheck.model.compose import ComposeProject, Gate
from envcheck.model.outcome import Observation, Outcome, Status, not_yet, passed
from envcheck.model.seed import Progress
from envcheck.model.service import Phase, ServiceState
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.project import project, service
from tests.fakes.scene import FakeScene
from tests.unit.engine.test_bringup import Started, member

OVER = "the total time of 2 s was over"


class Stage:
    def __init__(self, until: float = 2.0) -> None:
        self.clock = FakeClock(0.0)
        self.inbox = FakeInbox(self.clock)
        self.runtime = Started(self.clock)
        self.waiting = Waiting(self.clock, self.inbox, until=until, words=OVER)

    def up(self, declared: ComposeProject, **answers: Observation) -> dict[str, ServiceSubject]:
        members = [member(name, answer) for name, answer in answers.items()]
        bringup = Bringup(declared, self.runtime, self.clock, lambda _event: None, {})  # type: ignore[arg-type]
        return {it.service: it for it in bringup.run(1, members, FakeScene(), self.waiting)}

    def verify(self, *planned: Planned) -> list[Outcome]:
        return verify(planned, FakeScene(), self.clock, self.waiting, lambda _it: None, failed={})


def planned(answer: Observation) -> Planned:
    check = Check("rows", "db", Level.OBJECT, lambda _scene: answer, "3 rows", grace=60.0)
    return Planned("1/verify/db/rows", check, 1, "verify")


def test_a_service_that_is_still_coming_up_is_late():
    stage = Stage()
    ended = stage.up(project(service("db")), db=not_yet("starting"))
    assert ended["db"].state.standing is Standing.LATE
    assert 2.0 <= stage.clock.now < 3.0


def test_what_waited_for_a_late_service_is_its_victim_not_late_itself():
    stage = Stage()
    declared = project(service("api", db=Gate.HEALTHY), service("db"))
    ended = stage.up(declared, api=passed("yes"), db=not_yet("starting"))
    assert ended["api"].state.blocked_by == "db"
    assert [name for name, _ in stage.runtime.order] == ["db"]


def test_nothing_is_started_once_time_is_over():
    stage = Stage(until=0.0)
    ended = stage.up(project(service("db")), db=passed("yes"))
    assert stage.runtime.order == []
    assert (ended["db"].state.standing, ended["db"].state.waited_for) == (Standing.LATE, OVER)


def test_a_check_that_did_not_come_to_an_answer_is_unknown():
    [outcome] = Stage().verify(planned(not_yet("2 rows")))
    assert (outcome.status, outcome.reason) == (Status.UNKNOWN, OVER)


def test_a_check_that_answered_in_time_keeps_its_answer():
    [outcome] = Stage().verify(planned(passed("3 rows")))
    assert outcome.status is Status.PASS


class Unit:
    name, service, kind, expected, needs = "rows", "db", "rows", "3 rows", frozenset[str]()

    def write(self, _scene: Scene, _progress: Progress) -> object:
        raise AssertionError("never asked: its look is silent")


def test_a_seed_that_is_still_being_written_is_unknown():
    stage = Stage()
    stage.inbox.silent = {"1/seed/db/rows"}
    unit = PlannedSeed("1/seed/db/rows", Unit(), 1, "", False, "")  # type: ignore[arg-type]
    told: list[Outcome] = []
    [outcome] = seed(
        [unit],
        FakeScene(),
        stage.clock,
        stage.waiting,
        lambda _event: None,
        tell=told.append,
        failed={},
    )
    assert told == [outcome]
    assert (outcome.status, outcome.reason) == (Status.UNKNOWN, OVER)


def test_a_stop_ends_the_wait_at_once_and_starts_nothing():
    stage = Stage()
    stage.clock.stopped = True
    with pytest.raises(Interrupted):
        stage.up(project(service("db")), db=passed("yes"))
    assert stage.runtime.order == []


def test_a_check_in_flight_may_remove_what_it_made_before_we_leave():
    stage = Stage()
    stage.inbox.silent = {"1/verify/db/rows"}
    asked = stage.inbox.ask

    def ask_then_stop(key: str, ticket: int, look: object) -> None:
        asked(key, ticket, look)  # type: ignore[arg-type]
        stage.clock.stopped = True

    stage.inbox.ask = ask_then_stop  # type: ignore[method-assign,assignment]
    with pytest.raises(Interrupted):
        stage.verify(planned(passed("never heard")))
    assert 1.0 <= stage.clock.now < 2.5


def test_an_answer_to_one_that_ended_otherwise_is_not_for_whoever_is_asked_next():
    stage = Stage(until=math.inf)
    stage.inbox.silent = {"db"}
    stage.inbox.later = [(0.3, ServiceState("db", Phase.EXITED, exit_code=1))]
    assert stage.up(project(service("db")), db=passed("yes"))["db"].state.standing is Standing.DEAD
    stage.inbox.put(Answered("db", 1, passed("from the grave")))
    assert stage.verify(planned(passed("3 rows")))[0].status is Status.PASS

from __future__ import annotations

from collections.abc import Callable

from envcheck.engine.bringup import Bringup, Member, ServiceSubject
from envcheck.engine.readiness import Standing
from envcheck.engine.standing import outcome_of
from envcheck.engine.waiting import Waiting
from envcheck.errors import StackError
from envcheck.model.check import Check, Level
from envcheck.model.compose import ComposeProject, Gate
from envcheck.model.environment import Readiness, WaveService
from envcheck.model.event import Event, ServiceReady
from envcheck.model.event import Waiting as StillWaiting
from envcheck.model.outcome import Observation, Status, broken, not_yet, passed
from envcheck.model.service import Phase, ServiceState
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.project import project, service
from tests.fakes.scene import FakeScene


class Started:
    """A runtime of which only starting matters; what happens later is put in the inbox."""

    def __init__(self, clock: FakeClock, **first: Phase) -> None:
        self._clock = clock
        self._first = first
        self.order: list[tuple[str, float]] = []
        self.refuses: set[str] = set()
        self.truth: dict[str, ServiceState] = {}

    def start(self, name: str) -> None:
        if name in self.refuses:
            raise StackError("no such image")
        self.order.append((name, self._clock.now))

    def states(self) -> dict[str, ServiceState]:
        if self.truth:
            return self.truth
        return {
            name: ServiceState(name, self._first.get(name, Phase.RUNNING)) for name, _ in self.order
        }


def look(*given: Observation) -> Callable[[object], Observation]:
    left = list(given)
    return lambda _scene: left.pop(0) if len(left) > 1 else left[0]


def member(name: str, *answers: Observation, **more: object) -> Member:
    readiness = Readiness(timeout=20.0, successes=2, stable=0.5)
    declared = WaveService(name, readiness=readiness, **more)  # type: ignore[arg-type]
    checks = [Check("login", name, Level.LOGIN, look(*answers), "login works")] if answers else []
    return Member(declared, tuple(checks))


class World:
    def __init__(self, declared: ComposeProject) -> None:
        self.clock = FakeClock(0.0)
        self.inbox = FakeInbox(self.clock)
        self.runtime = Started(self.clock)
        self.events: list[Event] = []
        self.project = declared

    def up(self, *members: Member) -> dict[str, ServiceSubject]:
        bringup = Bringup(
            self.project,
            self.runtime,  # type: ignore[arg-type]
            self.clock,
            self.events.append,
            {},
        )
        waiting = Waiting(self.clock, self.inbox)
        subjects = bringup.run(1, members, FakeScene(), waiting)
        return {subject.service: subject for subject in subjects}

    def said(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


GOOD = passed("logged in")


def test_services_that_need_nothing_start_together_and_wait_together():
    world = World(project(service("db"), service("cache")))
    ended = world.up(member("db", GOOD), member("cache", not_yet("loading"), GOOD))
    assert [name for name, _ in world.runtime.order] == ["db", "cache"]
    assert {at for _, at in world.runtime.order} == {0.0}
    assert all(it.state.standing is Standing.READY for it in ended.values())
    assert world.clock.now < 1.5


def test_a_dependant_starts_only_when_its_dependency_is_ready():
    world = World(project(service("api", db=Gate.HEALTHY), service("db")))
    world.up(member("api", GOOD), member("db", GOOD))
    (first, at_first), (second, at_second) = world.runtime.order
    assert (first, second) == ("db", "api")
    assert at_second - at_first >= 0.5


def test_a_started_edge_lets_its_service_start_in_the_same_moment():
    world = World(project(service("api", db=Gate.STARTED), service("db")))
    world.up(member("api", GOOD), member("db", not_yet("slow"), GOOD))
    assert {at for _, at in world.runtime.order} == {0.0}


def test_a_service_that_exited_is_not_waited_for():
    world = World(project(service("db")))
    world.inbox.later = [(0.3, ServiceState("db", Phase.EXITED, exit_code=3))]
    ended = world.up(member("db", not_yet("starting")))
    outcome = outcome_of("db", ended["db"].state, 1, optional=False)
    assert world.clock.now < 0.5
    assert (outcome.status, outcome.cause) == (Status.FAIL, "service.exited")
    assert outcome.observed == "exited with code 3"


def test_a_dead_service_blocks_its_dependants_and_no_one_else():
    world = World(
        project(
            service("web", api=Gate.HEALTHY),
            service("api", db=Gate.HEALTHY),
            service("db"),
            service("cache"),
        )
    )
    world.inbox.later = [(0.1, ServiceState("db", Phase.EXITED, exit_code=1))]
    ended = world.up(
        member("web", GOOD), member("api", GOOD), member("db", not_yet("no")), member("cache", GOOD)
    )
    standings = {name: it.state.standing for name, it in ended.items()}
    assert standings == {
        "web": Standing.BLOCKED,
        "api": Standing.BLOCKED,
        "db": Standing.DEAD,
        "cache": Standing.READY,
    }
    assert ended["web"].state.blocked_by == "db"
    assert "web" not in [name for name, _ in world.runtime.order]


def test_a_one_shot_that_is_done_opens_its_gate():
    world = World(project(service("api", migrate=Gate.COMPLETED), service("migrate")))
    world.inbox.later = [(0.4, ServiceState("migrate", Phase.EXITED, exit_code=0))]
    ended = world.up(member("api", GOOD), member("migrate", one_shot=True))
    assert ended["migrate"].state.standing is Standing.DONE
    assert ended["api"].state.standing is Standing.READY


def test_a_timeout_carries_last_observation_seconds_and_looks():
    world = World(project(service("db")))
    ended = world.up(member("db", not_yet("loading 40 %", cause="redis.loading", fix="wait")))
    outcome = outcome_of("db", ended["db"].state, 1, optional=False)
    assert outcome.status is Status.FAIL
    assert outcome.observed.startswith("not ready after 20.")
    assert outcome.observed.endswith("looks; last seen: loading 40 %")
    assert (outcome.cause, outcome.fix) == ("redis.loading", "wait")
    assert outcome.attempts > 10


def test_a_broken_answer_ends_the_wait_long_before_the_deadline():
    world = World(project(service("db")))
    wrong = broken("password refused", cause="postgres.login-refused", fix="align the password")
    ended = world.up(member("db", wrong))
    outcome = outcome_of("db", ended["db"].state, 1, optional=False)
    assert world.clock.now < 2.0
    assert (outcome.observed, outcome.cause) == ("password refused", "postgres.login-refused")


def test_a_service_the_runtime_cannot_start_fails_with_its_words():
    world = World(project(service("api", db=Gate.HEALTHY), service("db")))
    world.runtime.refuses = {"db"}
    ended = world.up(member("db", GOOD), member("api", GOOD))
    outcome = outcome_of("db", ended["db"].state, 1, optional=False)
    assert (outcome.observed, outcome.cause) == ("no such image", "service.cannot-start")
    assert ended["api"].state.blocked_by == "db"


def test_why_we_still_wait_is_said_when_it_changes():
    world = World(project(service("db")))
    world.up(
        member("db", not_yet("port closed"), not_yet("port closed"), not_yet("no login"), GOOD)
    )
    assert [it.observed for it in world.said(StillWaiting)] == ["port closed", "no login"]  # type: ignore[attr-defined]
    [ready] = world.said(ServiceReady)
    assert ready.waited_for == "no login"  # type: ignore[attr-defined]


def test_a_check_that_breaks_is_tried_again_and_named():
    def explode(_scene: object) -> Observation:
        raise ZeroDivisionError("oops")

    declared = WaveService("db", readiness=Readiness(timeout=2.0))
    world = World(project(service("db")))
    ended = world.up(Member(declared, (Check("login", "db", Level.LOGIN, explode, "x"),)))
    outcome = outcome_of("db", ended["db"].state, 1, optional=False)
    assert "the check itself broke: ZeroDivisionError: oops" in outcome.observed
    assert outcome.status is Status.UNKNOWN


def test_the_end_of_a_former_self_is_no_news():
    world = World(project(service("db")))
    before = world.clock.wall() - 0.5
    former = ServiceState("db", Phase.EXITED, exit_code=143, signal="SIGTERM", died_at=before)
    world.inbox.later = [(0.1, former)]
    assert world.up(member("db", GOOD))["db"].state.standing is Standing.READY


def test_a_death_of_which_no_event_came_is_found_by_inspection():
    world = World(project(service("db")))
    member_ = member("db", not_yet("starting"))
    look_once = member_.checks[0].look

    def dying(scene: object) -> Observation:
        world.runtime.truth = {"db": ServiceState("db", Phase.EXITED, exit_code=9)}
        return look_once(scene)  # type: ignore[arg-type]

    dies = Member(member_.declared, (Check("login", "db", Level.LOGIN, dying, "x"),))
    ended = world.up(dies)
    assert ended["db"].state.standing is Standing.DEAD
    assert world.clock.now < 2.5

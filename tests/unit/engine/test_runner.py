from __future__ import annotations

from dataclasses import replace

from envcheck.diagnosis.ranking import diagnose
from envcheck.engine.bringup import Member, ServiceSubject
from envcheck.engine.plan import Plan, WavePlan
from envcheck.engine.readiness import Readiness, Rules, begin, expire
from envcheck.engine.runner import Runner
from envcheck.engine.verification import Planned
from envcheck.model.check import Check, Level
from envcheck.model.compose import Gate
from envcheck.model.environment import WaveService
from envcheck.model.event import Diagnosed, Event, StepEnded
from envcheck.model.outcome import Observation, Outcome, Status, not_yet, passed
from envcheck.model.service import Phase, ServiceState
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.project import project, service
from tests.fakes.runtime import FAKED, FakeRuntime, World
from tests.fakes.scene import FakeScene

SHOP = project(
    replace(service("engine"), image=FAKED),
    replace(service("api", engine=Gate.STARTED), image=FAKED),
)


def asks(where: str, name: str, answer: Observation, level: Level = Level.BEHAVIOUR) -> Check:
    return Check(name, where, level, lambda _scene: answer, f"{name} is right", kind="http")


def verified(members: list[Member], checks: list[Check], *states: ServiceState) -> list[Event]:
    said: list[Event] = []
    planned = tuple(Planned(f"1/verify/{it.service}/{it.name}", it, 1, "verify") for it in checks)
    wave = WavePlan(1, "all", tuple(members), (), planned, (), (), ())
    clock = FakeClock()
    world = World(states={state.service: state for state in states})
    runtime = FakeRuntime(SHOP, world, None, clock)  # type: ignore[arg-type]  # nothing is made
    Runner(
        plan=Plan("shop", "fake", (wave,)),
        project=SHOP,
        runtime=runtime,
        scene=FakeScene(),
        clock=clock,
        inbox=FakeInbox(clock),
        emit=said.append,
        diagnose=diagnose,
    ).verify()
    return said


def outcomes(said: list[Event]) -> dict[str, Outcome]:
    return {it.outcome.id: it.outcome for it in said if isinstance(it, StepEnded)}


UNWELL = not_yet("engine is away", cause="http.body", fix="see the engine")
DEAD = ServiceState("engine", Phase.EXITED, exit_code=137, signal="SIGKILL")
RUNS = ServiceState("api", Phase.RUNNING)


def test_a_victim_of_a_victim_is_blocked_by_the_root():
    health = asks("api", "health", UNWELL, Level.HANDSHAKE)
    members = [Member(WaveService("engine"), ()), Member(WaveService("api"), (health,))]
    said = verified(members, [asks("api", "orders", passed("fine"))], DEAD, RUNS)
    by_id = outcomes(said)
    assert by_id["1/verify/engine/up"].status is Status.FAIL
    assert by_id["1/verify/api/up"].status is Status.BLOCKED
    assert by_id["1/verify/api/orders"].status is Status.BLOCKED
    assert {it.blocked_by for it in by_id.values()} == {"", "engine"}
    [root] = [it.diagnosis for it in said if isinstance(it, Diagnosed)]
    assert (root.culprit, root.cause) == ("engine", "service.killed")
    assert set(root.victims) == {"1/verify/api/up", "1/verify/api/orders"}


def test_what_holds_is_told_and_nothing_is_diagnosed():
    member = Member(WaveService("api"), ())
    said = verified([member], [asks("api", "orders", passed("fine"))], RUNS)
    assert {it.status for it in outcomes(said).values()} == {Status.PASS}
    assert not [it for it in said if isinstance(it, Diagnosed)]


def late(busy: str) -> Outcome:
    clock = FakeClock()
    subject = ServiceSubject(Member(WaveService("api"), ()), FakeScene())
    subject.state = expire(begin(Readiness(Rules(timeout=5.0)), 0.0), 6.0)
    runner = Runner(
        plan=Plan("shop", "fake", ()),
        project=SHOP,
        runtime=FakeRuntime(SHOP, World(), None, clock),  # type: ignore[arg-type]
        scene=FakeScene(),
        clock=clock,
        inbox=FakeInbox(clock),
        emit=lambda _event: None,
        diagnose=diagnose,
        strained=lambda: busy,
    )
    return runner._stood(subject, 1)


def test_a_service_that_is_late_on_a_machine_without_a_free_core_is_unknown():
    outcome = late("this machine is too busy")
    assert (outcome.status, outcome.reason) == (Status.UNKNOWN, "this machine is too busy")


def test_a_service_that_is_late_on_a_machine_with_room_has_failed():
    assert late("").status is Status.FAIL

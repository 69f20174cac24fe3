from __future__ import annotations

from collections.abc import Callable

from envcheck.engine.plan import PlannedSeed
from envcheck.engine.scene import NotHere
from envcheck.engine.seeding import seed
from envcheck.engine.waiting import Waiting
from envcheck.model.event import Event, Progressed
from envcheck.model.outcome import Outcome, Status, broken
from envcheck.model.seed import Seeded, SeedFailed, SeedUnit
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.scene import FakeScene


def unit(service: str, name: str, write: Callable[..., Seeded], skip: str = "") -> PlannedSeed:
    made = SeedUnit(name, service, write, expected=f"{name} are there")
    return PlannedSeed(f"1/seed/{service}/{name}", made, 1, skip=skip)


def run(
    *seeds: PlannedSeed, failed: dict[str, str] | None = None
) -> tuple[list[Outcome], list[Event]]:
    clock = FakeClock(0.0)
    events: list[Event] = []
    waiting = Waiting(clock, FakeInbox(clock))
    told: list[Outcome] = []
    outcomes = seed(
        seeds,
        FakeScene(),
        clock,
        waiting,
        events.append,
        tell=told.append,
        failed=failed or {},
    )
    assert sorted(it.id for it in told) == sorted(it.id for it in outcomes)
    return outcomes, events


def wrote(_scene: object, _progress: object) -> Seeded:
    return Seeded(12, 12, "topics")


def refused(_scene: object, _progress: object) -> Seeded:
    raise SeedFailed(broken("denied", cause="kafka.denied", fix="allow it"))


def test_what_was_written_is_said():
    [outcome], _ = run(unit("kafka", "topics", wrote))
    assert (outcome.status, outcome.observed) == (Status.PASS, "wrote 12 of 12 topics")


def test_a_second_run_says_unchanged():
    [outcome], _ = run(unit("kafka", "topics", lambda *_: Seeded(0, 12, "topics")))
    assert outcome.observed == "unchanged (12 topics)"


def test_units_of_one_service_run_in_order_and_progress_is_told():
    order: list[str] = []

    def noting(name: str) -> Callable[..., Seeded]:
        def write(_scene: object, progress: Callable[..., None]) -> Seeded:
            order.append(name)
            progress(1, 2, "rows")
            return Seeded(1, 1)

        return write

    _, events = run(unit("db", "one", noting("one")), unit("db", "two", noting("two")))
    assert order == ["one", "two"]
    assert [type(it) for it in events] == [Progressed, Progressed]


def test_a_refused_seed_fails_and_blocks_the_next_of_its_service_only():
    outcomes, _ = run(
        unit("kafka", "topics", refused),
        unit("kafka", "events", wrote),
        unit("s3", "buckets", wrote),
    )
    assert [it.status for it in outcomes] == [Status.FAIL, Status.BLOCKED, Status.PASS]
    assert (outcomes[0].cause, outcomes[1].reason) == ("kafka.denied", "1/seed/kafka/topics failed")


def test_a_seed_that_breaks_is_unknown():
    def explode(*_: object) -> Seeded:
        raise ZeroDivisionError("oops")

    [outcome], _ = run(unit("kafka", "topics", explode))
    assert (outcome.status, outcome.reason) == (
        Status.UNKNOWN,
        "the seed itself broke: ZeroDivisionError: oops",
    )


def test_a_service_that_did_not_come_up_is_not_seeded():
    [outcome], _ = run(unit("kafka", "topics", wrote), failed={"kafka": "zookeeper"})
    assert (outcome.status, outcome.blocked_by) == (Status.BLOCKED, "zookeeper")


def test_what_does_not_run_here_is_skipped():
    def absent(*_: object) -> Seeded:
        raise NotHere("kafka", "left out")

    outcomes, _ = run(unit("db", "rows", absent), unit("loki", "logs", wrote, skip="not here"))
    assert [(it.status, it.reason) for it in outcomes] == [
        (Status.SKIPPED, "kafka: left out"),
        (Status.SKIPPED, "not here"),
    ]

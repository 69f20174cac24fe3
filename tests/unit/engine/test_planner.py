from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from envcheck.engine.planner import plan
from envcheck.model.check import Check, Level
from envcheck.model.compose import Gate
from envcheck.model.environment import Declared, Wave, WaveService
from envcheck.model.outcome import passed
from envcheck.model.problem import Place
from envcheck.model.runtime import Limit
from envcheck.model.seed import Fixtures, Seeded, SeedUnit
from tests.fakes.project import environment, project, service


@dataclass(frozen=True)
class Asks:
    names: tuple[str, ...]
    service: str
    needs: frozenset[str] = frozenset()
    kind: ClassVar[str] = "asks"

    def checks(self) -> Sequence[Check]:
        return [
            Check(
                name,
                self.service,
                Level.LOGIN,
                lambda _: passed("ok"),
                f"{name} works",
                needs=self.needs,
            )
            for name in self.names
        ]


@dataclass(frozen=True)
class Writes:
    kind: ClassVar[str] = "writes"

    def units(self, _fixtures: Fixtures) -> Sequence[SeedUnit]:
        return [SeedUnit("topics", "kafka", lambda *_: Seeded(1, 1), "12 topics")]

    def proof(self, _fixtures: Fixtures) -> Sequence[Check]:
        return Asks(("topics",), "kafka").checks()

    def missing(self, _fixtures: Fixtures) -> Sequence[str]:
        return []


HERE = Place("waves/shop/1-infrastructure.yaml", 7, 3)


def declared(what: object) -> Declared[object]:
    return Declared(what, HERE)


SHOP = environment(
    project(
        service("db"),
        service("kafka"),
        service("migrate", db=Gate.HEALTHY),
        service("grafana"),
        service("api", migrate=Gate.COMPLETED, kafka=Gate.STARTED),
    ),
    Wave(
        1,
        "infrastructure",
        (
            WaveService("db", ready=(declared(Asks(("login",), "db")),)),  # type: ignore[arg-type]
            WaveService("kafka"),
            WaveService("migrate", one_shot=True),
            WaveService("grafana", optional=True),
        ),
        seeds=(declared(Writes()),),  # type: ignore[arg-type]
        verify=(declared(Asks(("offsets",), "kafka", frozenset({"kafka.end-offsets"}))),),  # type: ignore[arg-type]
    ),
    Wave(2, "core", (WaveService("api"),), checks=(declared(Asks(("a list is sorted",), "api")),)),  # type: ignore[arg-type]
)
LIMITS = [
    Limit("grafana", "run", "no local form"),
    Limit("kafka", "kafka.end-offsets", "short by the last batch"),
]


def test_the_plan_reads_as_text_with_a_reason_per_step():
    assert (
        str(plan(SHOP, upto=2, runtime="embedded", limits=LIMITS))
        == """\
shop on embedded

wave 1: infrastructure
  start  db                                 at once: needs no other service
  start  kafka                              at once: needs no other service
  start  migrate                            after db is ready
  wait   db                                 until login works, 2 times over 0.5 s, at most 120 s
  wait   kafka                              until it has stayed up for 0.5 s, at most 120 s
  wait   migrate                            until it exits with 0, at most 120 s
  skip   grafana                            no local form
  seed   kafka/topics                       12 topics
  verify kafka/topics                       topics works
  skip   kafka/offsets                      short by the last batch

wave 2: core
  start  api                                after migrate is done, kafka runs
  wait   api                                until it has stayed up for 0.5 s, at most 120 s
  check  api/a list is sorted               a list is sorted works"""
    )


def test_the_plan_as_data_says_the_same():
    made = plan(SHOP, upto=1, runtime="embedded", limits=LIMITS)
    [wave] = made.as_data()["waves"]
    assert [step["verb"] for step in wave["steps"]].count("start") == 3
    assert wave["steps"][-1] == {
        "verb": "skip",
        "subject": "kafka/offsets",
        "reason": "short by the last batch",
    }


def test_what_is_left_out_is_skipped_with_everything_asked_of_it():
    made = plan(SHOP, upto=1, runtime="embedded", without={"kafka"})
    [wave] = made.waves
    assert "kafka" not in [member.name for member in wave.members]
    assert ("kafka", "left out by --without") in wave.skipped
    assert {item.skip for item in wave.verify} == {"left out by --without"}
    assert [seed.skip for seed in wave.seeds] == ["left out by --without"]


def test_ids_are_stable_and_unique():
    twice = environment(
        project(service("db")),
        Wave(
            1,
            "one",
            (WaveService("db"),),
            verify=(declared(Asks(("rows",), "db")), declared(Asks(("rows",), "db"))),  # type: ignore[arg-type]
        ),
    )
    [wave] = plan(twice, upto=1, runtime="embedded").waves
    assert [item.id for item in wave.verify] == ["1/verify/db/rows", "1/verify/db/rows-2"]


def test_later_waves_are_left_out():
    assert [wave.number for wave in plan(SHOP, upto=1, runtime="embedded").waves] == [1]


def test_an_optional_service_makes_its_checks_optional():
    optional = environment(
        project(service("loki")),
        Wave(
            1,
            "one",
            (WaveService("loki", optional=True),),
            verify=(declared(Asks(("ready",), "loki")),),  # type: ignore[arg-type]
        ),
    )
    [wave] = plan(optional, upto=1, runtime="embedded").waves
    assert [item.optional for item in wave.verify] == [True]


def test_a_step_points_to_the_line_that_declared_it():
    [first, _] = plan(SHOP, upto=2, runtime="embedded").waves
    assert first.seeds[0].place == "waves/shop/1-infrastructure.yaml:7:3"

from __future__ import annotations

from envcheck.engine import gates
from envcheck.engine.readiness import Readiness, Rules, Standing
from envcheck.model.compose import ComposeService, Edge, Gate
from envcheck.model.graph import upstream
from tests.fakes.project import project, service


def at(standing: Standing, *, running: bool = False, blocked_by: str = "") -> Readiness:
    since = 1.0 if running else None
    return Readiness(Rules(), standing, running_since=since, blocked_by=blocked_by)


API = service("api", db=Gate.HEALTHY)


def test_a_service_healthy_edge_waits_until_ready():
    declared = project(API, service("db"))
    assert not gates.open_for("api", declared, {"db": at(Standing.STARTING, running=True)})
    assert gates.open_for("api", declared, {"db": at(Standing.READY)})


def test_a_service_started_edge_does_not_wait_for_health():
    declared = project(service("api", db=Gate.STARTED), service("db"))
    assert gates.open_for("api", declared, {"db": at(Standing.STARTING, running=True)})
    assert not gates.open_for("api", declared, {"db": at(Standing.STARTING)})


def test_a_completed_edge_opens_only_when_done():
    declared = project(service("api", migrate=Gate.COMPLETED), service("migrate"))
    assert not gates.open_for("api", declared, {"migrate": at(Standing.STARTING, running=True)})
    assert gates.open_for("api", declared, {"migrate": at(Standing.DONE)})


def test_what_does_not_run_here_holds_nobody():
    assert gates.open_for("api", project(API, service("db")), {})


def test_a_dead_dependency_is_the_culprit():
    declared = project(API, service("db"))
    assert gates.culprit("api", declared, {"db": at(Standing.DEAD)}) == "db"


def test_the_culprit_is_the_root_not_the_neighbour():
    declared = project(service("web", api=Gate.HEALTHY), API, service("db"))
    others = {"api": at(Standing.BLOCKED, blocked_by="db"), "db": at(Standing.DEAD)}
    assert gates.culprit("web", declared, others) == "db"


def test_a_dependency_still_starting_is_no_culprit():
    declared = project(API, service("db"))
    assert gates.culprit("api", declared, {"db": at(Standing.STARTING)}) == ""


def test_an_edge_that_is_not_required_does_not_hold_when_it_failed():
    edge = Edge("cache", Gate.HEALTHY, required=False)
    declared = project(ComposeService("api", depends_on=(edge,)), service("cache"))
    failed = {"cache": at(Standing.DEAD)}
    assert gates.culprit("api", declared, failed) == ""
    assert gates.open_for("api", declared, failed)
    assert not gates.open_for("api", declared, {"cache": at(Standing.STARTING)})


def test_a_healthy_edge_on_a_service_that_finished_has_a_culprit():
    declared = project(API, service("db"))
    assert gates.culprit("api", declared, {"db": at(Standing.DONE)}) == "db"


def test_upstream_is_everything_behind_a_service_even_in_a_circle():
    declared = project(
        service("web", api=Gate.STARTED),
        service("api", db=Gate.STARTED, web=Gate.STARTED),
        service("db"),
    )
    assert upstream("web", declared) == {"api", "db", "web"}
    assert upstream("db", declared) == frozenset()

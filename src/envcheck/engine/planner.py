"""Environment → Plan. Pure: what starts after what, what is asked, what is skipped, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from envcheck.engine.bringup import Member
from envcheck.engine.plan import Plan, PlannedSeed, Step, WavePlan
from envcheck.engine.verification import Planned
from envcheck.model.check import Check, CheckKind
from envcheck.model.compose import ComposeProject, Gate
from envcheck.model.environment import Declared, Environment, Wave, WaveService
from envcheck.model.runtime import Limit
from envcheck.model.seed import SeedKind

_GATES = {
    Gate.STARTED: "runs",
    Gate.HEALTHY: "is ready",
    Gate.COMPLETED: "is done",
}

_Asked = tuple[Declared[CheckKind] | Declared[SeedKind], Sequence[Check]]


def plan(
    environment: Environment,
    *,
    upto: int,
    runtime: str,
    limits: Sequence[Limit] = (),
    without: Iterable[str] = (),
) -> Plan:
    """The waves 1…upto. ``limits`` are the runtime's, ``without`` the user's."""
    absent = {limit.service: limit.reason for limit in limits if limit.capability == "run"}
    absent |= dict.fromkeys(without, "left out by --without")
    planner = _Planner(environment, absent, _forbidden(limits))
    waves = [planner.wave(wave) for wave in environment.waves if wave.number <= upto]
    return Plan(environment.name, runtime, tuple(waves), absent)


def _forbidden(limits: Sequence[Limit]) -> dict[tuple[str, str], str]:
    return {(limit.service, limit.capability): limit.reason for limit in limits}


@dataclass
class _Planner:
    environment: Environment
    absent: Mapping[str, str]
    forbidden: Mapping[tuple[str, str], str]
    ids: set[str] = field(default_factory=set)

    def wave(self, wave: Wave) -> WavePlan:
        here = [service for service in wave.services if service.name not in self.absent]
        members = tuple(_member(service) for service in here)
        skipped = tuple(
            (it.name, self.absent[it.name]) for it in wave.services if it.name in self.absent
        )
        seeds = tuple(self._seeds(wave))
        verify: list[_Asked] = [
            (seed, seed.what.proof(self.environment.fixtures)) for seed in wave.seeds
        ]
        verify += [(it, it.what.checks()) for it in wave.verify]
        asked = tuple(self._planned(wave, "verify", verify))
        checks = tuple(self._planned(wave, "check", [(it, it.what.checks()) for it in wave.checks]))
        steps = _steps(self.environment.project, members, seeds, asked + checks, skipped)
        return WavePlan(
            wave.number, wave.name, members, seeds, asked, checks, skipped, tuple(steps)
        )

    def _seeds(self, wave: Wave) -> Iterable[PlannedSeed]:
        for declared in wave.seeds:
            for unit in declared.what.units(self.environment.fixtures):
                yield PlannedSeed(
                    self._id(wave.number, "seed", unit.service, unit.name),
                    unit,
                    wave.number,
                    str(declared.place),
                    self._optional(declared, unit.service),
                    self._skip(unit.service, unit.needs),
                )

    def _planned(
        self,
        wave: Wave,
        phase: str,
        declared: Sequence[_Asked],
    ) -> Iterable[Planned]:
        for item, checks in declared:
            for check in checks:
                yield Planned(
                    self._id(wave.number, phase, check.service, check.name),
                    check,
                    wave.number,
                    phase,
                    str(item.place),
                    self._optional(item, check.service),
                    self._skip(check.service, check.needs),
                )

    def _id(self, wave: int, phase: str, service: str, name: str) -> str:
        """Stable across runs; a second check of the same name gets a number."""
        wanted = f"{wave}/{phase}/{service}/{name}"
        unique, count = wanted, 1
        while unique in self.ids:
            count += 1
            unique = f"{wanted}-{count}"
        self.ids.add(unique)
        return unique

    def _skip(self, service: str, needs: frozenset[str]) -> str:
        if service in self.absent:
            return self.absent[service]
        reasons = [self.forbidden.get((service, need), "") for need in sorted(needs)]
        return next((reason for reason in reasons if reason), "")

    def _optional(self, item: Declared[CheckKind] | Declared[SeedKind], service: str) -> bool:
        services = [it for wave in self.environment.waves for it in wave.services]
        return item.optional or any(it.name == service and it.optional for it in services)


def _member(service: WaveService) -> Member:
    checks = [check for kind in service.ready for check in kind.what.checks()]
    return Member(service, tuple(sorted(checks, key=lambda check: check.level)))


def _steps(
    project: ComposeProject,
    members: Sequence[Member],
    seeds: Sequence[PlannedSeed],
    asked: Sequence[Planned],
    skipped: Sequence[tuple[str, str]],
) -> Iterable[Step]:
    here = {member.name for member in members}
    for member in members:
        yield Step("start", member.name, _after(project, member.name))
    for member in members:
        yield Step("wait", member.name, _until(member))
    for name, reason in skipped:
        yield Step("skip", name, reason)
    for seed in seeds:
        verb, reason = ("skip", seed.skip) if seed.skip else ("seed", seed.unit.expected)
        yield Step(verb, f"{seed.unit.service}/{seed.unit.name}", reason)
    for item in asked:
        verb, reason = ("skip", item.skip) if item.skip else (item.phase, item.check.expected)
        if not item.skip or item.check.service in here:
            yield Step(verb, f"{item.check.service}/{item.check.name}", reason)


def _after(project: ComposeProject, service: str) -> str:
    edges = project.services[service].depends_on
    waits = [f"{edge.on} {_GATES[edge.gate]}" for edge in edges]
    return f"after {', '.join(waits)}" if waits else "at once: needs no other service"


def _until(member: Member) -> str:
    wanted = member.declared.readiness
    if member.declared.one_shot:
        return f"until it exits with 0, at most {wanted.timeout:g} s"
    if not member.checks:
        return f"until it has stayed up for {wanted.stable:g} s, at most {wanted.timeout:g} s"
    asked = member.checks[-1].expected
    times = f"{wanted.successes} times over {wanted.stable:g} s"
    return f"until {asked}, {times}, at most {wanted.timeout:g} s"

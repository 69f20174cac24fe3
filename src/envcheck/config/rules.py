"""What must hold between files: who exists, who stands where, who comes first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from envcheck.config.problems import Problems, did_you_mean
from envcheck.config.reading import Reference
from envcheck.model.compose import ComposeProject
from envcheck.model.environment import Wave
from envcheck.model.problem import Place

Edges = Mapping[tuple[str, str], Place]


def check_waves(
    waves: Sequence[Wave], project: ComposeProject, edges: Edges, problems: Problems
) -> None:
    _numbers(waves, problems)
    placed = _members(waves, project, problems)
    for name, wave in placed.items():
        for edge in project.services[name].depends_on:
            where = edges.get((name, edge.on), project.services[name].place)
            found = f"service {name!r} of wave {wave} depends on {edge.on!r}"
            if edge.on not in placed:
                expected, fix = "a service of some wave", f"add {edge.on} to wave {wave} or before"
                problems.add(where, f"{found}, which stands in no wave file", expected, fix)
            elif placed[edge.on] > wave:
                later = placed[edge.on]
                fix = f"move {edge.on} to wave {wave} or before, or {name} to wave {later}"
                problems.add(where, f"{found} of wave {later}", "an earlier or the same wave", fix)


def _numbers(waves: Sequence[Wave], problems: Problems) -> None:
    seen: dict[int, Wave] = {}
    for wave in waves:
        first = seen.setdefault(wave.number, wave)
        if first is not wave:
            found = f"wave {wave.number} exists already ({first.place})"
            problems.add(wave.place, found, "one file per number", "give it another number")


def _members(waves: Sequence[Wave], project: ComposeProject, problems: Problems) -> dict[str, int]:
    """The wave of each service that exists."""
    placed: dict[str, int] = {}
    for wave in waves:
        for member in wave.services:
            if member.name not in project.services:
                fix = did_you_mean(member.name, project.services)
                found = f"unknown service {member.name!r}"
                problems.add(member.place, found, "a service of the Compose files", fix)
            elif member.name in placed:
                found = f"service {member.name!r} is in wave {placed[member.name]} already"
                problems.add(member.place, found, "each service in one wave", "delete one of them")
            else:
                placed[member.name] = wave.number
    return placed


def check_references(
    references: Iterable[Reference],
    waves: Sequence[Wave],
    project: ComposeProject,
    identities: Collection[str],
    problems: Problems,
) -> None:
    placed = {member.name: wave.number for wave in reversed(waves) for member in wave.services}
    for one in references:
        if one.what == "as":
            _identity(one.name, one.place, identities, problems)
        elif one.name not in project.services:
            _unknown(one.name, one.place, project, problems)
        elif one.name not in placed:
            found = f"service {one.name!r} stands in no wave file"
            problems.add(one.place, found, f"a service of wave 1 to {one.wave}")
        elif placed[one.name] > one.wave:
            found = f"service {one.name!r} comes up only in wave {placed[one.name]}"
            problems.add(one.place, found, f"a service of wave 1 to {one.wave}")


def _identity(name: str, place: Place, known: Collection[str], problems: Problems) -> None:
    if name not in known:
        fix = did_you_mean(name, known)
        problems.add(place, f"unknown identity {name!r}", "an identity of environment.yaml", fix)


def _unknown(name: str, place: Place, project: ComposeProject, problems: Problems) -> None:
    fix = did_you_mean(name, project.services)
    problems.add(place, f"unknown service {name!r}", "a service of the Compose files", fix)


def check_services(
    names: Iterable[tuple[str, Place]], project: ComposeProject, problems: Problems
) -> None:
    """Services named outside of waves: by identities, connections, ``--without``."""
    for name, place in names:
        if name not in project.services:
            _unknown(name, place, project, problems)

"""Waves of a plain Compose project: who waits for nobody is wave 1, who waits for those wave 2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from envcheck.config.documents import ServiceDocument
from envcheck.config.readiness import Readying
from envcheck.model.compose import ComposeProject, ComposeService
from envcheck.model.environment import Wave

MOST_NAMES = 3  # in the title of a wave


def inferred_waves(
    project: ComposeProject, ready: Readying, profiles: Iterable[str]
) -> tuple[Wave, ...]:
    """Numbered from 1 without gaps. A service's own ``wave`` may put it later, never earlier."""
    services = active(project, set(profiles))
    levels = _levels(services)
    waves = []
    for number, level in enumerate(sorted(set(levels.values())), start=1):
        members = [one for name, one in services.items() if levels[name] == level]
        found = tuple(ready.service(one.name, ServiceDocument(), one.place) for one in members)
        waves.append(Wave(number, _title(members), found))
    return tuple(waves)


def active(project: ComposeProject, profiles: set[str]) -> dict[str, ComposeService]:
    """Services without a profile, of a profile asked for, or needed by one of these."""
    found: dict[str, ComposeService] = {}
    queue = [
        one
        for one in project.services.values()
        if not one.profiles or "*" in profiles or profiles & set(one.profiles)
    ]
    while queue:
        one = queue.pop()
        if one.name not in found:
            found[one.name] = one
            needed = [edge.on for edge in one.depends_on if edge.required]
            queue += [project.services[name] for name in needed]
    return {name: one for name, one in project.services.items() if name in found}


def _levels(services: Mapping[str, ComposeService]) -> dict[str, int]:
    """Longest way to a service that waits for nobody. There are no circles: those were refused."""
    levels: dict[str, int] = {}
    for start in services:
        stack = [start]
        while stack:
            one = services[stack[-1]]
            before = [edge.on for edge in one.depends_on if edge.on in services]
            missing = [name for name in before if name not in levels]
            if missing:
                stack += missing
                continue
            levels[stack.pop()] = max([1 + levels[name] for name in before] + [one.wave, 1])
    return levels


def _title(members: list[ComposeService]) -> str:
    names = [one.name for one in members]
    shown = names[:MOST_NAMES]
    return ", ".join(shown) + (
        f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    )

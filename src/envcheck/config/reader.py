"""The way in: an environment, or a plain Compose project, as one Environment.

Both raise ConfigError with every problem of all files at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from envcheck.config.compose.project import Read, read_project
from envcheck.config.connections import connections
from envcheck.config.declared import compose_files, environment_file
from envcheck.config.environment import Declaration
from envcheck.config.fixtures import collect_secrets, fixtures_of, note_missing
from envcheck.config.identities import identities, named_services
from envcheck.config.infer import inferred_waves
from envcheck.config.problems import Problems
from envcheck.config.readiness import Readying, one_shots
from envcheck.config.reading import Reading
from envcheck.config.registries import Registries
from envcheck.config.rules import check_references, check_services, check_waves
from envcheck.config.secrets import Secrets
from envcheck.config.telling import project_secrets
from envcheck.config.variables import Variables, variables_beside
from envcheck.config.waves import WaveRead, read_waves, wave_files
from envcheck.model.compose import ComposeProject
from envcheck.model.environment import Environment, IdentitySpec, Wave
from envcheck.model.problem import Place
from envcheck.model.seed import Fixtures


def read_environment(
    folder_or_file: Path,
    env: Mapping[str, str],
    *,
    profile: str = "small",
    scale: float = 1.0,
    without: Collection[str] = frozenset(),
    registries: Registries | None = None,
) -> Environment:
    """The environment of a folder with environment.yaml; else of a Compose file or folder.

    ``env`` is the process' environment. ``without`` names services that will not be run; they stay
    in their waves, where they come out SKIPPED.
    """
    registries = registries or Registries()
    path = environment_file(folder_or_file)
    if path is None:
        files = compose_files(folder_or_file, env)
        return read_compose(files, env, without=without, registries=registries)
    problems = Problems()
    said = Declaration(path, env, problems, registries)
    project = said.compose.project
    collect_secrets(said.fixtures, said.reading)
    fixtures = fixtures_of(said.fixtures, profile, scale, said.reading)
    who = identities(said.document, said.tree, problems)
    ready = _readying(project, registries)
    read = read_waves(wave_files(said.folder), said.reading, ready)
    if project.services:  # else every name would be unknown, behind the one real problem
        _check(read, said.compose, who, problems)
        check_services([*named_services(said.tree), *_without(without)], project, problems)
    note_missing([one.wave for one in read], fixtures, problems)
    overrides = said.document.connections if said.document else {}
    found = connections(said.compose, overrides, registries, problems)
    secrets = _secrets(project, said.reading)
    _demand(problems, secrets)
    return Environment(
        name=said.name,
        folder=said.folder,
        project=project,
        waves=_ordered(read) or _inferred(project, ready, said.reading.variables),
        identities=who,
        connections=found,
        secrets=secrets,
        fixtures=fixtures,
        timeout=said.document.timeout if said.document else 600.0,
        reports=tuple(said.document.reports) if said.document else (),
    )


def read_compose(
    files: Sequence[Path],
    env: Mapping[str, str],
    *,
    without: Collection[str] = frozenset(),
    registries: Registries | None = None,
) -> Environment:
    """A plain Compose project: waves from ``depends_on``, readiness from images and ports."""
    registries, problems = registries or Registries(), Problems()
    folder = files[0].parent
    variables = variables_beside(folder, env, problems)
    compose = read_project(files, variables, problems)
    project = compose.project
    reading = Reading(problems, variables, Secrets(variables), registries)
    found = connections(compose, {}, registries, problems)
    check_services(_without(without), project, problems)
    secrets = _secrets(project, reading)
    _demand(problems, secrets)
    return Environment(
        name=project.name,
        folder=folder,
        project=project,
        waves=_inferred(project, _readying(project, registries), variables),
        identities={"nobody": IdentitySpec("nobody", "nobody")},
        connections=found,
        secrets=secrets,
        fixtures=Fixtures(folder / "fixtures"),
    )


def _readying(project: ComposeProject, registries: Registries) -> Readying:
    return Readying(project, registries, one_shots(project.services))


def _check(
    read: Sequence[WaveRead], compose: Read, who: Mapping[str, IdentitySpec], problems: Problems
) -> None:
    waves = [one.wave for one in read]
    check_waves(waves, compose.project, compose.edges, problems)
    references = [reference for one in read for reference in one.references]
    check_references(references, waves, compose.project, who, problems)


def _without(names: Collection[str]) -> list[tuple[str, Place]]:
    return [(name, Place("--without")) for name in names]


def _secrets(project: ComposeProject, reading: Reading) -> dict[str, str]:
    return project_secrets(project, reading.variables) | reading.secrets.used


def _demand(problems: Problems, secrets: Mapping[str, str]) -> None:
    problems.hide(secrets.values())
    problems.demand()


def _ordered(read: Sequence[WaveRead]) -> tuple[Wave, ...]:
    return tuple(sorted((one.wave for one in read), key=lambda wave: wave.number))


def _inferred(project: ComposeProject, ready: Readying, variables: Variables) -> tuple[Wave, ...]:
    profiles = (variables.get("COMPOSE_PROFILES") or "").split(",")
    return inferred_waves(project, ready, [name for name in profiles if name])

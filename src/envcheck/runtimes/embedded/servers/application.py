"""An application of the project: what its ``x-envcheck: {embedded: …}`` block says."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from envcheck.errors import StackError
from envcheck.model.compose import ComposeService, EmbeddedForm
from envcheck.model.runtime import Limit
from envcheck.model.target import Connection
from envcheck.runtimes.embedded.addresses import listen_here
from envcheck.runtimes.embedded.forms import Ground
from envcheck.runtimes.embedded.programs import Program, source_mark
from envcheck.runtimes.embedded.venvs import Need

MEGABYTES = 100  # what a typical set of requirements takes; said to people, not relied on


class Application:
    title = "a local process"

    def fits(self, service: ComposeService, _connection: Connection | None) -> bool:
        return service.embedded is not None

    def need(self, service: ComposeService) -> Need | None:
        listed = _form(service).requirements
        if listed is None:
            return None
        try:
            text = listed.read_text(encoding="utf-8")
        except OSError as error:
            raise StackError(f"{service.name}: cannot read {listed}: {error.strerror}") from error
        return Need(f"what {service.name} imports", listed.name, MEGABYTES, text, listed.parent)

    def ports(self, _service: ComposeService, declared: Sequence[int]) -> Mapping[int, int]:
        return {port: port for port in declared}

    def limits(self, _service: ComposeService) -> Sequence[Limit]:
        return ()

    def program(self, ground: Ground) -> Program:
        form = _form(ground.service)
        need = self.need(ground.service)
        venv = ground.venv(need) if need else None
        environment = _own_port({**ground.base, **ground.environment}, ground.own)
        command = listen_here(form.command, ground.own)
        command = tuple(ground.paths.rewrite(ground.addresses.rewrite(word)) for word in command)
        _refuse_fixed_port(ground, form.command, environment)
        return Program(
            service=ground.service.name,
            argv=(_program(command[0], venv), *command[1:]),
            env={**environment, **_python(form, venv, environment)},
            cwd=form.directory,
            code=source_mark(form.directory),
        )


def _form(service: ComposeService) -> EmbeddedForm:
    if service.embedded is None:
        raise StackError(f"{service.name} has no x-envcheck: embedded block")
    return service.embedded


def _program(name: str, venv: Path | None) -> str:
    inside = venv / "bin" / name if venv and "/" not in name else None
    return str(inside) if inside and inside.exists() else name


def _python(
    form: EmbeddedForm, venv: Path | None, environment: Mapping[str, str]
) -> dict[str, str]:
    paths = [str(form.directory), *filter(None, [environment.get("PYTHONPATH", "")])]
    changed = {"PYTHONPATH": os.pathsep.join(paths)}
    if venv:
        changed["VIRTUAL_ENV"] = str(venv)
        changed["PATH"] = f"{venv / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
    return changed


def _own_port(environment: dict[str, str], own: Mapping[int, int]) -> dict[str, str]:
    """``PORT=8000`` tells many servers where to listen."""
    value = environment.get("PORT", "")
    if value.isdigit() and int(value) in own:
        environment["PORT"] = str(own[int(value)])
    return environment


def _refuse_fixed_port(
    ground: Ground, command: tuple[str, ...], environment: Mapping[str, str]
) -> None:
    """A port that had to move and that nothing tells the program would only look like a hang."""
    said = listen_here(command, ground.own) != command or "PORT" in environment
    for port, here in ground.own.items():
        if port != here and not said:
            raise StackError(
                f"{ground.service.name}: port {port} is taken here and nothing in its command "
                "says where to listen",
                f"free port {port}, or give the command a --port",
            )


FORM = Application()

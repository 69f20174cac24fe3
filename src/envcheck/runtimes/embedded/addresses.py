"""From names and paths of a container network to those of this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from envcheck.system.ports import HOST

NOWHERE = 1  # tcpmux: refused at once; a service not run here must not meet a stranger's port
ANY_ADDRESS = {"0.0.0.0", "::", "[::]", "*"}  # noqa: S104 (what we replace)
HOST_VARIABLE = re.compile(r"(.*?)(HOST|HOSTNAME|SERVER|ADDRESS|ADDR)")


@dataclass(frozen=True, slots=True)
class Addresses:
    """``ports``: per service, container port → port here (empty: it does not run here);
    ``default``: the port a name without one means."""

    ports: Mapping[str, Mapping[int, int]]
    default: Mapping[str, int]

    def here(self, service: str, port: int) -> int:
        return self.ports[service].get(port, NOWHERE)

    def rewrite(self, text: str) -> str:
        """``postgres:5432`` and ``//postgres/`` become 127.0.0.1 with the port used here."""
        text = self._with_port.sub(
            lambda found: f"{HOST}:{self.here(found[1], int(found[2]))}", text
        )
        return self._bare.sub(
            lambda found: f"{HOST}:{self.here(found[1], self.default.get(found[1], 80))}", text
        )

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Also pairs such as DB_HOST=postgres with DB_PORT=5432."""
        changed = {name: self.rewrite(value) for name, value in variables.items()}
        for name, value in variables.items():
            matched = HOST_VARIABLE.fullmatch(name)
            if matched and value in self.ports:
                changed[name] = HOST
                self._pair(changed, f"{matched[1]}PORT", value)
        return changed

    def _pair(self, variables: dict[str, str], name: str, service: str) -> None:
        if variables.get(name, "").isdigit():
            variables[name] = str(self.here(service, int(variables[name])))

    @property
    def _with_port(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w.-])({self._names}):(\d{{1,5}})(?!\d)")

    @property
    def _bare(self) -> re.Pattern[str]:
        return re.compile(rf"(?<=//|\w@)({self._names})(?=[/?]|$)")

    @property
    def _names(self) -> str:
        return "|".join(sorted(map(re.escape, self.ports), key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class Paths:
    """Container paths under a mount, and the folders here that hold what they hold."""

    mounts: Mapping[str, Path]

    def rewrite(self, text: str) -> str:
        """Replaces a path under a mount wherever it stands alone in ``text``."""
        if not self.mounts:
            return text
        targets = "|".join(sorted(map(re.escape, self.mounts), key=len, reverse=True))
        pattern = rf"(?:(?<![\w./-])|(?<=://)|(?<=:///))({targets})(?=[/:;,\s\"']|$)"
        return re.sub(pattern, lambda found: str(self.mounts[found[1]]), text)

    def find(self, path: str) -> Path | None:
        """The folder here that stands for ``path``; None when no mount holds it."""
        wanted = PurePosixPath(path)
        for target in sorted(self.mounts, key=len, reverse=True):
            if wanted.is_relative_to(target):
                return self.mounts[target] / wanted.relative_to(target)
        return None


def listen_here(arguments: tuple[str, ...], own: Mapping[int, int]) -> tuple[str, ...]:
    """``--host 0.0.0.0 --port 8000`` (also ``--bind 0.0.0.0:8000``) for the port used here."""
    changed: list[str] = []
    for argument in arguments:
        before = changed[-1] if changed else ""
        changed.append(_listening(argument, before, own))
    return tuple(changed)


def _listening(argument: str, before: str, own: Mapping[int, int]) -> str:
    option, equals, value = argument.rpartition("=")
    if before in {"-p", "--port"} or option == "--port":
        return option + equals + _port(value, own)
    if value in ANY_ADDRESS:
        return option + equals + HOST
    address, colon, port = value.rpartition(":")
    if colon and port.isdigit() and (address in ANY_ADDRESS or before in {"-b", "--bind"}):
        return f"{option}{equals}{HOST}:{_port(port, own)}"
    return argument


def _port(text: str, own: Mapping[int, int]) -> str:
    return str(own.get(int(text), int(text))) if text.isdigit() else text

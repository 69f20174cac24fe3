"""What a service's own command starts: the server of its image, or a client that comes with it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from envcheck.model.compose import ComposeService
from envcheck.servers.credentials import setting

# where a command may begin: at the start, after ; & |, behind `exec` or `sh -c`
_BEGINS = r"(?:^|[;&|]|\bexec\s|\s-\w*c\s)\s*[\"']?(?:\S*/)?"
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})")


def starts(said: str, programs: Sequence[str]) -> bool:
    """Whether one of the programs stands where a shell would start it, not as an argument."""
    names = "|".join(re.escape(program) for program in programs)
    return re.search(rf"{_BEGINS}(?:{names})(?![\w.-])", said) is not None


def arguments(service: ComposeService, *variables: str) -> list[str]:
    """Every word of the command, also inside ``sh -c "…"``, then those of the variables."""
    said = [*service.entrypoint, *service.command, *(setting(service, name) for name in variables)]
    return [part for word in said for part in (_split(word) if " " in word else [word])]


def _split(script: str) -> list[str]:
    try:
        return shlex.split(script)
    except ValueError:  # an apostrophe that never closes
        return script.split()


def looked_up(service: ComposeService, value: str) -> str:
    """``$NAME`` and ``${NAME:-default}`` in a shell's script are the container's variables."""
    found = _VARIABLE.fullmatch(value)
    if found is None:
        return value
    return setting(service, found[1] or found[2], default=found[3] or "")

"""Which runtime, and why that one."""

from __future__ import annotations

from pathlib import Path

from envcheck.cli.options import Wanted
from envcheck.errors import UsageError
from envcheck.model.clock import Clock
from envcheck.model.environment import Environment
from envcheck.model.runtime import Ledger, Runtime

_AUTO = "containers only when asked: --runtime compose"
_NOT_YET = "this version does not look at services that run elsewhere"


def choose(
    wanted: Wanted, environment: Environment, state: Path, ledger: Ledger, clock: Clock
) -> tuple[Runtime, str]:
    """The runtime and the sentence that says why. Raises UsageError for one we do not have."""
    if wanted.runtime == "external":
        raise UsageError(f"--runtime external: {_NOT_YET}", "use --runtime embedded or compose")
    if wanted.runtime == "compose":
        from envcheck.runtimes.compose.runtime import ComposeRuntime

        return ComposeRuntime(
            environment.project, state, ledger, clock, images=wanted.images
        ), "asked for"
    from envcheck.runtimes.embedded.runtime import EmbeddedRuntime
    from envcheck.system.places import cache_folder

    runtime = EmbeddedRuntime(
        environment.project,
        environment.connections,
        state,
        cache_folder(),
        ledger,
        clock,
        wanted.without,
    )
    asked = wanted.runtime == "embedded"
    return runtime, "asked for" if asked else _AUTO

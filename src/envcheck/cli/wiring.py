"""The composition root: the only place that names both a protocol and what implements it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from envcheck import __version__
from envcheck.cli import locate
from envcheck.cli.options import Wanted
from envcheck.cli.runtimes import choose
from envcheck.cli.signals import Interrupts
from envcheck.diagnosis.ranking import diagnose
from envcheck.engine.identities import Identities
from envcheck.engine.inbox import ThreadInbox
from envcheck.engine.ledger import FileLedger
from envcheck.engine.ownership import locked
from envcheck.engine.plan import Plan, WavePlan
from envcheck.engine.planner import plan
from envcheck.engine.recorder import Recorder
from envcheck.engine.runner import Runner
from envcheck.engine.scene import StackScene
from envcheck.errors import UnknownVerdict, UsageError
from envcheck.model.environment import Environment
from envcheck.model.event import Noted, RunStarted
from envcheck.model.record import Listener
from envcheck.model.runtime import Runtime
from envcheck.reporting.view import view
from envcheck.system.clock import SystemClock
from envcheck.system.files import new_run
from envcheck.system.places import state_folder
from envcheck.system.secrets import Gate
from envcheck.system.strain import strained


@dataclass
class Session:
    """Everything one run of one command needs, wired."""

    wanted: Wanted
    environment: Environment
    runtime: Runtime
    plan: Plan
    recorder: Recorder
    runner: Runner
    scene: StackScene
    clock: SystemClock
    ledger: FileLedger
    folder: Path  # .envcheck/runs/<id>
    interrupts: Interrupts

    @property
    def run(self) -> str:
        return self.folder.name


@dataclass(frozen=True)
class Ground:
    """What stands before a run begins: the environment, its state folder, its runtime."""

    environment: Environment
    state: Path
    ledger: FileLedger
    runtime: Runtime
    why: str
    without: frozenset[str]


def ground(wanted: Wanted, clock: SystemClock) -> Ground:
    """Read the environment and choose its runtime; only to look: nothing is written."""
    environment, wanted = read(wanted)
    state = _state(environment)
    return _ground(environment, wanted, clock, FileLedger(state, "", looking=True))


def read(wanted: Wanted) -> tuple[Environment, Wanted]:
    """The environment, and what was asked for with every pattern resolved."""
    environment = locate.environment(wanted, Path.cwd())
    upto(wanted, environment)
    return environment, replace(wanted, without=locate.left_out(wanted.without, environment))


@contextmanager
def held(
    wanted: Wanted, command: str, interrupts: Interrupts, begin: Callable[[], str] = lambda: ""
) -> Iterator[Ground]:
    """Read, take the project's lock, ``begin`` a run and give its id, choose the runtime."""
    environment, wanted = read(wanted)
    state = _state(environment)
    interrupts.orderly()
    with locked(state, command):
        interrupts.heed()
        ledger = FileLedger(state, begin())
        yield _ground(environment, wanted, SystemClock(interrupts.stop), ledger)


def _state(environment: Environment) -> Path:
    return state_folder(environment.project_name, environment.folder)


def _ground(
    environment: Environment, wanted: Wanted, clock: SystemClock, ledger: FileLedger
) -> Ground:
    state = _state(environment)
    runtime, why = choose(wanted, environment, state, ledger, clock)
    return Ground(environment, state, ledger, runtime, why, wanted.without)


@contextmanager
def session(wanted: Wanted, command: str, interrupts: Interrupts) -> Iterator[Session]:
    """Wire a run that is recorded, under the project's lock."""
    clock = SystemClock(interrupts.stop)
    folders: list[Path] = []

    def begin() -> str:
        folders.append(_new_run(clock))
        return folders[0].name

    with held(wanted, command, interrupts, begin) as base:
        made = _wired(wanted, command, interrupts, clock, base, folders[0])
        try:
            yield made
        finally:
            made.recorder.close()


def _new_run(clock: SystemClock) -> Path:
    try:
        return new_run(Path.cwd(), clock.wall())
    except OSError as error:
        reason = f"no record can be written below {Path.cwd()}: {error.strerror}"
        hint = "nothing was touched; a run without its record proves nothing"
        raise UnknownVerdict(reason, hint) from error


def _wired(  # noqa: PLR0917 (one caller)
    wanted: Wanted,
    command: str,
    interrupts: Interrupts,
    clock: SystemClock,
    base: Ground,
    folder: Path,
) -> Session:
    environment, runtime = base.environment, base.runtime
    wave = upto(wanted, environment)
    made = plan(
        environment,
        upto=wave,
        runtime=runtime.name,
        limits=runtime.limits(),
        without=base.without,
    )
    gate = Gate(environment.secrets.values(), _names(environment))
    recorder = Recorder(folder / "record.jsonl", gate, _views(wanted), clock=clock)
    scene = _scene(base, made, clock, gate)
    inbox = ThreadInbox()
    interrupts.waking(inbox.wake)
    runner = Runner(
        plan=made,
        project=environment.project,
        runtime=runtime,
        scene=scene,
        clock=clock,
        inbox=inbox,
        emit=recorder.say,
        diagnose=diagnose,
        strained=strained,
        timeout=environment.timeout if wanted.timeout is None else wanted.timeout,
        timeout_includes_installing=wanted.timeout is not None,
    )
    recorder.say(_opening(command, clock, base, made, folder.name))
    _say_limits(recorder, runtime)
    return Session(
        wanted=wanted,
        environment=environment,
        runtime=runtime,
        plan=made,
        recorder=recorder,
        runner=runner,
        scene=scene,
        clock=clock,
        ledger=base.ledger,
        folder=folder,
        interrupts=interrupts,
    )


def upto(wanted: Wanted, environment: Environment) -> int:
    """The last wave asked for. Raises UsageError for one that is not declared."""
    numbers = [wave.number for wave in environment.waves]
    if wanted.wave is not None and wanted.wave not in numbers:
        known = ", ".join(map(str, numbers))
        raise UsageError(f"{environment.name} has no wave {wanted.wave}", f"its waves: {known}")
    return wanted.wave if wanted.wave is not None else max(numbers)


def _scene(base: Ground, made: Plan, clock: SystemClock, gate: Gate) -> StackScene:
    scene = StackScene(base.environment, base.runtime, clock, made.absent)
    scene.identities = Identities(
        base.environment.identities, scene.target, clock, reveal=gate.reveal
    )
    return scene


def _names(environment: Environment) -> Sequence[str]:
    """Words that stand everywhere in a report and so are no secret by value."""
    connections = environment.connections.values()
    return [
        *environment.project.services,
        environment.name,
        *(it.user for it in connections if it.user),
        *(it.database for it in connections if it.database),
    ]


def _opening(command: str, clock: SystemClock, base: Ground, made: Plan, run: str) -> RunStarted:
    versions = {
        "envcheck": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        **base.runtime.versions(),
    }
    return RunStarted(
        run=run,
        environment=base.environment.name,
        runtime=base.runtime.name,
        command=command,
        started_at=datetime.fromtimestamp(clock.wall(), UTC).isoformat(timespec="seconds"),
        why_runtime=base.why,
        versions=versions,
        waves=tuple(wave.number for wave in made.waves),
        services=tuple(name for wave in made.waves for name in _services(wave)),
    )


def _services(wave: WavePlan) -> list[str]:
    return [*(member.name for member in wave.members), *(name for name, _why in wave.skipped)]


def _views(wanted: Wanted) -> list[Listener]:
    """``--json`` keeps stdout for the report: what shows progress then goes to stderr."""
    found = view(wanted.progress, sys.stderr if wanted.as_json else sys.stdout, os.environ)
    return [found] if found else []


def _say_limits(recorder: Recorder, runtime: Runtime) -> None:
    """Servers that stand in for others, in one line; `doctor` lists every limit."""
    instead = [
        f"{limit.service} {limit.reason}"
        for limit in runtime.limits()
        if limit.capability.endswith(".version")
    ]
    if instead:
        recorder.say(Noted("; ".join(instead), "limit"))

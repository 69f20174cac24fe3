"""The frame around every recorded run: signals, deadline, verdict, reports, the end on screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from envcheck.cli.endpoints import write_endpoints
from envcheck.cli.ends import show_end, wanted_reports, write_reports
from envcheck.cli.finishing import finish_killed
from envcheck.cli.options import Wanted
from envcheck.cli.signals import of_this_command
from envcheck.cli.wiring import Session, session
from envcheck.errors import CleanupError, Interrupted, StackError, UnknownVerdict
from envcheck.model.event import Noted, RunEnded, Undone
from envcheck.model.verdict import Facts, judge
from envcheck.system.files import point_latest


def recorded(
    wanted: Wanted,
    command: str,
    work: Callable[[Session], None],
    after: Callable[[Session], None] = lambda _made: None,
) -> int:
    """Run ``work`` and say how it ended; the exit code. An interrupt removes what this run made.

    ``after`` is called with the verdict known, still under the project's lock.
    """
    wanted_reports(wanted.report)  # before anything begins
    with session(wanted, command, of_this_command()) as made:
        wanted_reports(made.environment.reports)
        started = made.clock.monotonic()
        facts = _up(made, work) if command == "up" else _looked(made, work)
        _end(made, facts, made.clock.monotonic() - started)
    with suppress(BrokenPipeError):  # whoever read us has gone; the verdict stands
        show_end(made)
    after(made)
    return made.recorder.record.exit_code


def _up(made: Session, work: Callable[[Session], None]) -> Facts:
    """Until the run is noted as finished, whatever it made is the next command's to remove."""
    try:
        for sentence in finish_killed(made.ledger, made.runtime):
            made.recorder.say(Noted(sentence))
    except CleanupError as error:
        return Facts(strict=made.wanted.strict, left_behind=(error.message,))
    made.ledger.begin("up")
    facts = _worked(made, work)
    if facts.interrupted:
        made.interrupts.cleaning()
        facts = replace(facts, left_behind=_undo(made))
    if not facts.left_behind:
        made.ledger.finish(made.run)
    return facts


def _looked(made: Session, work: Callable[[Session], None]) -> Facts:
    return replace(_worked(made, work), only_looked=True)


def _worked(made: Session, work: Callable[[Session], None]) -> Facts:
    """A signal counts whatever it made of the work: an installer it killed has not failed."""
    facts = Facts(strict=made.wanted.strict)
    try:
        with suppress(Interrupted):  # the signal's code is asked for below
            work(made)
    except StackError as error:
        if not made.interrupts.code:
            made.recorder.say(Noted(f"{error.message}. {error.hint}".strip()))
        facts = replace(facts, not_up=(error.message,))
    except UnknownVerdict as error:
        facts = replace(facts, out_of_time=error.message)
    if code := made.interrupts.decided():
        return Facts(strict=made.wanted.strict, interrupted=code)
    if over := facts.out_of_time or made.runner.out_of_time:
        made.recorder.say(Noted(over))
    return replace(facts, out_of_time=over)


def _undo(made: Session) -> tuple[str, ...]:
    """Only what this run created, its data included; a reused older stack stays."""
    before = made.ledger.standing(made.run)
    left = tuple(made.runtime.undo(run=made.run, volumes=True))
    after = made.ledger.standing(made.run)
    gone = tuple(str(resource) for resource in before if resource not in after)
    made.recorder.say(Undone(gone, left))
    return left


def _end(made: Session, facts: Facts, seconds: float) -> None:
    recorder = made.recorder
    facts = replace(facts, advised=bool(recorder.record.said("advice")))
    _judge(made, facts, seconds)
    recorder.close()
    try:
        write_endpoints(made)  # by every command: `latest` points to the last of them
        write_reports(made)
        point_latest(made.folder)
    except OSError as error:
        recorder.broken = f"{error.filename or made.folder} cannot be written: {error.strerror}"
        _judge(made, facts, seconds)


def _judge(made: Session, facts: Facts, seconds: float) -> None:
    recorder = made.recorder
    judged = judge(recorder.record.outcomes, replace(facts, record_broken=recorder.broken))
    recorder.say(RunEnded(judged.verdict.value, judged.exit_code, seconds, judged.reason))

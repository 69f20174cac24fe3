"""The frame around every recorded run: signals, deadline, verdict, reports, the end on screen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from envcheck.cli.endpoints import write_endpoints
from envcheck.cli.ends import show_end, write_reports
from envcheck.cli.options import Wanted
from envcheck.cli.signals import Interrupts
from envcheck.cli.wiring import Session, session
from envcheck.errors import Interrupted, StackError
from envcheck.model.event import Noted, RunEnded, Undone
from envcheck.model.verdict import Facts, judge
from envcheck.system.clock import SystemClock
from envcheck.system.files import point_latest


def recorded(wanted: Wanted, command: str, work: Callable[[Session], None]) -> int:
    """Run ``work`` and say how it ended; the exit code. An interrupt removes what this run made."""
    clock = SystemClock()
    interrupts = Interrupts(clock.stop, _warn)
    with interrupts.heard(), session(wanted, command, clock) as made:
        started = clock.monotonic()
        facts = _work(made, work, interrupts, starts=command == "up")
        end(made, facts, clock.monotonic() - started)
    show_end(made)
    return made.recorder.record.exit_code


def _work(
    made: Session, work: Callable[[Session], None], interrupts: Interrupts, *, starts: bool
) -> Facts:
    plain = Facts(strict=made.wanted.strict, only_looked=not starts)
    try:
        work(made)
    except StackError as error:
        made.recorder.say(Noted(f"{error.message}. {error.hint}".strip()))
        return replace(plain, not_up=(error.message,))
    except Interrupted as interrupted:
        with interrupts.cleaning():
            left = _undo(made) if starts else ()
        return replace(plain, interrupted=interrupted.exit_code, left_behind=left)
    return plain


def _undo(made: Session) -> tuple[str, ...]:
    """Only what this run created, its data included; a reused older stack stays."""
    before = made.ledger.standing(made.run)
    left = tuple(made.runtime.undo(run=made.run, volumes=True))
    after = made.ledger.standing(made.run)
    gone = tuple(str(resource) for resource in before if resource not in after)
    made.recorder.say(Undone(gone, left))
    return left


def end(made: Session, facts: Facts, seconds: float) -> None:
    recorder = made.recorder
    facts = replace(
        facts, record_broken=recorder.broken, advised=bool(recorder.record.said("advice"))
    )
    judged = judge(recorder.record.outcomes, facts)
    verdict = judged.verdict.value
    made.recorder.say(RunEnded(verdict, judged.exit_code, seconds, judged.reason))
    made.recorder.close()
    write_endpoints(made)  # by every command: `latest` points to the last of them
    point_latest(made.folder)
    write_reports(made)


def _warn(text: str) -> None:
    print(f"\nenvcheck: {text}", file=sys.stderr, flush=True)

"""How a run ended, and the exit code that says so. Pure: outcomes and facts in, judgement out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from envcheck.model.outcome import Outcome, Status, Verdict

NOTHING_CHECKED = "nothing was checked"
NOT_ASKED = frozenset({Status.SKIPPED, Status.BLOCKED})
NOT_WELL = frozenset({Status.FAIL, Status.UNKNOWN, Status.BLOCKED})


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run knows beside its outcomes. Every text is a reason; empty means it did not happen.

    ``interrupted`` is 130 or 143. ``not_up`` names required services, or the engine, that would
    not come up although no outcome says so.
    """

    strict: bool = False
    crashed: str = ""
    interrupted: int = 0
    left_behind: tuple[str, ...] = ()
    file_wrong: str = ""
    not_up: tuple[str, ...] = ()
    engine_vanished: str = ""
    record_broken: str = ""
    advised: bool = False
    only_looked: bool = False
    out_of_time: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    exit_code: int
    reason: str = ""


def judge(outcomes: Sequence[Outcome], facts: Facts | None = None) -> Judgement:
    """The verdict and exit code of design.md's table; PASS only when everything asked for held."""
    facts = facts or Facts()
    verdict, reason = _verdict(outcomes, facts)
    code = _exit_code(verdict, outcomes, facts)
    left = f"left behind: {', '.join(facts.left_behind)}" if facts.left_behind else ""
    return Judgement(verdict, code, "; ".join(filter(None, (reason, left))))


def _verdict(outcomes: Sequence[Outcome], facts: Facts) -> tuple[Verdict, str]:
    if failed := [outcome for outcome in outcomes if _is(outcome, Status.FAIL)]:
        return Verdict.FAIL, _counted(len(failed), "required step", "failed")
    if facts.not_up:
        return Verdict.FAIL, f"would not come up: {', '.join(facts.not_up)}"
    if doubt := _doubt(outcomes, facts):
        return Verdict.UNKNOWN, doubt
    if any(_worries(outcome) for outcome in outcomes) or facts.advised:
        return Verdict.WARN, ""
    return Verdict.PASS, ""


def _doubt(outcomes: Sequence[Outcome], facts: Facts) -> str:
    """Why nothing better than UNKNOWN may be said although nothing failed; empty when we know."""
    if reason := _disturbed(facts):
        return reason
    if unknown := sum(_is(outcome, Status.UNKNOWN) for outcome in outcomes):
        return _counted(unknown, "required step", "could not be judged")
    if blocked := [outcome for outcome in outcomes if _is(outcome, Status.BLOCKED)]:
        culprits = ", ".join(sorted({outcome.blocked_by or "nothing known" for outcome in blocked}))
        return _counted(len(blocked), "required step", f"blocked by {culprits}")
    if all(outcome.status in NOT_ASKED for outcome in outcomes):
        return NOTHING_CHECKED
    if facts.strict and (skipped := sum(_is(outcome, Status.SKIPPED) for outcome in outcomes)):
        return _counted(skipped, "required step", "skipped (--strict)")
    return ""


def _disturbed(facts: Facts) -> str:
    reasons = (
        facts.crashed,
        "interrupted" if facts.interrupted else "",
        facts.file_wrong,
        facts.out_of_time,
        f"the record is broken: {facts.record_broken}" if facts.record_broken else "",
        f"the engine vanished: {facts.engine_vanished}" if facts.engine_vanished else "",
    )
    return next((reason for reason in reasons if reason), "")


def _exit_code(verdict: Verdict, outcomes: Sequence[Outcome], facts: Facts) -> int:
    """Where several hold the first of 70, 130/143, 6, 3, 4, 1, 5 wins."""
    would_not_start = any(
        _is(outcome, Status.FAIL) and outcome.phase == "ready" for outcome in outcomes
    )
    ranked = (
        (bool(facts.crashed), 70),
        (bool(facts.interrupted), facts.interrupted),
        (bool(facts.left_behind), 6),
        (bool(facts.file_wrong), 3),
        (bool(facts.not_up) or (would_not_start and not facts.only_looked), 4),
        (verdict is Verdict.FAIL or (facts.strict and verdict is Verdict.WARN), 1),
        (verdict is Verdict.UNKNOWN, 5),
    )
    return next((code for holds, code in ranked if holds), 0)


def wave_verdict(outcomes: Iterable[Outcome]) -> Verdict:
    """The verdict of one wave: the same rules over its own outcomes alone."""
    return judge(tuple(outcomes)).verdict


def _is(outcome: Outcome, status: Status) -> bool:
    return outcome.status is status and not outcome.optional


def _worries(outcome: Outcome) -> bool:
    warned = outcome.status in (Status.WARN, Status.FLAKY)
    return warned or (outcome.optional and outcome.status in NOT_WELL)


def _counted(number: int, noun: str, what: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'} {what}"

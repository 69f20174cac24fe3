"""How numbers, steps and services are put into words, the same in every report."""

from __future__ import annotations

from envcheck.model.outcome import Outcome, Status
from envcheck.model.service import ServiceState

LONGEST = 180  # characters of one line; the JSON report has the rest

GOOD = (Status.PASS, Status.FLAKY, Status.WARN)
PAST = {"ready": "ready", "seed": "seeded", "verify": "verified", "check": "checked"}
WORDS = {
    Status.PASS: "pass",
    Status.FLAKY: "flaky",
    Status.WARN: "warn",
    Status.FAIL: "FAIL",
    Status.BLOCKED: "blocked",
    Status.SKIPPED: "skipped",
    Status.UNKNOWN: "UNKNOWN",
}


def duration(value: float) -> str:
    """``0.3s``, ``41.2s``, ``12m 05s``."""
    if value < 599.95:  # noqa: PLR2004  ten minutes, after rounding
        return f"{value:.1f}s"
    return f"{int(value) // 60}m {int(value) % 60:02}s"


def counted(number: int, noun: str, several: str = "") -> str:
    """``1 check``, ``2 checks``, ``1,200 rows``."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text in one line, shortened at a word where it is too long."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    shorter = cut.rsplit(" ", 1)[0]
    return (shorter if len(shorter) > longest // 2 else cut).rstrip(" ,;:") + "…"


def some(names: tuple[str, ...], at_most: int = 4) -> str:
    """``a, b and 7 more``."""
    if len(names) <= at_most:
        return ", ".join(names)
    return f"{', '.join(names[: at_most - 1])} and {len(names) - at_most + 1} more"


def step_name(outcome: Outcome) -> str:
    """What a person calls this step: its title, else the end of its id."""
    if outcome.phase == "ready":
        return "not ready" if outcome.status is Status.FAIL else "ready"
    parts = outcome.id.split("/", 3)
    return outcome.title or (parts[3] if len(parts) > 3 else outcome.kind)  # noqa: PLR2004


def step_text(outcome: Outcome) -> str:
    """Name of the step and what there is to say of it."""
    said = step_says(outcome)
    return f"{step_name(outcome)}: {said}" if said else step_name(outcome)


def step_says(outcome: Outcome) -> str:
    if outcome.status in (Status.SKIPPED, Status.UNKNOWN):
        return outcome.reason or outcome.observed
    if outcome.status is Status.BLOCKED:
        return f"not asked, {outcome.blocked_by} failed" if outcome.blocked_by else outcome.reason
    if outcome.status is Status.PASS and outcome.title:
        return ""
    if outcome.status is Status.FLAKY:
        return "; ".join(filter(None, (outcome.observed, outcome.reason)))
    return saw_and_wanted(outcome)


def saw_and_wanted(outcome: Outcome) -> str:
    if outcome.status is Status.FAIL and outcome.expected and outcome.phase != "ready":
        return f"{outcome.observed}; expected {outcome.expected}"
    return outcome.observed


def death(state: ServiceState) -> tuple[str, str]:
    """Verb and rest: ``exited``, ``with code 3``; ``killed``, ``out of memory``."""
    verb, _, rest = state.exit_in_words.partition(" ")
    if verb.rstrip(":") in ("exited", "killed"):
        return verb.rstrip(":"), rest
    return "failed", state.exit_in_words

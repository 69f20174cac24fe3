"""The end of a run on one screen: failures first, the verdict last."""

from __future__ import annotations

from collections.abc import Iterator

from envcheck.model.outcome import Outcome, Status, Verdict
from envcheck.model.record import Record
from envcheck.model.seen import WaveSeen
from envcheck.reporting.paint import NO_PAINT, Paint
from envcheck.reporting.roots import Root, roots
from envcheck.reporting.words import GOOD, PAST, counted, duration, one_line, some, step_name

MOST_ROOTS = 5  # three lines each: more would push the first off a screen
SLOW = 0.5  # seconds below which nobody asks what took so long
LABEL = 9


def render(record: Record) -> str:
    """The text report: no colour, no place named."""
    return ending(record)


def ending(record: Record, *, where: str = "", hint: str = "", paint: Paint = NO_PAINT) -> str:
    """``where`` the record lies; ``hint`` is the next command, else one that fits the verdict."""
    blocks = [
        list(_roots(record, paint)),
        list(_waves(record, paint)),
        list(_facts(record, where, hint, paint)),
        [_verdict(record, paint)],
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _roots(record: Record, paint: Paint) -> Iterator[str]:
    found = roots(record)
    for root in found[:MOST_ROOTS]:
        yield from _root(root, paint)
    if rest := found[MOST_ROOTS:]:
        culprits = tuple(dict.fromkeys(root.culprit for root in rest))
        yield f"      and {counted(len(rest), 'more cause')}: {some(culprits)}"


def _root(root: Root, paint: Paint) -> Iterator[str]:
    hit = f", {counted(root.victims, 'step')} blocked by it" if root.victims else ""
    cause = f"  [{root.cause}{hit}]" if root.cause else ""
    head = paint.verdict(f"{root.status:<5} ")
    what = one_line(root.what.removeprefix(f"{root.culprit} "))
    yield f"{head}{paint(root.culprit, 'bold')}: {what}{paint(cause, 'dim')}"
    if root.evidence:
        more = f" (+{len(root.evidence) - 1} more)" if len(root.evidence) > 1 else ""
        yield f"      saw  {one_line(root.evidence[0])}{more}"
    if root.fix:
        yield f"      fix  {paint(one_line(root.fix), 'cyan')}"


def _waves(record: Record, paint: Paint) -> Iterator[str]:
    if not record.waves:
        return
    width = max(len("wave"), *(len(_wave_name(wave)) for wave in record.waves))
    heads = "".join(f"{head:>10}" for head in PAST.values())
    yield paint(f"{'wave':<{width}}{heads}{'time':>10}", "dim")
    for wave in record.waves:
        cells = "".join(f"{_cell(record, wave, phase):>10}" for phase in PAST)
        took = duration(wave.seconds if wave.ended else record.seconds - wave.began)
        verdict = wave.verdict if wave.ended else "not finished"
        yield f"{_wave_name(wave):<{width}}{cells}{took:>10}  {paint.verdict(verdict)}"


def _wave_name(wave: WaveSeen) -> str:
    return f"{wave.number} {wave.name}"


def _cell(record: Record, wave: WaveSeen, phase: str) -> str:
    """``passed/asked``; a dash where nothing was to be asked."""
    steps = [it for it in record.outcomes if (it.wave, it.phase) == (wave.number, phase)]
    asked = [it for it in steps if it.status is not Status.SKIPPED]
    good = sum(it.status in GOOD for it in asked)
    return f"{good}/{len(asked)}" if asked else "-"


def _facts(record: Record, where: str, hint: str, paint: Paint) -> Iterator[str]:
    labelled = (
        ("limits", _limits(record)),
        ("skipped", _listed(record, Status.SKIPPED)),
        ("flaky", _listed(record, Status.FLAKY)),
        ("warned", _listed(record, Status.WARN)),
        ("advice", " · ".join(record.said("advice"))),
        ("removed", _removed(record)),
        ("LEFT", "; ".join(record.undone.left) if record.undone else ""),
        ("slowest", _slowest(record)),
        ("record", where),
        ("next", hint or _next(record)),
    )
    for label, text in labelled:
        if text:
            yield f"{paint(f'{label:<{LABEL}}', 'dim')}{one_line(text)}"


def _limits(record: Record) -> str:
    """Which services are not run here; the reason too where all share one."""
    left_out, said = record.not_run, list(record.said("limit"))
    if left_out:
        names = ", ".join(outcome.service for outcome in left_out)
        reasons = {outcome.reason for outcome in left_out}
        why = f" ({reasons.pop()})" if len(reasons) == 1 else ""
        said.insert(0, f"{counted(len(left_out), 'service')} not run here: {names}{why}")
    return " · ".join(said)


def _listed(record: Record, status: Status) -> str:
    """Steps of one status, folded: how many, and the first few by name."""
    steps = [it for it in record.outcomes if it.status is status and it not in record.not_run]
    if not steps:
        return ""
    named = some(tuple(f"{it.service} {step_name(it)}" for it in steps), 3)
    why = f" ({steps[0].reason})" if len(steps) == 1 and steps[0].reason else ""
    return f"{counted(len(steps), 'step')}: {named}{why}"


def _removed(record: Record) -> str:
    return counted(len(record.undone.removed), "thing") if record.undone else ""


def _slowest(record: Record) -> str:
    services = [(it.ready_seconds or 0.0, f"{it.name} {it.state}") for it in record.services]
    steps = [(it.seconds, _step(it)) for it in record.outcomes if it.phase != "ready"]
    slow = sorted((it for it in services + steps if it[0] >= SLOW), key=lambda it: -it[0])
    return " · ".join(f"{name} {duration(took)}" for took, name in slow[:3])


def _step(outcome: Outcome) -> str:
    return f"{outcome.service} {one_line(step_name(outcome), 40)}"


def _next(record: Record) -> str:
    if record.exit_code in (130, 143):
        return "envcheck up"
    if record.verdict in (Verdict.PASS, Verdict.WARN):
        return "envcheck status (addresses, logs) · envcheck down"
    return "envcheck status (addresses, logs) · envcheck verify (ask again)"


def _verdict(record: Record, paint: Paint) -> str:
    left_out = len(record.not_run)
    limits = f"  ({counted(left_out, 'service')} not run here)" if left_out else ""
    code = f"  exit {record.exit_code}" if record.exit_code else ""
    head = paint.verdict(record.verdict.value)
    return f"{head}  {_tally(record)} in {duration(record.seconds)}{limits}{paint(code, 'dim')}"


def _tally(record: Record) -> str:
    """What was counted; for UNKNOWN the reason first."""
    good = sum(it.status in GOOD for it in record.outcomes)
    named = ((Status.FAIL, "failed"), (Status.UNKNOWN, "unknown"), (Status.BLOCKED, "blocked"))
    bad = [
        f"{number} {word}"
        for status, word in named
        if (number := sum(it.status is status for it in record.outcomes))
    ]
    if record.verdict is Verdict.PASS:
        return counted(good, "check")
    if record.verdict is Verdict.UNKNOWN:
        return f"{record.reason}; " + ", ".join([*bad, f"{good} passed"])
    flaky = sum(it.status in (Status.FLAKY, Status.WARN) for it in record.outcomes)
    doubts = [f"{flaky} flaky or warned"] if flaky and record.verdict is Verdict.WARN else []
    return ", ".join([*bad, *doubts, f"{good} passed"])

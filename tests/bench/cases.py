"""What is measured, by the name one gives on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.bench import dead
from tests.bench.measure import Case, Took, bare, envcheck
from tests.bench.stack import Stack, cpu_of_waiting, stack
from tests.scenarios.stage import AIRFLOW

BARE = "python -c pass"
PING = "raw PING"
REFUSED = "raw connect, refused"
LEFT_OUT = f"--wave 2 --without {','.join(AIRFLOW)}"
WAITED = 20  # seconds
NAMES = (
    "help", "version", "plan",
    "verify", "second-up", "down", "up", "waiting", "closed", "silent",
    "verify-airflow", "up-airflow",
)  # fmt: skip


def cases(names: Sequence[str], times: int | None) -> Iterator[Case]:
    """Those asked for, made one after the other: a stack stands only while its cases run."""
    for case in _starts():
        if case.name in names:
            yield case
    yield from _on_a_stack(names, airflow=False)
    if "waiting" in names:
        yield Case("waiting", "envcheck up (never ready)", _waiting, BARE, bare, "", times or 1)
    for state in ("closed", "silent"):
        if state in names:
            yield from _dead(state)
    yield from _on_a_stack(names, airflow=True)


def _starts() -> Iterator[Case]:
    yield Case(
        "help", "envcheck --help", lambda: envcheck("--help"), BARE, bare, "≤ 5 × bare", times=15
    )
    yield Case("version", "envcheck --version", lambda: envcheck("--version"), BARE, bare, times=15)
    yield Case(
        "plan", "envcheck plan --wave 2", lambda: envcheck("plan", "--wave", "2"), BARE, bare
    )


def _on_a_stack(names: Sequence[str], *, airflow: bool) -> Iterator[Case]:
    offered = {f"{name}-airflow" if airflow else name for name in ("verify", "up")}
    offered |= set() if airflow else {"second-up", "down"}
    if not offered & set(names):
        return
    with stack(airflow=airflow) as made:
        made.run("up")  # fills the caches
        yield from (case for case in _of(made, airflow=airflow) if case.name in names)


def _of(made: Stack, *, airflow: bool) -> Iterator[Case]:
    words, end = ("--wave 2", "-airflow") if airflow else (LEFT_OUT, "")
    yield Case(
        f"verify{end}",
        f"envcheck verify {words}",
        lambda: made.run("verify"),
        PING,
        made.ping,
        "≤ 1.5 s",
    )
    if not airflow:
        again = f"envcheck up {words} (again)"
        yield Case("second-up", again, lambda: made.run("up"), PING, made.ping)
        yield Case("down", "envcheck down", made.warm_down, BARE, bare, times=3)
    limit = "≤ 45 s" if airflow else "≤ 15 s"
    yield Case(f"up{end}", f"envcheck up {words}", made.cold_up, BARE, bare, limit, times=3)


def _dead(state: str) -> Iterator[Case]:
    limit = "≤ 0.5 s" if state == "closed" else "≤ 3 s"
    with dead.closed() if state == "closed" else dead.silent() as endpoint, dead.closed() as none:
        for kind in sorted(dead.asks()):
            dead.slowest(kind, none)  # imports
            yield Case(
                f"{state} {kind}",
                f"{kind}: its slowest look at a {state} port",
                lambda kind=kind: dead.slowest(kind, endpoint),
                REFUSED,
                lambda: dead.refused(none),
                limit,
                times=3 if state == "closed" else 1,
            )


def _waiting() -> Took:
    """CPU per waited minute: a long wait less a short one, so that starting does not count."""
    short, long = cpu_of_waiting(1), cpu_of_waiting(1 + WAITED)
    return Took(long.wall - short.wall, (long.cpu - short.cpu) * 60 / WAITED)

"""Every row of design.md's "Verdict and exit codes"."""

from __future__ import annotations

import pytest

from envcheck.model.outcome import Outcome, Status, Verdict
from envcheck.model.verdict import Facts, Judgement, judge, wave_verdict


def ended(
    status: Status, phase: str = "verify", *, optional: bool = False, by: str = ""
) -> Outcome:
    return Outcome(
        f"1/{phase}/kafka/x", "kafka", "kafka", 1, phase, status, optional=optional, blocked_by=by
    )


PASS, FAIL = ended(Status.PASS), ended(Status.FAIL)
UNKNOWN, SKIPPED = ended(Status.UNKNOWN), ended(Status.SKIPPED)
BLOCKED = ended(Status.BLOCKED, by="kafka")
NOT_READY = ended(Status.FAIL, "ready")

ROWS = {
    "all passed": ([PASS], Facts(), Verdict.PASS, 0, ""),
    "a limit does not change it": ([PASS, SKIPPED], Facts(), Verdict.PASS, 0, ""),
    "a required failure": ([PASS, FAIL], Facts(), Verdict.FAIL, 1, "1 required step failed"),
    "failures are counted": ([FAIL, FAIL], Facts(), Verdict.FAIL, 1, "2 required steps failed"),
    "a failure with its victims": (
        [FAIL, BLOCKED],
        Facts(),
        Verdict.FAIL,
        1,
        "1 required step failed",
    ),
    "a service not ready": ([NOT_READY], Facts(), Verdict.FAIL, 4, "1 required step failed"),
    "a dead service, to a command that only looks": (
        [NOT_READY],
        Facts(only_looked=True),
        Verdict.FAIL,
        1,
        "1 required step failed",
    ),
    "a service that would not start": (
        [PASS],
        Facts(not_up=("kafka", "redis")),
        Verdict.FAIL,
        4,
        "would not come up: kafka, redis",
    ),
    "an optional failure": (
        [PASS, ended(Status.FAIL, optional=True)],
        Facts(),
        Verdict.WARN,
        0,
        "",
    ),
    "an optional service not ready": (
        [PASS, ended(Status.FAIL, "ready", optional=True)],
        Facts(),
        Verdict.WARN,
        0,
        "",
    ),
    "an optional unknown": (
        [PASS, ended(Status.UNKNOWN, optional=True)],
        Facts(),
        Verdict.WARN,
        0,
        "",
    ),
    "an optional victim": (
        [PASS, ended(Status.BLOCKED, optional=True)],
        Facts(),
        Verdict.WARN,
        0,
        "",
    ),
    "a flaky step": ([PASS, ended(Status.FLAKY)], Facts(), Verdict.WARN, 0, ""),
    "a warning": ([PASS, ended(Status.WARN)], Facts(), Verdict.WARN, 0, ""),
    "advice": ([PASS], Facts(advised=True), Verdict.WARN, 0, ""),
    "a checker that broke": (
        [PASS, UNKNOWN],
        Facts(),
        Verdict.UNKNOWN,
        5,
        "1 required step could not be judged",
    ),
    "a failure beside an unknown": (
        [FAIL, UNKNOWN],
        Facts(),
        Verdict.FAIL,
        1,
        "1 required step failed",
    ),
    "a victim of something optional": (
        [PASS, ended(Status.FAIL, optional=True), BLOCKED],
        Facts(),
        Verdict.UNKNOWN,
        5,
        "1 required step blocked by kafka",
    ),
    "a victim of nothing known": (
        [PASS, ended(Status.BLOCKED)],
        Facts(),
        Verdict.UNKNOWN,
        5,
        "1 required step blocked by nothing known",
    ),
    "no outcome at all": ([], Facts(), Verdict.UNKNOWN, 5, "nothing was checked"),
    "everything skipped": ([SKIPPED], Facts(), Verdict.UNKNOWN, 5, "nothing was checked"),
    "the record broke": (
        [PASS],
        Facts(record_broken="disk full"),
        Verdict.UNKNOWN,
        5,
        "the record is broken: disk full",
    ),
    "the engine vanished": (
        [PASS],
        Facts(engine_vanished="its socket closed"),
        Verdict.UNKNOWN,
        5,
        "the engine vanished: its socket closed",
    ),
    "a failure on a broken record": (
        [FAIL],
        Facts(record_broken="disk full"),
        Verdict.FAIL,
        1,
        "1 required step failed",
    ),
    "strict: a warning": ([ended(Status.FLAKY)], Facts(strict=True), Verdict.WARN, 1, ""),
    "strict: advice": ([PASS], Facts(strict=True, advised=True), Verdict.WARN, 1, ""),
    "strict: a skipped step": (
        [PASS, SKIPPED],
        Facts(strict=True),
        Verdict.UNKNOWN,
        5,
        "1 required step skipped (--strict)",
    ),
    "strict: an optional skipped step": (
        [PASS, ended(Status.SKIPPED, optional=True)],
        Facts(strict=True),
        Verdict.PASS,
        0,
        "",
    ),
    "strict: all passed": ([PASS], Facts(strict=True), Verdict.PASS, 0, ""),
    "interrupted": ([PASS], Facts(interrupted=130), Verdict.UNKNOWN, 130, "interrupted"),
    "terminated": ([PASS], Facts(interrupted=143), Verdict.UNKNOWN, 143, "interrupted"),
    "interrupted after a failure": (
        [FAIL],
        Facts(interrupted=130),
        Verdict.FAIL,
        130,
        "1 required step failed",
    ),
    "our bug": ([PASS], Facts(crashed="KeyError"), Verdict.UNKNOWN, 70, "KeyError"),
    "a wrong file": ([], Facts(file_wrong="wave.yaml"), Verdict.UNKNOWN, 3, "wave.yaml"),
    "something left behind": (
        [PASS],
        Facts(left_behind=("process 7",)),
        Verdict.PASS,
        6,
        "left behind: process 7",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_the_table_holds(row: tuple[list[Outcome], Facts, Verdict, int, str]) -> None:
    outcomes, facts, verdict, code, reason = row
    assert judge(outcomes, facts) == Judgement(verdict, code, reason)


def test_of_several_exit_codes_the_gravest_wins() -> None:
    facts = Facts(
        crashed="bug",
        interrupted=143,
        left_behind=("process 7",),
        file_wrong="wave.yaml",
        not_up=("kafka",),
        engine_vanished="gone",
    )
    seen = []
    for healed in ("crashed", "interrupted", "left_behind", "file_wrong", "not_up", ""):
        seen.append(judge([FAIL, UNKNOWN], facts).exit_code)
        blank = Facts()
        if healed:
            facts = Facts(
                **{
                    name: getattr(blank if name == healed else facts, name)
                    for name in Facts.__slots__
                }
            )
    assert seen == [70, 143, 6, 3, 4, 1]
    assert judge([UNKNOWN], facts).exit_code == 5


def test_a_wave_is_judged_by_its_own_outcomes() -> None:
    assert wave_verdict([PASS, SKIPPED]) is Verdict.PASS
    assert wave_verdict([]) is Verdict.UNKNOWN

"""Plain lines: when something is worth one."""

from __future__ import annotations

import pytest

from envcheck.model.event import (
    Event,
    PhaseStarted,
    Progressed,
    RunEnded,
    RunStarted,
    ServiceReady,
    StepEnded,
    Undone,
    Waiting,
)
from envcheck.model.outcome import Status
from envcheck.model.service import Health, Phase, ServiceState
from envcheck.reporting.paint import Paint
from envcheck.reporting.plain import Plain
from envcheck.reporting.words import counted, death, duration, one_line, some
from envcheck.system.printable import printable
from tests.unit import runs


class Paper:
    def __init__(self, **more: object) -> None:
        self.text = ""
        self.view = Plain(self.write, **more)

    def write(self, text: str) -> None:
        self.text += text


@pytest.fixture
def paper() -> Paper:
    return Paper()


def test_a_short_wait_is_worth_no_line(paper: Paper) -> None:
    paper.view.hear(0.1, Waiting("kafka", 1, "refused"))
    paper.view.tick(1.9)
    paper.view.hear(2.0, ServiceReady("kafka", 1, 1.9, "refused"))
    assert paper.text == "  2.0s  kafka       ready     in 1.9s\n"


def test_a_long_wait_says_why_once_and_again_when_the_reason_changes(paper: Paper) -> None:
    paper.view.hear(0.0, Waiting("kafka", 1, "refused"))
    for moment in (2.0, 3.0, 4.0):
        paper.view.tick(moment)
    paper.view.hear(4.5, Waiting("kafka", 1, "no controller"))
    paper.view.hear(6.0, ServiceReady("kafka", 1, 6.0, "no controller"))
    assert paper.text == (
        "  2.0s  kafka       waiting   refused\n"
        "  4.5s  kafka       waiting   no controller\n"
        "  6.0s  kafka       ready     in 6.0s, waited for: no controller\n"
    )


def test_silence_is_broken_after_twenty_seconds_with_what_goes_on(paper: Paper) -> None:
    paper.view.hear(0.0, PhaseStarted(1, "ready", 3))
    paper.view.hear(1.0, Progressed(0, "airflow", 45, 220, "MB", "unpacking"))
    paper.view.tick(19.0)
    assert paper.text == ""
    paper.view.tick(20.0)
    paper.view.tick(30.0)
    assert paper.text == " 20.0s  …           still     airflow: 45 of 220 MB, unpacking\n"
    paper.view.hear(35.0, Waiting("kafka", 1, "refused"))
    paper.view.tick(38.0)
    paper.view.tick(60.0)
    assert (
        paper.text.splitlines()[-1] == " 60.0s  …           still     waiting for kafka (refused)"
    )


def test_a_one_shot_that_ended_well_did_not_exit_but_is_done(paper: Paper) -> None:
    paper.view.hear(1.0, runs.changed("migrate", Phase.EXITED, exit_code=0))
    paper.view.hear(1.0, ServiceReady("migrate", 1, 0.9, done=True))
    assert paper.text == "  1.0s  migrate     done      in 0.9s\n"


def test_a_change_of_health_alone_is_worth_no_line(paper: Paper) -> None:
    paper.view.hear(1.0, runs.changed("kafka", Phase.RUNNING))
    paper.view.hear(2.0, runs.changed("kafka", Phase.RUNNING, health=Health.STARTING))
    paper.view.hear(3.0, runs.changed("kafka", Phase.RUNNING, restarts=1))
    assert paper.text == (
        "  1.0s  kafka       started\n  3.0s  kafka       started   again, restart 1\n"
    )


def test_a_death_is_told_with_its_own_time(paper: Paper) -> None:
    paper.view.hear(1.0, runs.changed("kafka", Phase.EXITED, exit_code=137, signal="SIGKILL"))
    paper.view.tick(3.0)
    assert paper.text == "  1.0s  kafka       killed    by SIGKILL\n"


def test_steps_that_ended_alike_share_a_line(paper: Paper) -> None:
    for name in "abc":
        step = runs.outcome(f"1/verify/redis/{name}", Status.BLOCKED, blocked_by="redis")
        paper.view.hear(1.0, StepEnded(step))
    step = runs.outcome("1/verify/kafka/offsets", Status.SKIPPED, reason="not known here")
    paper.view.hear(1.5, StepEnded(step))
    paper.view.close()
    assert paper.text == (
        "  1.5s  redis       blocked   3 steps: redis failed\n"
        "  1.5s  kafka       skipped   offsets: not known here\n"
    )


def test_hostile_text_stays_in_its_line(paper: Paper) -> None:
    step = runs.outcome(
        "1/verify/kafka/x", Status.FAIL, observed="a\nPASS  all is well\n" + "x" * 999
    )
    paper.view.hear(1.0, StepEnded(step))
    assert paper.text.count("\n") == 1
    assert len(paper.text) <= 181


def test_names_share_one_column_as_wide_as_the_longest() -> None:
    paper = Paper()
    paper.view.hear(
        0.0, RunStarted("r", "e", "embedded", "c", "", services=("a", "airflow-dag-processor"))
    )
    paper.view.hear(0.0, ServiceReady("a", 1, 0.1))
    paper.view.hear(123.4, ServiceReady("airflow-dag-processor", 1, 700.0))
    assert paper.text.splitlines()[1:] == [
        "  0.0s  a                      ready     in 0.1s",
        "123.4s  airflow-dag-processor  ready     in 11m 40s",
    ]


def test_colour_is_only_added() -> None:
    plain, coloured = Paper(), Paper(paint=Paint(on=True))
    for moment in runs.FAILING:
        plain.view.hear(*moment)
        coloured.view.hear(*moment)
    assert coloured.text != plain.text
    assert printable(coloured.text) == plain.text


def test_words() -> None:
    assert [duration(it) for it in (0.04, 12.34, 599.94, 600.0, 3725.0)] == [
        "0.0s",
        "12.3s",
        "599.9s",
        "10m 00s",
        "62m 05s",
    ]
    assert [counted(it, "check") for it in (0, 1, 10_000)] == [
        "0 checks",
        "1 check",
        "10,000 checks",
    ]
    assert some(("a", "b", "c", "d", "e")) == "a, b, c and 2 more"
    assert one_line("one two  three\nfour", 12) == "one two…"
    assert one_line("x" * 50, 10) == "xxxxxxxxx…"
    dead = ServiceState("s", Phase.EXITED)
    assert death(runs.state("s", Phase.EXITED, out_of_memory=True)) == ("killed", "out of memory")
    assert death(runs.state("s", Phase.EXITED, error="no such file")) == ("failed", "no such file")
    assert death(dead) == ("exited", "with code None")


def test_each_kind_of_news_has_its_words(paper: Paper) -> None:
    say = paper.view.hear
    say(1.0, ServiceReady("kafka", 1, 0.0, reused=True))
    say(1.1, runs.changed("loki", Phase.PREPARING, detail="building 40 %"))
    say(1.2, runs.changed("loki", Phase.CREATED))
    say(1.3, runs.changed("loki", Phase.RESTARTING, error="it exits at once"))
    slow = runs.outcome("1/verify/kafka/a", Status.PASS, observed="3 brokers", seconds=1.0)
    say(1.4, StepEnded(slow))
    gone = runs.outcome(
        "1/verify/loki/b", Status.FAIL, observed="gone", optional=True, seconds=0.99
    )
    say(1.5, StepEnded(gone))
    say(1.6, StepEnded(runs.outcome("1/ready/redis", Status.PASS, observed="runs")))
    say(1.7, StepEnded(runs.outcome("1/ready/kafka", Status.PASS, observed="runs")))
    say(1.8, StepEnded(runs.outcome("1/verify/redis/c", Status.UNKNOWN, reason="KeyError: 'x'")))
    say(1.9, Undone(("process 1", "process 2"), ("process 3 of loki",)))
    assert paper.text == (
        "  1.0s  kafka       ready     was already running\n"
        "  1.1s  loki        preparing building 40 %\n"
        "  1.3s  loki        restarting it exits at once\n"
        "  1.4s  kafka       pass      a: 3 brokers (1.0s)\n"
        "  1.5s  loki        FAIL      b: gone (optional)\n"
        "  1.6s  redis       pass      ready: runs\n"
        "  1.8s  redis       UNKNOWN   c: KeyError: 'x'\n"
        "  1.9s  cleanup     removed   2 things\n"
        "  1.9s  cleanup     LEFT      process 3 of loki\n"
    )


@pytest.mark.parametrize(
    "over",
    [
        runs.changed("kafka", Phase.EXITED, exit_code=1),
        StepEnded(runs.outcome("1/ready/kafka", Status.FAIL, observed="too slow")),
        Undone(()),
        RunEnded("FAIL", 1, 2.0),
    ],
)
def test_a_wait_that_is_over_is_not_said_any_more(paper: Paper, over: Event) -> None:
    paper.view.hear(0.0, Waiting("kafka", 1, "refused"))
    paper.view.hear(1.0, over)
    paper.view.tick(9.0)
    assert "waiting" not in paper.text

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from envcheck.cli.signals import CLEANING, ENDING, Interrupts
from envcheck.errors import Interrupted

INT, TERM = signal.SIGINT, signal.SIGTERM


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def interrupts(said: list[str]) -> Iterator[Interrupts]:
    ours = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in ours}
    made = Interrupts(said.append)
    made.hear()
    yield made
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(INT, 130), (TERM, 143)])
def test_while_nothing_is_made_a_signal_ends_us_at_once(
    interrupts: Interrupts, number: signal.Signals, code: int
):
    with pytest.raises(SystemExit) as ended:
        send(number)
    assert ended.value.code == code


def test_in_order_a_signal_is_noted_and_heeded_where_it_is_safe(
    interrupts: Interrupts, said: list[str]
):
    interrupts.orderly()
    interrupts.heed()
    send(TERM)
    assert said == [ENDING]
    assert interrupts.stop.wait(10)
    with pytest.raises(Interrupted) as heeded:
        interrupts.heed()
    assert heeded.value.exit_code == 143


def test_what_waits_is_woken_by_another_thread(interrupts: Interrupts):
    woken = []
    interrupts.waking(lambda: woken.append(interrupts.stop.is_set()))
    interrupts.orderly()
    send(INT)
    assert interrupts.stop.wait(10)
    while not woken:
        continue
    assert woken == [True]


def test_the_second_warns_and_the_third_abandons(interrupts: Interrupts, said: list[str]):
    interrupts.orderly()
    send(INT)
    send(INT)
    assert said == [ENDING, CLEANING]
    with pytest.raises(SystemExit) as ended:
        send(INT)
    assert ended.value.code == 130


def test_a_cleanup_is_not_ended_by_one_signal_but_by_two(interrupts: Interrupts, said: list[str]):
    interrupts.cleaning()
    send(INT)
    assert said == [CLEANING]
    with pytest.raises(SystemExit):
        send(INT)


def test_once_decided_a_signal_changes_nothing_that_is_said(interrupts: Interrupts):
    interrupts.orderly()
    assert interrupts.decided() == 0
    send(INT)
    assert interrupts.code == 0
    interrupts.heed()


def test_the_first_signal_before_the_decision_is_the_decision(interrupts: Interrupts):
    interrupts.orderly()
    send(TERM)
    send(INT)
    assert interrupts.decided() == 143

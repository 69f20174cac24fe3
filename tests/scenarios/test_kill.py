"""Killed without warning at a random moment: the next command finishes what was left.

ENVCHECK_KILLS says how often; each prints its seed, and ENVCHECK_KILL_SEED plays that one again.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scenarios.play import SHOP, Theatre
from tests.scenarios.stage import AIRFLOW, Stage

pytestmark = pytest.mark.scenario

KILLS = int(os.environ.get("ENVCHECK_KILLS", "3"))
LATEST = 16.0  # seconds; a whole `up` takes about as long
WAVES = ("--wave", "2", "--without", ",".join(AIRFLOW))
NEXT = ("up", "gc", "down")


def _seeds() -> list[int]:
    """Each of the commands that may come next is met as often as the others."""
    if chosen := os.environ.get("ENVCHECK_KILL_SEED"):
        return [int(chosen)]
    chance = random.SystemRandom()
    return [chance.randrange(1_000_000) * len(NEXT) + it % len(NEXT) for it in range(KILLS)]


SEEDS = _seeds()


def _theatre(furnish: Callable[[Path], object]) -> Iterator[Theatre]:
    # not pytest's own temp folder: that is closed to the user servers run as where we are root
    folder = Path(tempfile.mkdtemp(prefix="envcheck-play-"))
    furnish(folder)
    made = Theatre(folder)
    try:
        yield made
    finally:
        made.run("down", "--volumes")
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def recommender() -> Iterator[Theatre]:
    yield from _theatre(Stage)


@pytest.fixture
def shop() -> Iterator[Theatre]:
    yield from _theatre(lambda folder: (folder / "compose.yaml").write_text(SHOP))


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_what_a_killed_run_left_is_finished_by_whatever_comes_next(
    recommender: Theatre, number: int
) -> None:
    seed = SEEDS[number]
    after, then = random.Random(seed).uniform(0.2, LATEST), NEXT[seed % len(NEXT)]
    print(f"\nENVCHECK_KILL_SEED={seed}: killed after {after:.2f} s, then {then}")
    before = recommender.empty()
    ended = _killed(recommender, after, "up", *WAVES)
    if then == "up":
        _comes_to_pass(recommender)
    elif then == "gc":
        code, said = recommender.run("gc")
        assert code == 0, said
        assert ("no run was killed here" in said) or recommender.left() == before, said
        assert not (ended and "finished run" in said), "a run that had ended is not gc's to remove"
    code, said = recommender.run("down", "--volumes")
    assert code == 0, said
    assert recommender.left() == before


def _comes_to_pass(theatre: Theatre) -> None:
    """Every row, topic, object and event is counted: nothing was written twice."""
    code, said = theatre.run("up", *WAVES)
    assert code == 0, said
    assert "PASS" in said.splitlines()[-1], said


def _killed(theatre: Theatre, after: float, *words: str) -> bool:
    """Whether it had come to its end before."""
    with theatre.begin(*words) as command:
        try:
            command.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            command.kill()
            command.communicate()
            return False
    return True


def test_gc_leaves_a_healthy_stack_alone(shop: Theatre) -> None:
    assert shop.run("up")[0] == 0
    before = shop.pids()
    code, said = shop.run("gc")
    assert (code, said) == (0, "shop: no run was killed here, nothing to finish\n")
    assert shop.pids() == before


@pytest.mark.parametrize("then", NEXT)
def test_an_older_stack_outlives_the_kill_of_a_run_that_reused_it(shop: Theatre, then: str) -> None:
    assert shop.run("up", "--without", "cache")[0] == 0
    before = shop.pids()
    assert set(before) == {"db"}
    with shop.begin("up", "--progress", "json") as command:
        assert command.stdout is not None
        for line in command.stdout:
            if '"ServiceChanged"' in line and '"cache"' in line:
                command.kill()
        command.wait()
    assert set(shop.pids()) == {"db", "cache"}
    code, said = shop.run(then)
    assert code == 0, said
    assert "finished run" in said
    assert "process of cache" in said
    assert shop.pids() == {"up": shop.pids() | before, "gc": before, "down": {}}[then]


@pytest.mark.parametrize("then", ["up", "down"])
def test_a_killed_down_is_finished_too(shop: Theatre, then: str) -> None:
    before = shop.empty()
    assert shop.run("up")[0] == 0
    whole = len(shop.processes())
    with shop.begin("down", "--volumes") as command:
        while command.poll() is None and len(shop.processes()) > whole:
            continue
        command.kill()
    code, said = shop.run(then)
    assert code == 0, said
    assert shop.run("down", "--volumes")[0] == 0
    assert shop.left() == before

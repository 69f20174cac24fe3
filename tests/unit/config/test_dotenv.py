"""``.env`` files as Compose reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from envcheck.config.dotenv import read_variables
from envcheck.config.problems import Problems
from envcheck.errors import ConfigError

OUTSIDE = {"HOME": "/home/me", "WINS": "outside"}


def variables(text: str) -> dict[str, str]:
    Path(".env").write_text(text, encoding="utf-8")
    problems = Problems()
    found = read_variables(Path(".env"), OUTSIDE.get, problems)
    problems.demand()
    return found


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("A = b", "b"),
        ("export A=b", "b"),
        ("A: b", "b"),
        ("A=", ""),
        ("A=b c", "b c"),
        ("A=b # comment", "b"),
        ("A=b#c", "b#c"),
        ("A='b # c'", "b # c"),
        ("A='$HOME'", "$HOME"),
        ('A="b # c"', "b # c"),
        ('A="$HOME/x"', "/home/me/x"),
        ("A=$HOME", "/home/me"),
        ("A=${NONE:-d}", "d"),
        (r'A="a\nb"', "a\nb"),
        (r'A="\$HOME"', "$HOME"),
        ("A='a\nb'", "a\nb"),
        ("A=x=y", "x=y"),
        ("A=b\r", "b"),
    ],
)
def test_a_line_sets_what_compose_would_set(line: str, value: str) -> None:
    assert variables(line + "\n") == {"A": value}


def test_comments_and_blank_lines_are_nothing() -> None:
    assert variables("# A=1\n\n   \nB=2\n#C=3") == {"B": "2"}


def test_later_lines_may_use_earlier_ones_and_the_environment_wins() -> None:
    assert variables("A=1\nB=${A}2\nWINS=file\nC=$WINS\n") == {
        "A": "1",
        "B": "12",
        "WINS": "file",
        "C": "outside",
    }


def test_a_name_alone_is_taken_from_the_environment() -> None:
    assert variables("HOME\nNONE\nA=1\n") == {"HOME": "/home/me", "A": "1"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A=1\nB='x\n", ".env:2:1: a quoted value without its closing quote; expected '"),
        ("A=1\nwhat is this\n", ".env:2:1: a line that sets no variable; expected NAME=value"),
        ("A=${B\nC=1", ".env:1:1: '${B' has no closing }"),
        (
            "A=${B:?no}",
            ".env:1:1: required variable B is not set: no\n    set B in the environment or in .env",
        ),
    ],
)
def test_what_is_no_variable_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        variables(text)
    assert str(caught.value) == told


def test_variables_that_double_each_other_are_stopped() -> None:
    text = "A=" + "x" * 1000 + "\n" + "A=$A$A\n" * 30
    with pytest.raises(ConfigError, match="a value of more than 1 MiB"):
        variables(text)

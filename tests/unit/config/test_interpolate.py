"""Variables as Compose replaces them."""

from __future__ import annotations

import pytest

from envcheck.config.interpolate import BadTemplate, Template

SET = {"A": "a", "EMPTY": "", "B": "b"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("$A ${A}", "a a"),
        ("$A-$B", "a-b"),
        ("${NONE}", ""),
        ("${NONE:-d} ${EMPTY:-d} ${A:-d}", "d d a"),
        ("${NONE-d} ${EMPTY-d}", "d "),
        ("${A:+x} ${EMPTY:+x} ${NONE:+x}", "x  "),
        ("${A+x} ${EMPTY+x} ${NONE+x}", "x x "),
        ("${A:?why} ${EMPTY?why}", "a "),
        ("${NONE:-${EMPTY:-${B}}}", "b"),
        ("${NONE:-a:-b}", "a:-b"),
        ('${NONE:-{"k": "v"}}', '{"k": "v"}'),
        ("${NONE:-$A}$B", "ab"),
        ("$$A $${A} $$$A", "$A ${A} $a"),
        ("cost: 5$ or $5", "cost: 5$ or $5"),
        ("${NONE:-$$x}", "$x"),
    ],
)
def test_a_text_becomes_what_compose_makes_of_it(text: str, value: str) -> None:
    assert Template(SET.get).expand(text) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("${NONE:?set it}", "required variable NONE is not set: set it"),
        ("${EMPTY:?}", "required variable EMPTY is not set"),
        ("${NONE?ask ${A}}", "required variable NONE is not set: ask a"),
        ("${A", "'${A' has no closing }"),
        ("${}", "${} names no variable"),
        ("${1A}", "${1A} names no variable"),
        ("${A B}", "${A B} is no variable"),
        ("${A:x}", "${A:x} is no variable"),
        ("${A:-" * 20 + "}" * 20, ""),
    ],
)
def test_what_is_no_template_is_refused(text: str, told: str) -> None:
    if not told:
        assert Template(SET.get).expand(text) == "a"  # a set variable never asks its default
        return
    with pytest.raises(BadTemplate) as caught:
        Template(SET.get).expand(text)
    assert caught.value.found == told


def test_defaults_nested_without_end_are_refused() -> None:
    with pytest.raises(BadTemplate, match="nested deeper than 16"):
        Template(SET.get).expand("${N:-" * 1000 + "}" * 1000)


def test_unset_variables_are_remembered_and_defaults_are_not() -> None:
    template = Template(SET.get)
    template.expand("${NONE} ${NONE:-x} $OTHER ${A}")
    assert template.unset == ["NONE", "OTHER"]


def test_a_value_cannot_grow_without_end() -> None:
    big = {"A": "x" * 600_000}
    with pytest.raises(BadTemplate, match="more than 1 MiB"):
        Template(big.get).expand("$A$A")


def test_in_our_own_files_a_bare_dollar_is_text() -> None:
    ours = Template(SET.get, bare=False)
    assert ours.expand("^a$ $A ${A} $${A} $$") == "^a$ $A a ${A} $$"

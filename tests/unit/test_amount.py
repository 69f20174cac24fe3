"""How many there should be, as people write it."""

from __future__ import annotations

import pytest

from envcheck.model.amount import Amount, amount


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (3, Amount("==", 3)),
        ("3", Amount("==", 3)),
        ("= 3", Amount("==", 3)),
        (">= 3", Amount(">=", 3)),
        ("<10", Amount("<", 10)),
        ("!= 0", Amount("!=", 0)),
        ("10_000", Amount("==", 10000)),
    ],
)
def test_an_amount_is_a_number_or_a_comparison(written: int | str, read: Amount) -> None:
    assert amount(written) == read


@pytest.mark.parametrize("written", ["", "many", "-1", "3.5", "=> 3", "3 rows", True, ">="])
def test_anything_else_is_no_amount(written: int | str) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        amount(written)


@pytest.mark.parametrize(
    ("written", "holding", "not_holding"),
    [
        (3, [3], [2, 4, 6]),
        (">= 3", [3, 400], [2]),
        ("> 3", [4], [3]),
        ("< 3", [0, 2], [3]),
        ("<= 3", [3], [4]),
        ("!= 3", [2, 4], [3]),
    ],
)
def test_an_amount_holds_for_what_it_says(
    written: int | str, holding: list[int], not_holding: list[int]
) -> None:
    assert all(amount(written).holds(counted) for counted in holding)
    assert not any(amount(written).holds(counted) for counted in not_holding)


def test_counting_goes_far_enough_to_tell_a_doubled_seed() -> None:
    assert amount(500).horizon >= 1000


def test_an_amount_reads_as_it_is_written() -> None:
    assert str(amount(">=3")) == ">= 3"
    assert str(amount("= 3")) == "3"

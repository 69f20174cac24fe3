"""What a verdict must say when one thing is wrong: that thing first, and nothing else."""

from __future__ import annotations

from typing import Any

from tests.scenarios.stage import Said

GOOD = ("PASS", "SKIPPED")


def whole(said: Said) -> None:
    """Everything asked for held; nothing flaky, nothing pretended."""
    assert (said.verdict, said.code) == ("PASS", 0), str(said)
    assert [one["id"] for one in said.outcomes() if one["status"] not in GOOD] == []
    assert said.outcomes("PASS")
    assert said.report["diagnoses"] == []


def blames(said: Said, *roots: tuple[str, str]) -> list[dict[str, Any]]:
    """Exactly these (culprit, cause), the first of them first; all else is blocked by them."""
    assert said.verdict == "FAIL", str(said)
    print(said.first)  # with -rP: what a person reads first, fault by fault
    assert said.code in (1, 4)
    found = said.report["diagnoses"]
    assert {(one["culprit"], one["cause"]) for one in found} == set(roots), _told(said)
    assert (found[0]["culprit"], found[0]["cause"]) == roots[0], _told(said)
    _no_collateral(said)
    first = said.first
    assert first.startswith(f"FAIL  {roots[0][0]}: "), first
    assert f"[{roots[0][1]}" in first, first
    return list(found)


def _no_collateral(said: Said) -> None:
    found = said.report["diagnoses"]
    shown = {step for one in found for step in one["outcomes"]}
    culprits = {one["culprit"] for one in found}
    for outcome in said.outcomes():
        if outcome["status"] in GOOD:
            continue
        explained = outcome["status"] == "FAIL" and outcome["id"] in shown
        suffers = outcome["status"] == "BLOCKED" and outcome["blocked_by"] in culprits
        assert explained or suffers, f"collateral: {outcome}\n{_told(said)}"


def _told(said: Said) -> str:
    return "\n".join(
        [
            said.first,
            *(
                f"{one['culprit']} {one['cause']}: {one['outcomes']} victims {one['victims']}"
                for one in said.report["diagnoses"]
            ),
        ]
    )

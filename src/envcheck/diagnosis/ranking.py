"""Which failing outcome is a root, and which merely suffers.

The order that finds the root: what did not come up before what runs; of one service the level
looked at first (it runs, port, handshake, login, object, content, behaviour); of several services
the one the others need. A failure that names what is wrong inside its own server (a missing topic,
a refused login) is a root of its own, unless another wrong of that server brings it along; only
what is seen through an API is laid at the door of a dependency that failed in the same run. So two
independent roots stay two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from envcheck.diagnosis.causes import brings, rests_on, second_hand
from envcheck.model.check import Level
from envcheck.model.compose import ComposeProject
from envcheck.model.graph import upstream
from envcheck.model.outcome import Diagnosis, Outcome, Status
from envcheck.model.runtime import Evidence

SHOWN_LOG_LINES = 6


@dataclass
class _Root:
    culprit: str
    cause: str
    level: int
    shown_by: list[Outcome] = field(default_factory=list)
    victims: list[Outcome] = field(default_factory=list)


def diagnose(
    failing: Sequence[Outcome], project: ComposeProject, evidence: Mapping[str, Evidence]
) -> list[Diagnosis]:
    """Roots in the order a person should read them; every failing outcome stands in exactly one."""
    needs = {service: upstream(service, project) for service in project.services}
    roots: list[_Root] = []
    failed = [it for it in failing if it.status is Status.FAIL]
    for outcome in sorted(failed, key=lambda it: _order(it, needs)):
        _place(outcome, roots, needs)
    roots = _without_brought_along(roots)
    for outcome in failing:
        if outcome.status is Status.BLOCKED and (root := _root_of(outcome, roots, needs)):
            root.victims.append(outcome)
    return [_diagnosis(root, evidence.get(root.culprit)) for root in roots]


def _order(outcome: Outcome, needs: Mapping[str, frozenset[str]]) -> tuple[bool, int, int]:
    """A service that runs but is not well, seen through its health, did come up."""
    came_up = outcome.level > Level.PROCESS or second_hand(outcome.cause)
    return came_up, len(needs.get(_blamed(outcome), ())), outcome.level


def _blamed(outcome: Outcome) -> str:
    return outcome.culprit or outcome.service


def _place(outcome: Outcome, roots: list[_Root], needs: Mapping[str, frozenset[str]]) -> None:
    culprit = _blamed(outcome)
    for root in roots:
        if root.culprit == culprit and root.cause == outcome.cause:
            root.shown_by.append(outcome)
            return
    suspect = _suspect(outcome, roots, needs)
    if suspect is not None:
        suspect.victims.append(outcome)
        return
    roots.append(_Root(culprit, outcome.cause or "check.failed", outcome.level, [outcome]))


def _suspect(
    outcome: Outcome, roots: Sequence[_Root], needs: Mapping[str, frozenset[str]]
) -> _Root | None:
    return next((root for root in roots if _explains(root, outcome, needs)), None)


def _explains(root: _Root, outcome: Outcome, needs: Mapping[str, frozenset[str]]) -> bool:
    culprit = _blamed(outcome)
    if root.culprit == culprit:
        deeper = root.level <= Level.LOGIN  # everything at that service rests on it
        return deeper or (second_hand(outcome.cause) and not second_hand(root.cause))
    return root.culprit in needs.get(culprit, ()) and rests_on(outcome.cause, root.cause)


def _without_brought_along(roots: Sequence[_Root]) -> list[_Root]:
    """A root that another one brings along becomes its victim, with all it pulled down."""
    kept = [root for root in roots if _bringer(root, roots) is root]
    for root in roots:
        bringer = _bringer(root, roots)
        if bringer is not root:
            bringer.victims += [*root.shown_by, *root.victims]
    return kept


def _bringer(root: _Root, roots: Sequence[_Root]) -> _Root:
    """The one at the beginning; itself when nothing brought it."""
    brought_by = next((one for one in roots if _brings(one, root)), None)
    return _bringer(brought_by, roots) if brought_by else root


def _brings(root: _Root, other: _Root) -> bool:
    return brings(root.cause, other.cause, same_service=root.culprit == other.culprit)


def _root_of(
    outcome: Outcome, roots: Sequence[_Root], needs: Mapping[str, frozenset[str]]
) -> _Root | None:
    named = [root for root in roots if root.culprit == outcome.blocked_by]
    behind = [root for root in roots if root.culprit in needs.get(outcome.service, ())]
    return next(iter(named + behind), None)


def _diagnosis(root: _Root, evidence: Evidence | None) -> Diagnosis:
    first = root.shown_by[0]
    shown = [*first.evidence, *(f"{it.id}: {it.observed}" for it in root.shown_by[1:])]
    if evidence is not None and root.level <= Level.HANDSHAKE:
        shown += [f"log: {line}" for line in evidence.log_tail[-SHOWN_LOG_LINES:]]
    return Diagnosis(
        culprit=root.culprit,
        cause=root.cause,
        summary=first.observed,
        evidence=tuple(shown),
        fix=first.fix,
        victims=tuple(it.id for it in root.victims),
        outcomes=tuple(it.id for it in root.shown_by),
        optional=all(it.optional for it in root.shown_by),
    )

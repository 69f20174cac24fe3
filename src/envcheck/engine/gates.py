"""When may a service start? Each edge gates exactly as its condition says."""

from __future__ import annotations

from collections.abc import Mapping

from envcheck.engine.readiness import Readiness, Standing
from envcheck.model.compose import ComposeProject, Edge, Gate


def held_by(edge: Edge, others: Mapping[str, Readiness]) -> bool:
    """True while the edge keeps its service waiting. What does not run here holds nobody."""
    other = others.get(edge.on)
    return other is not None and not _opens(edge.gate, other)


def _opens(gate: Gate, other: Readiness) -> bool:
    match gate:
        case Gate.STARTED:
            return other.running or other.standing.good
        case Gate.HEALTHY:
            return other.standing is Standing.READY
        case Gate.COMPLETED:
            return other.standing is Standing.DONE


def culprit(service: str, project: ComposeProject, others: Mapping[str, Readiness]) -> str:
    """The service at the root of why this one can never start; empty while it still can."""
    for edge in project.services[service].depends_on:
        other = others.get(edge.on)
        if other is None or not edge.required or not held_by(edge, others):
            continue
        if other.standing is Standing.BLOCKED:
            return other.blocked_by
        if other.standing.final:
            return edge.on
    return ""


def open_for(service: str, project: ComposeProject, others: Mapping[str, Readiness]) -> bool:
    """An optional edge (``required: false``) to a failed service does not hold."""
    return not any(
        held_by(edge, others) and (edge.required or not others[edge.on].standing.final)
        for edge in project.services[service].depends_on
    )

"""The dependency graph of a Compose project."""

from __future__ import annotations

from envcheck.model.compose import ComposeProject


def upstream(service: str, project: ComposeProject) -> frozenset[str]:
    """Everything the service needs, directly or through others."""
    found: set[str] = set()
    todo = [service]
    while todo:
        declared = project.services.get(todo.pop())
        fresh = {edge.on for edge in declared.depends_on} - found if declared else set()
        found |= fresh
        todo += fresh
    return frozenset(found)

"""``build``, short and long."""

from __future__ import annotations

from envcheck.config.compose.carried import CARRIED_BUILD
from envcheck.config.compose.sources import Sources
from envcheck.config.nodes import Fields, Node, Scalar, text
from envcheck.config.shapes import pairs, with_known_keys
from envcheck.model.compose import Build

_READ = frozenset({"context", "dockerfile", "target", "args"})


def build(node: Node, sources: Sources) -> Build:
    """Arguments without a value come from the environment, as with Compose."""
    if not isinstance(node, Fields):
        return Build(_context(node, sources))
    with_known_keys(node, _READ | CARRIED_BUILD, sources.problems)
    context = node.get("context") or Scalar(".", node.place)
    dockerfile, target, args = node.get("dockerfile"), node.get("target"), node.get("args")
    given = pairs(args) if args is not None else {}
    values = {
        name: sources.variables.get(name) if value is None else value
        for name, value in given.items()
    }
    return Build(
        _context(context, sources),
        text(dockerfile) if dockerfile is not None else "Dockerfile",
        text(target) if target is not None else "",
        {name: value for name, value in values.items() if value is not None},
    )


def _context(node: Node, sources: Sources) -> str:
    words = text(node, "a folder or a repository")
    remote = "://" in words or words.startswith(("git@", "github.com/"))
    return words if remote else str(sources.absolute(node))

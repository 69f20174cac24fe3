"""Several files as one, by the rules Compose merges with."""

from __future__ import annotations

from collections.abc import Callable

from envcheck.config.nodes import Fields, Items, Node, Scalar, described, is_null, plain
from envcheck.config.problems import Wrong
from envcheck.config.shapes import keyed, named

Path = tuple[str, ...]
Rule = Callable[[Node, Node, Path], Node]


def merged(base: Node, over: Node, path: Path = ()) -> Node:
    """``over`` laid on ``base``; mappings merge, lists follow each other, the rest is replaced.

    Raises Wrong where the two do not fit.
    """
    rule = _replace if over.tag == "!override" else _rule(path)
    if rule:
        return rule(base, over, path)
    if is_null(over) or is_null(base):
        return base if is_null(over) else over
    if isinstance(base, Fields) and isinstance(over, Fields):
        return _mappings(base, over, path)
    if isinstance(base, Items) and isinstance(over, Items):
        return Items(base.items + over.items, over.place)
    if isinstance(base, Scalar) and isinstance(over, Scalar):
        return over
    raise Wrong(over.place, f"{described(over)} laid over {described(base)}", described(base))


def _mappings(base: Fields, over: Fields, path: Path) -> Fields:
    values, places = dict(base.fields), dict(base.keys)
    for key, value in over.fields.items():
        if value.tag == "!reset":
            values.pop(key, None)
            continue
        values[key] = merged(values[key], value, (*path, key)) if key in values else value
        places[key] = over.keys[key]
    return Fields(values, places, base.place)


def _replace(_base: Node, over: Node, _path: Path) -> Node:
    return over


def _by_name(base: Node, over: Node, path: Path) -> Node:
    return _mappings(keyed(base), keyed(over), (*path, "="))


def _named(base: Node, over: Node, path: Path) -> Node:
    return _mappings(named(base), named(over), path)


def _one_after_the_other(base: Node, over: Node, _path: Path) -> Node:
    return Items(_many(base) + _many(over), over.place)


def _many(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Items):
        return node.items
    return () if is_null(node) else (node,)


def _build(base: Node, over: Node, path: Path) -> Node:
    return _mappings(_context(base), _context(over), path)


def _context(node: Node) -> Fields:
    if isinstance(node, Fields):
        return node
    if is_null(node):
        return Fields({}, {}, node.place)
    return Fields({"context": node}, {"context": node.place}, node.place)


def _logging(base: Node, over: Node, path: Path) -> Node:
    """Options are merged only within one driver."""
    if not isinstance(base, Fields) or not isinstance(over, Fields):
        return over
    ours, theirs = base.get("driver"), over.get("driver")
    other = ours is not None and theirs is not None and plain(ours) != plain(theirs)
    return over if other else _mappings(base, over, path)


_RULES: dict[Path, Rule] = {
    ("command",): _replace,
    ("entrypoint",): _replace,
    ("healthcheck", "test"): _replace,
    ("logging",): _logging,
    ("build",): _build,
    **dict.fromkeys([("depends_on",), ("networks",), ("models",)], _named),
    **dict.fromkeys(
        [
            ("environment",),
            ("labels",),
            ("annotations",),
            ("sysctls",),
            ("deploy", "labels"),
            ("build", "args"),
            ("build", "labels"),
            ("build", "additional_contexts"),
        ],
        _by_name,
    ),
    **dict.fromkeys(
        [
            ("dns",),
            ("dns_opt",),
            ("dns_search",),
            ("env_file",),
            ("extra_hosts",),
            ("label_file",),
            ("tmpfs",),
        ],
        _one_after_the_other,
    ),
}


def _rule(path: Path) -> Rule | None:
    return _RULES.get(path[2:]) if path[:1] == ("services",) else None

"""``ports`` and ``expose``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envcheck.config.compose.sources import Sources
from envcheck.config.nodes import Fields, Node, described, items, text
from envcheck.config.problems import Wrong
from envcheck.config.shapes import with_known_keys
from envcheck.model.compose import Port

HIGHEST = 65535
_SHORT = re.compile(
    r"(?:(?P<host>\[[0-9a-fA-F:.]+\]|[0-9]+(?:\.[0-9]+){3}|localhost):)?"
    r"(?:(?P<published>[0-9]+(?:-[0-9]+)?)?:)?"
    r"(?P<target>[0-9]+(?:-[0-9]+)?)(?:/(?P<protocol>tcp|udp|sctp))?",
    re.IGNORECASE,
)
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_EXPECTED = "[[IP:]PUBLISHED:]CONTAINER[/tcp|udp], such as 127.0.0.1:5432:5432"
_LONG = frozenset({"target", "published", "host_ip", "protocol", "mode", "name", "app_protocol"})


def ports(node: Node, sources: Sources) -> tuple[Port, ...]:
    """Ranges become single ports. Raises Wrong."""
    found: dict[Port, None] = {}
    for item in items(node, "a list of ports"):
        found |= dict.fromkeys(_long(item, sources) if isinstance(item, Fields) else _short(item))
    return tuple(found)


def exposed(node: Node) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for item in items(node, "a list of ports"):
        number = text(item, "a port").split("/")[0]
        found |= dict.fromkeys(_range(item, number))
    return tuple(found)


def _short(item: Node) -> Iterator[Port]:
    words = text(item, _EXPECTED)
    parts = _SHORT.fullmatch(words)
    if not parts:
        raise Wrong(item.place, described(item), _EXPECTED)
    host = (parts["host"] or "").strip("[]")
    return _paired(item, parts["target"], parts["published"] or "", host, parts["protocol"] or "")


def _long(item: Fields, sources: Sources) -> Iterator[Port]:
    with_known_keys(item, _LONG, sources.problems)
    if item.get("target") is None:
        raise Wrong(item.place, "a port without target", "target: the port in the container")
    given = {key: text(value) for key, value in item.fields.items() if key in _LONG}
    return _paired(
        item,
        given["target"],
        given.get("published", ""),
        given.get("host_ip", ""),
        given.get("protocol", ""),
    )


def _paired(item: Node, target: str, published: str, host: str, protocol: str) -> Iterator[Port]:
    inside, outside = _range(item, target), _range(item, published) if published else []
    if not outside or (len(inside) == 1 and len(outside) > 1):
        outside = [0] * len(inside)  # none said, or a choice: the engine takes a free one
    if len(inside) != len(outside):
        raise Wrong(
            item.place, f"{published} and {target} differ in length", "ranges of one length"
        )
    for port, at in zip(inside, outside, strict=True):
        yield Port(port, at, host, (protocol or "tcp").lower())


def _range(item: Node, words: str) -> list[int]:
    found = _RANGE.fullmatch(words)
    expected = f"a port from 1 to {HIGHEST}, or a range of them"
    if not found:
        raise Wrong(item.place, f"{words!r} is no port", expected)
    first, last = found[1], found[2] or found[1]
    numbers = list(range(int(first), int(last) + 1))
    if not numbers or numbers[-1] > HIGHEST:
        raise Wrong(item.place, f"{words!r} is no port", expected)
    return numbers

"""Durations and sizes as Compose writes them."""

from __future__ import annotations

import re

from envcheck.config.nodes import Node, Scalar, described, text
from envcheck.config.problems import Wrong

# Go's time.ParseDuration, with the days and weeks Compose adds to it
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)i?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def duration(node: Node) -> float:
    """Seconds of a Go duration: ``1m30s``, ``1.5h``, ``0``. Raises Wrong."""
    expected = "a duration such as 1m30s"
    words = text(node, expected)
    parts = _PART.findall(words)
    if words == "0":
        return 0.0
    if not parts or "".join(number + unit for number, unit in parts) != words:
        raise Wrong(node.place, described(node), expected)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def size(node: Node) -> int:
    """Bytes of ``512m``, ``1.5gb`` or a bare number, in powers of 1,024. Raises Wrong."""
    expected = "a size such as 512m or 2g"
    if isinstance(node, Scalar) and isinstance(node.value, int) and node.value >= 0:
        return int(node.value)
    found = _SIZE.fullmatch(text(node, expected).strip())
    if not found:
        raise Wrong(node.place, described(node), expected)
    return int(float(found[1]) * 1024 ** _POWERS[found[2].lower()])

"""``volumes`` of a service."""

from __future__ import annotations

from envcheck.config.compose.sources import Sources
from envcheck.config.nodes import Fields, Node, Scalar, items, text, truth
from envcheck.config.problems import Wrong, did_you_mean
from envcheck.config.shapes import with_known_keys
from envcheck.model.compose import Mount

_LONG = frozenset(
    {
        "type",
        "source",
        "target",
        "read_only",
        "bind",
        "volume",
        "tmpfs",
        "image",
        "cluster",
        "consistency",
    }
)
_TYPES = frozenset({"bind", "volume", "tmpfs", "image", "npipe", "cluster"})
_EXPECTED = "[SOURCE:]TARGET[:ro], such as ./data:/data:ro"
MOST_PARTS = 3


def mounts(node: Node, sources: Sources) -> tuple[Mount, ...]:
    """The last mount of a target wins, as when files are merged. Raises Wrong."""
    found: dict[str, Mount] = {}
    for item in items(node, "a list of volumes"):
        mount = _long(item, sources) if isinstance(item, Fields) else _short(item, sources)
        found[mount.target] = mount
    return tuple(found.values())


def _short(item: Node, sources: Sources) -> Mount:
    parts = text(item, _EXPECTED).split(":")
    if not all(parts) or len(parts) > MOST_PARTS:
        raise Wrong(item.place, repr(":".join(parts)), _EXPECTED)
    if len(parts) == 1:
        return Mount("volume", "", parts[0])
    source, target = parts[0], parts[1]
    options = parts[2].split(",") if len(parts) == MOST_PARTS else []
    if len(source) == 1 and source.isalpha():
        # Compose takes it for a Windows drive and mounts something else
        raise Wrong(
            item.place, f"volume name {source!r} is read as a drive letter", "two letters or more"
        )
    if source[0] in "./~":
        where = Scalar(source, item.place)
        return Mount("bind", str(sources.absolute(where)), target, "ro" in options)
    return Mount("volume", source, target, "ro" in options)


def _long(item: Fields, sources: Sources) -> Mount:
    with_known_keys(item, _LONG, sources.problems)
    kind, target = item.get("type"), item.get("target")
    if kind is None or target is None:
        raise Wrong(item.place, "a volume without type or target", "both type and target")
    if text(kind) not in _TYPES:
        raise Wrong(
            kind.place, f"unknown type {text(kind)!r}", fix=did_you_mean(text(kind), _TYPES)
        )
    source, read_only = item.get("source"), item.get("read_only")
    if source is None:
        where = ""
    else:
        where = str(sources.absolute(source)) if text(kind) == "bind" else text(source)
    return Mount(text(kind), where, text(target), truth(read_only) if read_only else False)
